"""The sandbox's own routes: for this machine's programs and people, and for no page of another site."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from luma_sandbox.server_state import Options
from tests.support.control_routes import CONTROL
from tests.support.sandbox_in_process import API, BASE, Sandbox, opened
from tests.support.sandbox_wire import Wire

FAULT = {"kind": "stuck", "on": "create.image"}
NOBODY = 2**30  # no process has that number
BODIES = {
    ("POST", "/sandbox/faults"): [FAULT],
    ("PUT", "/sandbox/faults"): {"faults": [FAULT]},
    ("POST", "/sandbox/attach"): {"pid": NOBODY},
}
FOREIGN = [
    {"Host": "evil.example"}, {"Host": "evil.example:8787"}, {"Host": "sandbox:8000"}, {"Host": "192.168.1.5:8787"},
    {"Host": "127.0.0.1.evil.example"}, {"Host": "localhost.evil.example"}, {"Host": "x@127.0.0.1"}, {"Host": ""},
    {"Host": "127.0.0.1:port"}, {"Host": "[::1"}, {"Host": "0.0.0.0:8787"},
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://127.0.0.1:3000"},
    {"Origin": "http://localhost:8787"}, {"Origin": "http://127.0.0.1:8787.evil.example"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "anything"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "document"},
]  # fmt: skip
OWN = [
    {"Host": "127.0.0.1:1"}, {"Host": "localhost:8787"}, {"Host": "LOCALHOST"}, {"Host": "[::1]:8787"},
    {"Host": "127.0.0.9"},
    {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
]  # fmt: skip


async def ask(sandbox: Sandbox, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    """A request to a control route, with the body that it takes."""
    body = BODIES.get((method, path))
    return await sandbox.http.request(method, path, headers=headers, **({} if body is None else {"json": body}))


@pytest.mark.parametrize(("method", "path"), CONTROL)
async def test_foreign_requests_are_refused(unrendered: Sandbox, method: str, path: str) -> None:
    """A foreign host, a page of another site, and what a browser says of one: 403 with a plain reason, nothing done."""
    for headers in FOREIGN:
        answer = await ask(unrendered, method, path, headers)
        assert answer.status_code == 403, headers
        assert "own routes" in answer.json()["detail"]
    assert unrendered.server_state.faults.report()["faults"] == []
    assert not unrendered.server_state.parent_watch.alone()
    for headers in OWN:
        answer = await ask(unrendered, method, path, headers)
        assert answer.status_code == 200, headers


@pytest.mark.parametrize(("method", "path"), list(BODIES))
async def test_only_json_is_taken(unrendered: Sandbox, method: str, path: str) -> None:
    """A form's body, which another site can send without asking, and one of no stated type are refused: 415."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None):
        headers = {} if kind is None else {"Content-Type": kind}
        answer = await unrendered.http.request(method, path, content=b'{"pid": 1}', headers=headers)
        assert answer.status_code == 415, kind
        assert "application/json" in answer.json()["detail"]
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    answer = await unrendered.http.request(method, path, content=b'{"pid": 1}', headers=headers)
    assert answer.status_code in (200, 422)


async def test_a_link_may_lead_to_the_page(unrendered: Sandbox) -> None:
    """Somebody who follows a link from another site sees the page; nothing can be changed by a link."""
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert (await unrendered.http.get("/", headers=followed)).status_code == 200
    posted = await unrendered.http.post("/sandbox/attach", json={"pid": 1}, headers=followed)
    assert posted.status_code == 403


async def test_the_apis_answer_any_client(unrendered: Sandbox) -> None:
    """Luma's routes and their assets go by their key and signature, whatever the client calls this host."""
    headers = {"Host": "sandbox:8000", "Authorization": "Bearer k"}
    made = (await unrendered.create()).id
    await unrendered.settle(lambda: unrendered.clock.advance(1))
    found = (await unrendered.http.get(f"{API}/generations/{made}", headers=headers)).json()
    url = httpx.URL(found["assets"]["video"])
    assert url.netloc == b"sandbox:8000"
    assert (await unrendered.http.get(url.raw_path.decode(), headers=headers)).status_code == 200
    wanted = {"model": "ray-2", "prompt": "a lake"}
    other = headers | {"Origin": "https://tool.example"}
    created = await unrendered.http.post(f"{API}/generations/video", json=wanted, headers=other)
    assert created.status_code == 201
    agents = await unrendered.http.get(f"{BASE}/v1/files", headers=headers)
    assert agents.status_code == 200


async def test_no_stranger_says_where_the_sandbox_is(unrendered: Sandbox) -> None:
    """Callbacks name assets where a client with a key found the sandbox, not where a page pretends it is."""
    await unrendered.http.get(f"{API}/ping", headers={"Host": "sandbox:8000", "Authorization": "Bearer k"})
    assert unrendered.server_state.address == "http://sandbox:8000"
    for path in ("/", "/sandbox/books", f"{API}/ping"):
        await unrendered.http.get(path, headers={"Host": "evil.example"})
    assert unrendered.server_state.address == "http://sandbox:8000"


async def test_the_public_address_may_be_named(tmp_path: Path) -> None:
    """Behind a proxy the control routes answer to the host that ``--public-url`` names, too."""
    async with opened(tmp_path / "home", Options(public_url="https://Clips.example:8443/")) as sandbox:
        for host, status in (("clips.example", 200), ("clips.example:8443", 200), ("other.example", 403)):
            answer = await sandbox.http.get("/sandbox/books", headers={"Host": host})
            assert answer.status_code == status
        page = await sandbox.http.get("/", headers={"Host": "clips.example", "Origin": "https://clips.example"})
        assert page.status_code == 200


async def test_over_a_real_socket(wire: Wire) -> None:
    """The same over HTTP as it is sent: a rebound name and a plain-text body from another site attach nothing."""
    rebound = await wire.http.get("/sandbox/books", headers={"Host": "evil.example"})
    sent = {"Content-Type": "text/plain", "Origin": "https://evil.example"}
    forged = await wire.http.post("/sandbox/attach", content=b'{"pid": 1}', headers=sent)
    plain = await wire.http.post("/sandbox/attach", content=b'{"pid": 1}', headers={"Content-Type": "text/plain"})
    assert (rebound.status_code, forged.status_code, plain.status_code) == (403, 403, 415)
    assert (await wire.http.get("/sandbox/books")).status_code == 200
