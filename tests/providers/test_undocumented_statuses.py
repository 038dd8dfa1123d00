"""Creates answered with a status that is not documented as a refusal: they may have been accepted."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

import studio.providers.luma.answers
from studio.errors import Ambiguous, NotSent, ServiceError
from studio.ledger import Ledger
from tests.support.luma import Answer, Luma, LumaAgents
from tests.support.orders import PARAMS, PRICE, gateway, intent, place, spent

STATUSES = (301, 302, 303, 307, 308, 304, 405, 410, 418, 425, 451)


@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_that_nobody_documents_is_no_refusal(luma: Luma, status: int) -> None:
    """A redirect, and any status not documented as a refusal, is ambiguous, and no redirect is followed."""
    luma.script = [luma.garble(status, b'{"detail": "see other"}')]
    with pytest.raises(Ambiguous):
        await luma.provider().create("video", PARAMS)
    assert len(luma.sent) == 1


@pytest.mark.parametrize("status", STATUSES)
async def test_what_was_accepted_under_such_a_status_is_adopted(ledger: Ledger, luma: Luma, status: int) -> None:
    """A create that was accepted and answered with such a status is found on the list, and not bought again."""
    luma.script = [luma.garble(status, b"")]
    placed = await place(gateway(ledger, luma))
    again = await place(gateway(ledger, luma, run="again"))
    assert (placed.generation_id, again.generation_id, len(luma.sent)) == ("generation-1", "generation-1", 1)
    assert spent(ledger) == PRICE
    assert [e.kind for e in ledger.entries(intent().key)] == ["reserved", "in doubt", "adopted"]


def odd(luma: Luma | LumaAgents, status: int, headers: dict[str, str], content: bytes = b"{}") -> Answer:
    """Accept the create, and answer with these headers."""

    def answer(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        luma.accept(body)
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))

    return answer


ODD: dict[str, tuple[int, dict[str, str]]] = {
    "a redirect to about:blank": (303, {"location": "about:blank"}),
    "a redirect to a mail address": (307, {"location": "mailto:x@y.example"}),
    "a redirect without a host": (307, {"location": "http:foo"}),
    "a redirect to a bad port": (308, {"location": "https://x:99999999/"}),
    "a charset that is none": (500, {"content-type": "application/json; charset=undefined"}),
    "a charset of another kind": (500, {"content-type": "application/json; charset=zlib"}),
    "a charset that turns letters": (502, {"content-type": "text/plain; charset=rot13"}),
    "an encoding that is none": (201, {"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("api", ["dream-machine", "agents"])
@pytest.mark.parametrize("case", ODD)
async def test_an_answer_that_breaks_the_client_was_an_answer(case: str, api: str) -> None:
    """A create counts as sent after any error of an SDK that reads an answer, a redirect's address or a charset."""
    service: Luma | LumaAgents = Luma() if api == "dream-machine" else LumaAgents()
    service.script = [odd(service, *ODD[case])]
    body = (
        PARAMS if api == "dream-machine" else {"model": "ray-3.2", "prompt": "a sea", "video": {"resolution": "540p"}}
    )
    with pytest.raises(Ambiguous) as error:
        await service.provider().create("video", body)
    assert error.value.answered or case.startswith("a charset that turns")
    assert len(service.sent) == 1


async def test_what_cannot_be_built_was_not_sent(luma: Luma) -> None:
    """An error before the request is handed over leaves no doubt: nothing was sent."""
    with pytest.raises(NotSent, match="cannot be built"):
        await luma.provider().create("video", PARAMS | {"prompt": object()})
    assert luma.sent == []


async def test_an_answer_that_drips_is_given_up(luma: Luma, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that keeps a create open with a byte now and then is given up after the longest call, in doubt."""
    monkeypatch.setattr(studio.providers.luma.answers, "CREATE_SECONDS", 0.05)

    class Dripping(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            luma.sent.append({})
            await asyncio.Event().wait()
            raise AssertionError

    from studio.providers.luma.dream_machine import DreamMachine

    provider = DreamMachine(api_key="k", base_url="https://api.example/dream-machine/v1", transport=Dripping())
    with pytest.raises(Ambiguous, match="TimeoutError"):
        await provider.create("video", PARAMS)


async def test_one_bad_row_of_a_list_drops_no_other(luma: Luma) -> None:
    """A row that is null, or has no id, is counted as unread, the others are there; if all are bad, it is an error."""
    luma.accept(PARAMS)
    luma.arranged = lambda newest: [None, *newest, {"state": "queued"}, 7]
    page = await luma.provider().list()
    assert ([g.id for g in page.generations], page.unread, page.rows) == (["generation-1"], 3, 4)
    luma.arranged = lambda newest: [None]
    with pytest.raises(ServiceError):
        await luma.provider().list()
