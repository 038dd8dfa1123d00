"""Traces of creates: the name by which the service's support finds one, and the opaque id of its user."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from studio.errors import Ambiguous, InDoubt
from studio.execution.reconciliation import Reconciliation
from studio.execution.reconciliation_lines import as_json, told
from studio.execution.session import opaque_id
from studio.ledger import Ledger
from studio.library import LumaProvider
from studio.purchasing.gateway import PurchaseGateway
from tests.support.books import Clock
from tests.support.luma import Luma, LumaAgents, fail, refuse
from tests.support.orders import PARAMS, Slept, intent
from tests.support.running import Sandbox
from tests.support.shots import CLIP, shot

SERVICES = pytest.mark.parametrize("service", [Luma, LumaAgents])


def gateway(ledger: Ledger, luma: Luma | LumaAgents, clock: Clock, **more: str) -> PurchaseGateway:
    return PurchaseGateway(ledger, luma.provider, run="r", patience=60, sleep=Slept(clock), jitter=lambda: 0.0, **more)


async def buy(ledger: Ledger, luma: Luma | LumaAgents, clock: Clock, name: str = "a", **more: str) -> None:
    agents = isinstance(luma, LumaAgents)
    wanted, params = (shot(name), CLIP) if agents else (intent(name), PARAMS)
    await gateway(ledger, luma, clock, **more).purchase(wanted, params, on_wait=lambda _: None)


@SERVICES
async def test_a_create_carries_the_name_of_its_attempt(
    service: type[Luma | LumaAgents], ledger: Ledger, clock: Clock
) -> None:
    """``X-Request-Id`` is the attempt's own token, a new one for each attempt; the ledger has each."""
    luma = service(script=[refuse(429, Retry_After="2")])
    await buy(ledger, luma, clock)
    row = ledger.order(intent("a").key)
    sent = [headers["x-request-id"] for headers in luma.headers]
    assert sent == [f"{ledger.id[:8]}.{row.key[:40]}.{number}" for number in (1, 2)]
    assert (row.token, row.request_id) == (sent[1], sent[1])
    reserved = [entry.request_id for entry in ledger.entries(row.key) if entry.kind == "reserved"]
    assert reserved == sent


@SERVICES
@pytest.mark.parametrize(
    ("header", "value", "kept"),
    [
        ("X-Request-Id", "req_01J.x:7", "req_01J.x:7"),
        ("request-id", "abc", "abc"),
        ("X-Request-Id", "two words", None),
        ("X-Request-Id", "x" * 121, None),
        ("X-Request-Id", "<script>", None),
    ],
)
async def test_what_the_service_calls_a_request_is_kept(
    service: type[Luma | LumaAgents], ledger: Ledger, clock: Clock, header: str, value: str, kept: str | None
) -> None:
    """The service's name for a request is in the ledger with its order; an invalid name is ignored."""
    luma = service()
    luma.script = [luma.answer(**{header: value})]
    await buy(ledger, luma, clock)
    row = ledger.order(intent("a").key)
    assert row.request_id == (kept or row.token)
    assert [entry.request_id for entry in ledger.entries(row.key)] == [row.token, kept]


@pytest.mark.parametrize("answered", [True, False])
async def test_a_lost_order_can_be_asked_for(ledger: Ledger, clock: Clock, *, answered: bool) -> None:
    """An order in doubt tells the name by which support finds it: the service's, else the one that was sent."""
    luma = LumaAgents()
    luma.script = [luma.answer(500, X_Request_Id="req-7") if answered else luma.lose(httpx.ReadTimeout)]
    with pytest.raises(InDoubt) as error:
        await buy(ledger, luma, clock)
    row = ledger.order(shot("a").key)
    name = f"X-Request-Id req-7, sent as {row.token}" if answered else f"X-Request-Id {row.token}"
    assert f"support can look for it: {name}" in error.value.hint
    done = Reconciliation(in_doubt=(row,), unsure=(row,))
    assert [name in line for line in told(done)] == [True, True]
    assert as_json(done)["request_ids"] == {row.key: "req-7" if answered else row.token}


def test_an_attempt_that_was_given_up_keeps_its_name(ledger: Ledger) -> None:
    """An attempt that was released as absent keeps its name, while the next one has its own."""
    key = intent("a").key
    ledger.reserve(intent("a"), run="r", caps=[])
    ledger.doubt(key, 1, "lost", request_id="req-1")
    ledger.release_absent(key, 1, "not on the list")
    ledger.reserve(intent("a"), run="r", caps=[])
    row = ledger.order(key)
    assert [attempt.request_id for attempt in ledger.suspended_attempts(row)] == ["req-1"]
    assert row.request_id == row.token
    ledger.submitted(key, 1, "g-1", request_id="req-late")
    assert ledger.entries(key)[-1].request_id == "req-late"


async def test_what_was_never_answered_has_no_name_of_the_service(ledger: Ledger) -> None:
    """An error without an answer names no request, and one with an answer names it."""
    luma = LumaAgents(script=[fail(httpx.ReadTimeout), refuse(503, X_Request_Id="req-9")])
    names = []
    for _ in range(2):
        with pytest.raises(Ambiguous) as error:
            await luma.provider().create("video", CLIP)
        names.append(error.value.request_id)
    assert names == [None, "req-9"]
    assert all("x-request-id" not in headers for headers in luma.headers)  # none was given


@SERVICES
async def test_whom_it_is_made_for_is_no_part_of_an_order(
    service: type[Luma | LumaAgents], ledger: Ledger, clock: Clock
) -> None:
    """``user_id`` is sent to the Agents API alone; the order, its key and the recorded request are the same without."""
    luma = service()
    await buy(ledger, luma, clock, "a")
    await buy(ledger, luma, clock, "b", user_id="9f2c")
    without, with_it = luma.sent
    agents = service is LumaAgents
    assert "user_id" not in without
    assert with_it == without | ({"user_id": "9f2c"} if agents else {})
    one, other = (ledger.order(intent(name).key) for name in "ab")
    assert one.sent == other.sent
    assert "user_id" not in other.sent


def test_an_opaque_id_tells_nothing() -> None:
    """The id is the same for a film in every run, differs by ledger, and cannot be made without the ledger."""
    made = opaque_id("0123456789abcdef" * 2, "Anna's wedding")
    assert made == opaque_id("0123456789abcdef" * 2, "Anna's wedding")
    assert made not in (opaque_id("0123456789abcdef" * 2, "Ben's wedding"), opaque_id("f" * 32, "Anna's wedding"))
    assert len(made) == 32
    assert set(made) <= set("0123456789abcdef")


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_the_setting_turns_it_off(sandbox: Sandbox, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Creates of a production all carry its id, and none with ``STUDIO_USER_ID=no``; asked again, nothing is bought."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    small = {"width": 640, "height": 360, "resolution": "360p"}
    async with LumaProvider(model="ray-3", budget=Decimal(1)) as luma:
        await luma.generate("a harbour", **small)
        await luma.generate("a lighthouse", **small)
    monkeypatch.setenv("STUDIO_USER_ID", "no")
    async with LumaProvider(model="ray-3", budget=Decimal(1)) as luma:
        again = await luma.generate("a harbour", **small)
        await luma.generate("a ferry", **small)
    assert again.metadata["cached"]
    first, second, last = (create["request"] for create in sandbox.books()["creates"])
    assert first["user_id"] == second["user_id"]
    assert len(first["user_id"]) == 32
    assert last.get("user_id") is None
