"""Limits that the service tells: creates a minute learnt from its answers, and two kinds of 429, for all processes.

See also ``test_admission.py``, on admission by the ledger.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from studio.errors import Ambiguous, InDoubt, LimitKind, RateLimited
from studio.execution.session import open_session
from studio.ledger import Ledger, Limits, OrderState, open_ledger
from studio.purchasing.gateway import PurchaseGateway
from studio.settings import load_settings
from tests.support.books import Clock
from tests.support.luma import Luma, LumaAgents, refuse
from tests.support.orders import PARAMS, Slept
from tests.support.productions import film, plan, scene
from tests.support.shots import CLIP, shot

RATE, JOBS = "Rate limit exceeded", "Too many concurrent jobs"


def gateway(
    ledger: Ledger, luma: LumaAgents | Luma, slept: Slept, limits: Limits | None = None, **more: float
) -> PurchaseGateway:
    return PurchaseGateway(ledger, luma.provider, run="r", limits=limits, sleep=slept, jitter=lambda: 0.0, **more)


async def buy(ledger: Ledger, luma: LumaAgents, slept: Slept, name: str, **more: float) -> None:
    await gateway(ledger, luma, slept, **more).purchase(shot(name), CLIP, on_wait=lambda _: None)


def outcome(ledger: Ledger, name: str, limits: Limits | None = None, **changes: object) -> str:
    """The ledger's outcome for one more order."""
    return ledger.reserve(shot(name, **changes), run="other", caps=[], limits=limits).outcome


@pytest.mark.parametrize(
    ("told", "learnt"),
    [("60", 60), (" 7 ", 7), ("999999", 999999), ("0", None), ("-5", None), ("soon", None), ("1e3", None), ("", None),
     ("6.5", None), ("60, 60;w=60", None), ("1" + "0" * 30, None), ("\u0663", None)],
)  # fmt: skip
async def test_a_limit_is_read_from_an_accepted_create(told: str, learnt: int | None) -> None:
    """``X-RateLimit-Limit`` is read as creates a minute; an impossible limit is ignored."""
    luma = LumaAgents()
    luma.script = [lambda request, body: with_limit(luma.answer()(request, body), told)]
    assert (await luma.provider().create("video", CLIP)).per_minute == learnt


def with_limit(response, told: str):
    """The answer with that header, byte for byte."""
    response.headers = type(response.headers)([*response.headers.raw, (b"X-RateLimit-Limit", told.encode())])
    return response


async def test_the_other_api_documents_no_such_header() -> None:
    """No limit is learnt from Dream Machine's answers, since the unit of its header is not documented."""
    luma = Luma()
    luma.script = [luma.answer(X_RateLimit_Limit="2"), refuse(429, X_RateLimit_Limit="2")]
    assert (await luma.provider().create("video", PARAMS)).per_minute is None
    with pytest.raises(RateLimited) as error:
        await luma.provider().create("video", PARAMS)
    assert (error.value.kind, error.value.per_minute) == (LimitKind.UNTOLD, None)


@pytest.mark.parametrize("text", [RATE, JOBS, "no"])
async def test_the_two_kinds_of_429_are_told_apart_by_their_headers(text: str) -> None:
    """A 429 with ``X-RateLimit`` headers means creates a minute, without them jobs at once, whatever it says."""
    luma = LumaAgents(script=[
        refuse(429, text, X_RateLimit_Limit="30", Retry_After="9"), refuse(429, text, Retry_After="9"),
        refuse(429, text, X_RateLimit_Remaining="0"),
    ])  # fmt: skip
    told = []
    for _ in range(3):
        with pytest.raises(RateLimited) as error:
            await luma.provider().create("video", CLIP)
        told.append((error.value.kind, error.value.per_minute, error.value.retry_after))
    assert told == [(LimitKind.RATE, 30, 9), (LimitKind.JOBS, None, 9), (LimitKind.RATE, None, None)]


@pytest.mark.parametrize(
    ("own", "usual", "learnt", "held_to"),
    [(None, None, None, None), (None, 20, None, 20), (None, 20, 5, 5), (None, 20, 90, 90), (None, None, 7, 7),
     (10, 20, None, 10), (10, 20, 5, 5), (10, 20, 90, 10), (30, 20, None, 30)],
)  # fmt: skip
def test_which_limit_wins(own: int | None, usual: int | None, learnt: int | None, held_to: int | None) -> None:
    """The user's limit is never exceeded; the service's limit replaces the tier's table, up or down."""
    assert Limits(3, own, usual).with_learnt(learnt) == Limits(3, held_to)


async def test_a_learnt_limit_holds_for_every_process(url: str, ledger: Ledger, clock: Clock) -> None:
    """A limit told to one process holds for the others, until the service tells another limit."""
    luma, slept = LumaAgents(), Slept(clock)
    luma.script = [luma.answer(X_RateLimit_Limit="2")] * 2
    await buy(ledger, luma, slept, "a")
    other = open_ledger(url, clock=clock)
    assert outcome(other, "b") == "granted"
    assert outcome(other, "c") == "full"
    assert outcome(other, "another account's", account="luma-2") == "granted"
    assert outcome(other, "another pool's", pool="ray") == "granted"
    other.release(shot("b").key, 1, "never sent")
    luma.script = [luma.answer(X_RateLimit_Limit="3")]
    await buy(ledger, luma, slept, "d")
    assert outcome(other, "e") == "granted"
    assert outcome(other, "f") == "full"
    other.close()


async def test_a_limit_is_learnt_from_a_429_too(ledger: Ledger, clock: Clock) -> None:
    """The limit in a 429 is learnt and kept from then on."""
    luma, slept = LumaAgents(), Slept(clock)
    luma.script = [refuse(429, RATE, X_RateLimit_Limit="1", Retry_After="5")]
    await buy(ledger, luma, slept, "a")
    assert slept.seconds == [5.0]
    assert outcome(ledger, "b") == "full"


@pytest.mark.parametrize("earlier", ["agents", "ray-3", "uni"])
def test_images_and_videos_share_one_bucket(ledger: Ledger, earlier: str) -> None:
    """Stills and clips of the Agents API count together, even those that earlier versions booked in two pools."""
    two = Limits(at_once=2, per_minute=2)
    assert outcome(ledger, "still", two, pool=earlier, endpoint="image") == "granted"
    assert outcome(ledger, "clip", two) == "granted"
    assert outcome(ledger, "more", two) == "full"
    assert ledger.slot_holders("luma-1", "agents") == {"film": 2}
    assert ledger.last_change("luma-1", "agents", since=ledger.now()) is not None
    assert outcome(ledger, "more", Limits(per_minute=2)) == "full"
    assert outcome(ledger, "more", Limits(at_once=3, per_minute=3)) == "granted"


@pytest.mark.parametrize("asked", ["120", "7"])
async def test_a_429_of_the_rate_holds_everybody_back_as_long_as_it_asks(
    url: str, ledger: Ledger, clock: Clock, asked: str
) -> None:
    """Until Retry-After is over no process sends a create of that account and pool; other pools continue."""
    luma, slept, began = LumaAgents(), Slept(clock), clock.now
    luma.script = [refuse(429, RATE, X_RateLimit_Remaining="0", Retry_After=asked)]
    other = open_ledger(url, clock=clock)
    seen: list[tuple[float, str]] = []

    class Watched(Slept):
        async def __call__(self, seconds: float) -> None:
            seen.append((seconds, outcome(other, "x")))
            seen.append((0, outcome(other, "y", account="luma-2")))
            await super().__call__(seconds)

    await buy(ledger, luma, Watched(clock), "a")
    assert seen == [(float(asked), "full"), (0, "granted")]
    assert clock.now - began == timedelta(seconds=float(asked))
    assert len(luma.sent) == 2
    assert outcome(other, "x") == "granted"
    other.close()
    assert slept.seconds == []


async def test_a_429_of_the_jobs_holds_back_until_one_ends(ledger: Ledger, clock: Clock) -> None:
    """Each generation that ends allows one create; without an end, the end of Retry-After allows them."""
    luma, slept = LumaAgents(), Slept(clock)
    for name in ("a", "b"):
        await buy(ledger, luma, slept, name)
    clock.now += timedelta(seconds=1)
    ledger.hold_back("luma-1", "agents", LimitKind.JOBS, 600)
    assert outcome(ledger, "c") == "full"
    clock.now += timedelta(seconds=1)
    ledger.completed(shot("a").key, "generation-1")
    assert outcome(ledger, "c") == "granted"
    assert outcome(ledger, "d") == "full"
    clock.now += timedelta(seconds=1)
    ledger.release(shot("c").key, 1, "never sent")  # no generation has ended
    assert outcome(ledger, "d") == "full"
    clock.now += timedelta(seconds=600)
    assert outcome(ledger, "d") == "granted"


async def test_an_end_that_comes_while_a_create_waits_lets_it_go(ledger: Ledger, clock: Clock) -> None:
    """A create that waits because too many are being made is sent once one has ended, before Retry-After is over."""
    luma, slept, began = LumaAgents(), Slept(clock), clock.now
    await buy(ledger, luma, slept, "a")
    luma.finish("generation-1")
    luma.script = [refuse(429, JOBS, Retry_After="7200")]
    await buy(ledger, luma, slept, "b")
    assert ledger.order(shot("a").key).state is OrderState.COMPLETED
    assert ledger.order(shot("b").key).generation_id == "generation-2"
    assert clock.now - began < timedelta(seconds=30)
    assert len(luma.sent) == 3


async def test_a_429_of_the_jobs_is_sat_out_where_nothing_ends(ledger: Ledger, clock: Clock) -> None:
    """With nothing of ours being made, no create is sent before Retry-After is over."""
    luma, slept, began = LumaAgents(), Slept(clock), clock.now
    luma.script = [refuse(429, JOBS, Retry_After="90")]
    await buy(ledger, luma, slept, "a")
    assert timedelta(seconds=90) <= clock.now - began < timedelta(seconds=93)
    assert len(luma.sent) == 2


async def test_who_comes_while_the_service_takes_nothing_for_hours(ledger: Ledger, clock: Clock) -> None:
    """A Retry-After beyond our patience is an error, for later orders as well, and nothing is sent meanwhile."""
    luma, slept = LumaAgents(), Slept(clock)
    luma.script = [refuse(429, RATE, X_RateLimit_Remaining="0", Retry_After="7200")]
    for name in ("a", "a", "b"):
        with pytest.raises(RateLimited) as error:
            await buy(ledger, luma, slept, name, patience=600)
    assert len(luma.sent) == 1
    assert slept.seconds == []
    assert (error.value.where, round(error.value.retry_after)) == ("scene 'b'", 7200)
    assert "nothing was bought" in error.value.hint
    assert ledger.spent("production", "film", realm="luma") == 0


def test_the_longer_of_two_holds_stays(ledger: Ledger, clock: Clock) -> None:
    """A 429 that asks for less does not shorten an earlier wait; the two kinds are kept apart."""
    ledger.hold_back("luma-1", "agents", LimitKind.RATE, 100)
    ledger.hold_back("luma-1", "agents", LimitKind.RATE, 5)
    ledger.hold_back("luma-1", "agents", LimitKind.JOBS, 5)
    clock.now += timedelta(seconds=99)
    assert outcome(ledger, "a") == "full"
    clock.now += timedelta(seconds=1)
    assert outcome(ledger, "a") == "granted"


@pytest.mark.parametrize(("own", "limits"), [("", Limits(10, None, 20)), ("5", Limits(10, 5, 20))])
async def test_what_a_run_is_held_to(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, own: str, limits: Limits
) -> None:
    """On a billed service a told limit replaces the tier's table; ``STUDIO_PER_MINUTE`` is the user's bound."""
    monkeypatch.setenv("LUMAAI_API_KEY", "k")
    monkeypatch.setenv("STUDIO_PER_MINUTE", own)
    async with open_session(load_settings()) as session:
        assert session.limits("dream-machine", "ray") == limits
        assert session.limits("agents", "agents") == Limits(None, limits.per_minute, None)


def test_every_shot_of_the_agents_api_is_of_one_pool() -> None:
    """A clip of ray-3 and the still that it begins with have the same limits; Dream Machine has two pools."""
    anna = [{"id": "anna", "images": ["https://x.example/p.png"]}]
    pools = {
        model: {shot.pool for shot in plan(film(scene("a", character="anna"), model=model, characters=anna)).shots}
        for model in ("ray-3", "ray-2")
    }
    assert pools == {"ray-3": {"agents"}, "ray-2": {"ray", "photon"}}


@pytest.mark.parametrize("status", [502, 503])
async def test_what_luma_says_to_send_again_is_sent_once(ledger: Ledger, clock: Clock, status: int) -> None:
    """Luma's advice for 502 and 503, to retry with backoff, is not followed for a create: it may have been accepted."""
    luma, slept = LumaAgents(), Slept(clock)
    luma.script = [luma.answer(status, Retry_After="1")]
    for _ in range(2):
        with pytest.raises((InDoubt, Ambiguous)):
            await buy(ledger, luma, slept, "a")
    assert len(luma.sent) == 1
    assert ledger.order(shot("a").key).state is OrderState.IN_DOUBT
