"""Every state of an order, its transitions, and their costs; also settling by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from studio.errors import BadInput, LedgerError, NoSlot
from studio.execution.reconciliation import find_order, reconcile
from studio.execution.session import open_session
from studio.execution.settle_by_hand import adopt_by_hand, release_by_hand
from studio.failures import FailureClass
from studio.ledger import Intent, Ledger, Limits, OrderState
from studio.ledger.by_hand import release, undo
from studio.purchasing.gateway import PurchaseGateway
from studio.purchasing.recovery import LostOrderResolver
from studio.settings import load_settings
from tests.support.books import Clock
from tests.support.luma import Luma
from tests.support.order_states import KEY, WANTED, absent, doubted, failed, gone, released, reserved, submitted
from tests.support.orders import PARAMS, PRICE, Slept, intent, place, spent
from tests.support.running import Sandbox

Way = tuple[Callable[[Ledger], None], Callable[[Ledger], object], OrderState, Decimal]
FREE, PAID = Decimal(0), PRICE
#: From each state every way out: how an order came there, what happens, the state then, and what counts as spent.
WAYS: dict[str, Way] = {
    "reserved: accepted": (reserved, lambda b: b.submitted(KEY, 1, "g"), OrderState.SUBMITTED, PAID),
    "reserved: refused": (reserved, lambda b: b.release(KEY, 1, "no"), OrderState.RELEASED, FREE),
    "reserved: answer lost": (reserved, lambda b: b.doubt(KEY, 1, "lost"), OrderState.IN_DOUBT, PAID),
    "in doubt: found": (doubted, lambda b: b.adopt(KEY, "g", "found"), OrderState.SUBMITTED, PAID),
    "in doubt: answered late": (doubted, lambda b: b.submitted(KEY, 1, "g"), OrderState.SUBMITTED, PAID),
    "in doubt: not on the list": (doubted, lambda b: b.release_absent(KEY, 1, "not"), OrderState.RELEASED, PAID),
    "in doubt: a person says no": (doubted, lambda b: release(b, KEY), OrderState.RELEASED, FREE),
    "absent: found after all": (absent, lambda b: b.adopt(KEY, "g", "found"), OrderState.SUBMITTED, PAID),
    "absent: answered late": (absent, lambda b: b.submitted(KEY, 1, "g"), OrderState.SUBMITTED, PAID),
    "absent: certain": (absent, lambda b: b.settle_absent(KEY, 1, "a day"), OrderState.RELEASED, FREE),
    "absent: a person says no": (absent, lambda b: release(b, KEY), OrderState.RELEASED, FREE),
    "absent: sent again": (absent, reserved, OrderState.RESERVED, PAID * 2),
    "submitted: completed": (submitted, lambda b: b.completed(KEY, "g"), OrderState.COMPLETED, PAID),
    "submitted: failed": (
        submitted, lambda b: b.failed(KEY, "g", "Job failed", FailureClass.SERVICE), OrderState.FAILED, FREE,
    ),
    "submitted: gone": (submitted, lambda b: b.gone(KEY, "g"), OrderState.GONE, PAID),
    "gone: there again, completed": (gone, lambda b: b.completed(KEY, "g"), OrderState.COMPLETED, PAID),
    "gone: there again, failed": (
        gone, lambda b: b.failed(KEY, "g", "Job failed", FailureClass.SERVICE), OrderState.FAILED, FREE,
    ),
    "gone: a person lets it be sent again": (gone, lambda b: release(b, KEY), OrderState.RELEASED, PAID),
    "failed: ordered again": (failed, reserved, OrderState.RESERVED, PAID),
    "released: ordered again": (released, reserved, OrderState.RESERVED, PAID),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_every_way_out_of_every_state(ledger: Ledger, way: str) -> None:
    """Each event in each state gives the next state and the amount spent, and repeating it changes nothing."""
    begin, step, state, counted = WAYS[way]
    begin(ledger)
    step(ledger)
    row = ledger.order(KEY)
    assert row is not None
    assert (row.state, spent(ledger)) == (state, counted)
    assert ledger.spent("month", "", realm="luma") == counted


def test_no_state_but_the_last_is_without_a_way_out() -> None:
    """Every state is reached and left by some transition; only the completed state is final."""
    left = {way.partition(":")[0] for way in WAYS}
    entered = {state.value for _, _, state, _ in WAYS.values()}
    assert entered - left == {"completed"}
    assert {state.value for state in OrderState} <= entered | left


@pytest.mark.parametrize(
    ("begin", "step", "state", "counted"),
    [
        (doubted, lambda b: release(b, KEY), OrderState.IN_DOUBT, PAID),
        (doubted, lambda b: b.adopt(KEY, "g", "by hand", by_hand=True), OrderState.IN_DOUBT, PAID),
        (absent, lambda b: release(b, KEY), OrderState.RELEASED, PAID),
        (absent, lambda b: b.adopt(KEY, "g", "by hand", by_hand=True), OrderState.IN_DOUBT, PAID),
        (gone, lambda b: release(b, KEY), OrderState.GONE, PAID),
    ],
    ids=["released", "adopted", "absent released", "absent adopted", "gone released"],
)
def test_what_was_settled_by_hand_is_undone(
    ledger: Ledger,
    begin: Callable[[Ledger], None],
    step: Callable[[Ledger], object],
    state: OrderState,
    counted: Decimal,
) -> None:
    """A person's decision can be undone while nothing depends on it: the order and its costs are as before."""
    begin(ledger)
    step(ledger)
    assert undo(ledger, KEY).state is state
    assert spent(ledger) == counted
    assert ledger.creates("run", "r", realm="luma") == 1
    with pytest.raises(LedgerError, match="nothing to undo"):
        undo(ledger, KEY)
    if state is OrderState.IN_DOUBT:
        assert ledger.adopt(KEY, "g", "again").generation_id == "g"


def test_an_adoption_on_which_something_hangs_stands(ledger: Ledger) -> None:
    """An adoption is not undone if another order was made from it, or its clip was fetched."""
    doubted(ledger)
    ledger.adopt(KEY, "g", "by hand", by_hand=True)
    child = intent("b", request={"keyframes": {"frame0": {"type": "generation", "order": KEY}}})
    ledger.reserve(child, run="r", caps=[])
    with pytest.raises(LedgerError, match="was made from order"):
        undo(ledger, KEY)


def test_an_adoption_whose_clip_is_here_stands(ledger: Ledger) -> None:
    """An adoption by hand is not undone once its clip was fetched, as it may be in a film."""
    doubted(ledger)
    ledger.adopt(KEY, "g", "by hand", by_hand=True)
    ledger.keep_clip(KEY, "c" * 64)
    with pytest.raises(LedgerError, match="is fetched already"):
        undo(ledger, KEY)


def test_only_what_a_person_did_is_undone(ledger: Ledger) -> None:
    """An order found on the list, or released because it was refused, cannot be undone by a person."""
    doubted(ledger)
    ledger.adopt(KEY, "g", "found again on the account's list")
    with pytest.raises(LedgerError, match="nothing to undo"):
        undo(ledger, KEY)
    released_ = intent("b")
    ledger.reserve(released_, run="r", caps=[])
    ledger.release(released_.key, 1, "refused")
    with pytest.raises(LedgerError, match="nothing to undo"):
        undo(ledger, released_.key)


@pytest.mark.parametrize("begin", [reserved, submitted, released, failed])
def test_what_is_not_in_doubt_is_not_settled_by_hand(ledger: Ledger, begin: Callable[[Ledger], None]) -> None:
    """An order that is accepted, being sent, or over can be neither given a generation nor released by hand."""
    begin(ledger)
    before = (ledger.order(KEY), ledger.entries(KEY), spent(ledger))
    with pytest.raises(LedgerError, match="not in doubt"):
        ledger.adopt(KEY, "another", "by hand", by_hand=True)
    with pytest.raises(LedgerError, match="there is nothing to release"):
        release(ledger, KEY)
    assert (ledger.order(KEY), ledger.entries(KEY), spent(ledger)) == before


def test_a_second_generation_of_an_absent_order_counts_once(ledger: Ledger) -> None:
    """An order released as absent, sent again, and accepted twice costs two prices, none of them pending."""
    absent(ledger)
    reserved(ledger)
    ledger.submitted(KEY, 2, "g-2")
    assert spent(ledger) == PRICE * 2
    ledger.submitted(KEY, 1, "g-1")
    assert (spent(ledger), ledger.suspended("luma")) == (PRICE * 2, [])


@pytest.mark.parametrize("named", [1, None], ids=["for the attempt that is over", "for the order"])
def test_a_generation_of_an_attempt_that_is_over_is_not_adopted(ledger: Ledger, named: int | None) -> None:
    """An order that failed and was sent again is not settled by the generation that failed, even if two look."""
    failed(ledger)
    reserved(ledger)
    ledger.doubt(KEY, 2, "lost")
    before = (ledger.order(KEY), ledger.entries(KEY), spent(ledger))
    with pytest.raises(LedgerError, match=f"attempt {named} is over" if named else "an earlier attempt of order"):
        ledger.adopt(KEY, "g", "found again on the account's list", attempt=named)
    assert (ledger.order(KEY), ledger.entries(KEY), spent(ledger)) == before


async def test_a_look_that_began_before_an_order_was_sent_again_settles_nothing(ledger: Ledger, luma: Luma) -> None:
    """A generation found by one of two processes settles nothing once the other has sent the order again."""
    doubted(ledger)
    stale = ledger.order(KEY)
    assert stale is not None
    ledger.release_absent(KEY, 1, "not on the list")
    reserved(ledger)
    ledger.doubt(KEY, 2, "lost")
    luma.accept(PARAMS)
    assert await LostOrderResolver(ledger, luma.provider()).settle(stale) == "waiting"
    now = ledger.order(KEY)
    assert now is not None
    assert (now.state, now.attempt, now.generation_id) == (OrderState.IN_DOUBT, 2, None)


def test_what_an_adoption_gave_back_may_be_anothers(ledger: Ledger) -> None:
    """A generation that was adopted for the wrong order, and undone, can be the right one's."""
    doubted(ledger)
    ledger.adopt(KEY, "g", "by hand", by_hand=True)
    undo(ledger, KEY)
    other = intent("b")
    ledger.reserve(other, run="r", caps=[])
    ledger.doubt(other.key, 1, "lost")
    assert ledger.claimed("luma", ["g"]) == set()
    assert ledger.adopt(other.key, "g", "by hand", by_hand=True).generation_id == "g"
    with pytest.raises(LedgerError, match="belongs to order"):
        ledger.adopt(KEY, "g", "again")


async def test_waiting_for_a_slot_ends_and_names_who_holds_it(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A wait in which nothing changes ends in an error that names the productions that hold the slots."""
    blocker = intent("x", production="other-film")
    ledger.reserve(blocker, run="r", caps=[])
    ledger.submitted(blocker.key, 1, luma.accept(PARAMS)["id"])
    slept = Slept(clock)
    waiting = PurchaseGateway(
        ledger, luma.provider, run="run", limits=Limits(at_once=1), patience=600, sleep=slept, jitter=lambda: 0.0
    )
    with pytest.raises(NoSlot, match=r"other-film \(1\)"):
        await place(waiting)
    assert 600 <= sum(slept.seconds) < 700
    assert ledger.order(KEY) is None


@pytest.mark.long
async def test_who_waits_for_a_slot_goes_on_while_others_move(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A wait for a slot is no error, however long, while other productions' orders end and begin."""

    def take(name: str) -> None:
        ledger.reserve(intent(name, production="other-film"), run="r", caps=[])
        ledger.submitted(intent(name).key, 1, luma.accept(PARAMS)["id"])

    take("x")
    began = clock.now

    class Moving(Slept):
        steps = 0

        async def __call__(self, seconds: float) -> None:
            await super().__call__(seconds)
            if clock.now - began > timedelta(seconds=500) * (self.steps + 1):
                self.steps += 1
                luma.finish(f"generation-{self.steps}")
                ledger.completed(intent("xyz"[self.steps - 1]).key, f"generation-{self.steps}")
                if self.steps < 3:
                    take("xyz"[self.steps])

    slept = Moving(clock)
    waiting = PurchaseGateway(
        ledger, luma.provider, run="run", limits=Limits(at_once=1), patience=600, sleep=slept, jitter=lambda: 0.0
    )
    assert (await place(waiting)).bought
    assert 1500 <= sum(slept.seconds) < 1600


@pytest.mark.parametrize("typed", ["", " ", "0", "1234567", "%%%%%%%%", "________", "zzzzzzzzzz"])
async def test_an_order_is_named_by_eight_characters(workplace: Path, typed: str) -> None:
    """An empty variable, or too little of a key, names no order, even where there is only one."""
    async with open_session(load_settings()) as session:
        session.ledger.reserve(WANTED, run="r", caps=[])
        session.ledger.doubt(KEY, 1, "lost")
        with pytest.raises(BadInput, match="names no order"):
            await release_by_hand(session, typed)
        session.ledger.reserve(intent("b"), run="r", caps=[])
        with pytest.raises(LedgerError, match="2 orders begin"):
            find_order(session, "0" * 8)
        assert session.ledger.order(KEY).state is OrderState.IN_DOUBT


async def test_only_what_can_be_the_order_s_is_adopted(
    workplace: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A still for a clip, or another model's generation, is refused, and the ledger does not change."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    still = {"model": "photon-flash-1", "prompt": "a still", "generation_type": "image"}
    clip = {"model": "ray-flash-2", "prompt": "a clip", "resolution": "540p", "duration": "5s"}

    def create(path: str, body: dict[str, str]) -> str:
        answer = httpx.post(
            f"{sandbox.url}/generations/{path}", json=body, headers={"authorization": "Bearer x"}, trust_env=False
        )
        return str(answer.json()["id"])

    ours = {"model": "ray-2", "prompt": "a clip", "resolution": "720p", "duration": "5s"}
    hook = {"callback_url": f"http://127.0.0.1:9/?studio_order=0123abcd.{'1' * 40}.1"}
    made = {"still": create("image", still), "clip": create("video", clip), "theirs": create("video", ours | hook)}
    order = Intent(**{f: getattr(WANTED, f) for f in WANTED.__dataclass_fields__} | {"realm": "local"})
    async with open_session(load_settings()) as session:
        session.ledger.reserve(order, run="r", caps=[])
        session.ledger.doubt(KEY, 1, "lost")
        with pytest.raises(BadInput, match="of the kind 'image'"):
            await adopt_by_hand(session, KEY, made["still"])
        with pytest.raises(BadInput, match=r"ray-flash-2 made it, and ray-2 was ordered"):
            await adopt_by_hand(session, KEY, made["clip"])
        with pytest.raises(BadInput, match="its callback names an order of another ledger"):
            await adopt_by_hand(session, KEY, made["theirs"])
        assert session.ledger.order(KEY).state is OrderState.IN_DOUBT
        assert (await reconcile(session)).in_doubt
