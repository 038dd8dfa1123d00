"""Every state of an order, what leads out of it, and what that costs; settling by hand, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from studio.errors import BadInput, GenerationGone, LedgerError, NoSlot
from studio.failures import FailureClass
from studio.ledger import Intent, Ledger, Limits, OrderState
from studio.ledger.by_hand import release, undo
from studio.orders import Door
from studio.reconciling import find_order, reconcile
from studio.session import open_session
from studio.settings import load_settings
from studio.settling import Settler
from studio.settling_by_hand import adopt_by_hand, release_by_hand
from studio.unbooked import Unbooked
from tests.books import Clock
from tests.luma import Luma
from tests.running import Sandbox, sandbox  # noqa: F401 - a fixture
from tests.test_orders import PARAMS, PRICE, Slept, door, intent, luma, place, spent  # noqa: F401 - a fixture

KEY = intent().key
WANTED = replace(intent(), sent=PARAMS)


def reserved(ledger: Ledger) -> None:
    ledger.reserve(WANTED, run="r", caps=[])


def doubted(ledger: Ledger) -> None:
    reserved(ledger)
    ledger.doubt(KEY, 1, "lost")


def submitted(ledger: Ledger) -> None:
    reserved(ledger)
    ledger.submitted(KEY, 1, "g")


def gone(ledger: Ledger) -> None:
    submitted(ledger)
    ledger.gone(KEY, "g")


def absent(ledger: Ledger) -> None:
    doubted(ledger)
    ledger.release_absent(KEY, 1, "not on the list")


def failed(ledger: Ledger) -> None:
    submitted(ledger)
    ledger.failed(KEY, "g", "Job failed", FailureClass.SERVICE)


def released(ledger: Ledger) -> None:
    reserved(ledger)
    ledger.release(KEY, 1, "never sent")


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
    """A state, what happens, the state after it, and what counts as spent; said twice it is the same."""
    begin, step, state, counted = WAYS[way]
    begin(ledger)
    step(ledger)
    row = ledger.order(KEY)
    assert row is not None
    assert (row.state, spent(ledger)) == (state, counted)
    assert ledger.spent("month", "", seller="luma") == counted


def test_no_state_but_the_last_is_without_a_way_out() -> None:
    """Every state is begun by some way and left by another one; only what is completed is over."""
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
    """While nothing hangs on it, a person's word is taken back: as it was before, and what it gave counts again."""
    begin(ledger)
    step(ledger)
    assert undo(ledger, KEY).state is state
    assert spent(ledger) == counted
    assert ledger.creates("run", "r", seller="luma") == 1
    with pytest.raises(LedgerError, match="nothing to undo"):
        undo(ledger, KEY)
    if state is OrderState.IN_DOUBT:
        assert ledger.adopt(KEY, "g", "again").generation_id == "g"


def test_an_adoption_on_which_something_hangs_stands(ledger: Ledger) -> None:
    """Its clip was fetched, or another order was made from it: then it is not undone."""
    doubted(ledger)
    ledger.adopt(KEY, "g", "by hand", by_hand=True)
    child = intent("b", request={"keyframes": {"frame0": {"type": "generation", "order": KEY}}})
    ledger.reserve(child, run="r", caps=[])
    with pytest.raises(LedgerError, match="was made from order"):
        undo(ledger, KEY)


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


async def test_one_generation_that_is_gone_drops_no_other(ledger: Ledger, clock: Clock) -> None:
    """Of three in flight one is gone: the ends of the others are booked, and the gone one holds no slot any more."""
    service = Luma(lists=False)
    for name in "abc":
        wanted = intent(name)
        ledger.reserve(wanted, run="killed", caps=[])
        ledger.submitted(wanted.key, 1, service.accept(PARAMS)["id"])
    service.finish("generation-1")
    service.finish("generation-3", "failed", "Job failed")
    del service.generations["generation-2"]
    settler = Settler(ledger, service.provider())
    assert await settler.refresh("luma", "luma-1") == 2
    assert ledger.order(intent("b").key).state is OrderState.SUBMITTED  # a young one may only be late
    clock.now += timedelta(minutes=11)
    await settler.refresh("luma", "luma-1")
    states = [ledger.order(intent(name).key).state for name in "abc"]
    assert states == [OrderState.COMPLETED, OrderState.GONE, OrderState.FAILED]
    assert ledger.slot_holders("luma-1", "ray") == {}
    assert spent(ledger) == PRICE * 2


async def test_a_gone_generation_is_not_bought_again_by_itself(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """The error names what a person may do; after ``--release`` the next run sends it, and both prices are booked."""
    gone(ledger)
    with pytest.raises(GenerationGone, match=f"--release {KEY[:12]}"):
        await place(door(ledger, luma, sleep=Slept(clock)))
    assert luma.sent == []
    release(ledger, KEY)
    placed = await place(door(ledger, luma, sleep=Slept(clock)))
    assert (placed.attempt, len(luma.sent), spent(ledger)) == (2, 1, PRICE * 2)


async def test_waiting_for_a_slot_ends_and_names_who_holds_it(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """Where nothing moves for as long as one waits, that is an error with the names of the productions in the way."""
    blocker = intent("x", production="other-film")
    ledger.reserve(blocker, run="r", caps=[])
    ledger.submitted(blocker.key, 1, luma.accept(PARAMS)["id"])
    slept = Slept(clock)
    waiting = Door(
        ledger, luma.provider, run="run", limits=Limits(at_once=1), patience=600, sleep=slept, jitter=lambda: 0.0
    )
    with pytest.raises(NoSlot, match=r"other-film \(1\)"):
        await place(waiting)
    assert 600 <= sum(slept.seconds) < 700
    assert ledger.order(KEY) is None


class Failing(Ledger):
    """A ledger that cannot take an id, so many times."""

    times = 3

    def submitted(self, key: str, attempt: int, generation_id: str):
        if self.times:
            self.times -= 1
            raise LedgerError("the connection is lost")
        return super().submitted(key, attempt, generation_id)


async def test_booking_an_id_is_tried_for_minutes(url: str, luma: Luma, clock: Clock, tmp_path: Path) -> None:
    """The ledger's connection is lost while an id is being booked: tried again, it is booked, and nothing is lost."""
    from studio.ledger.engine import open_engine

    ledger = Failing(open_engine(url), clock=clock)
    placed = await place(door(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, ledger.order(KEY).state) == ("generation-1", OrderState.SUBMITTED)
    ledger.close()


async def test_an_id_that_cannot_be_booked_is_kept_in_a_file(
    url: str, luma: Luma, clock: Clock, tmp_path: Path
) -> None:
    """After minutes the id is written down beside the ledger, the error says where, and the next run books it."""
    from studio.ledger.engine import open_engine

    ledger = Failing(open_engine(url), clock=clock)
    ledger.times = 1000
    unbooked = Unbooked(tmp_path / "unbooked")
    slept = Slept(clock)
    buying = Door(ledger, luma.provider, run="run", sleep=slept, unbooked=unbooked, jitter=lambda: 0.0)
    with pytest.raises(LedgerError) as error:
        await place(buying)
    assert 120 <= sum(slept.seconds) <= 240
    assert "generation-1" in str(error.value)
    assert str(tmp_path / "unbooked") in str(error.value)
    ledger.times = 0
    assert unbooked.book(ledger) == (KEY,)
    assert unbooked.book(ledger) == ()
    assert (ledger.order(KEY).generation_id, spent(ledger)) == ("generation-1", PRICE)
    assert len(luma.sent) == 1
    ledger.close()


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
    """A still for a clip, or what another model made, is refused; the books stay as they were."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    still = {"model": "photon-flash-1", "prompt": "a still", "generation_type": "image"}
    clip = {"model": "ray-flash-2", "prompt": "a clip", "resolution": "540p", "duration": "5s"}

    def create(path: str, body: dict[str, str]) -> str:
        answer = httpx.post(
            f"{sandbox.url}/generations/{path}", json=body, headers={"authorization": "Bearer x"}, trust_env=False
        )
        return str(answer.json()["id"])

    made = {"still": create("image", still), "clip": create("video", clip)}
    order = Intent(**{f: getattr(WANTED, f) for f in WANTED.__dataclass_fields__} | {"seller": "local"})
    async with open_session(load_settings()) as session:
        session.ledger.reserve(order, run="r", caps=[])
        session.ledger.doubt(KEY, 1, "lost")
        with pytest.raises(BadInput, match="of the kind 'image'"):
            await adopt_by_hand(session, KEY, made["still"])
        with pytest.raises(BadInput, match=r"ray-flash-2 made it, and ray-2 was ordered"):
            await adopt_by_hand(session, KEY, made["clip"])
        assert session.ledger.order(KEY).state is OrderState.IN_DOUBT
        assert (await reconcile(session)).in_doubt
