"""Pages of this machine may call the APIs from a browser; pages of other sites may not, nor the control routes."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.control_routes import CONTROL
from tests.support.sandbox_in_process import API, BASE, Sandbox
from tests.support.sandbox_process import address, start
from tests.support.sandbox_wire import Wire

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
ALLOWED = "access-control-allow-origin"
OWN = [
    "http://localhost:3000", "https://localhost", "http://127.0.0.1:5173", "http://[::1]:8080", "https://127.0.0.1:1",
]  # fmt: skip
FOREIGN = [
    "https://evil.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example:3000", "null", "",
    "http://evil.example/http://localhost:3000", "http://localhost:3000.evil.example", "http://user@localhost:3000",
    "file://localhost", "http://192.168.1.5:3000", "http://localhost:3000\n", "http://xlocalhost:3000",
]  # fmt: skip
WANTED = {"model": "ray-2", "prompt": "a quiet lake at dawn", "resolution": "540p", "duration": "5s"}
STILL = {"model": "uni-1", "prompt": "a quiet lake at dawn", "aspect_ratio": "16:9"}
CALLS = [
    ("POST", f"{API}/generations"), ("POST", f"{API}/generations/video"), ("GET", f"{API}/generations"),
    ("DELETE", f"{API}/generations/x"), ("GET", f"{API}/credits"), ("POST", f"{BASE}/generations/image"),
    ("POST", f"{BASE}/v1/generations"), ("GET", f"{BASE}/v1/files"), ("PUT", f"{BASE}/sandbox/uploads/x"),
    ("GET", f"{BASE}/sandbox/assets/x/video.mp4"),
]  # fmt: skip
HEADERS = (
    "authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-os,x-stainless-package-version,"
    "x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout,x-api-version,x-request-id"
)


async def preflight(sandbox: Sandbox, method: str, url: str, origin: str) -> httpx.Response:
    """Send the preflight request of a browser for such a call."""
    asked = {
        "Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": HEADERS,
    }  # fmt: skip
    return await sandbox.http.request("OPTIONS", url, headers=asked)


@pytest.mark.parametrize("origin", OWN)
async def test_pages_of_this_machine_may_call_the_apis(unrendered: Sandbox, origin: str) -> None:
    """Each route of both APIs answers a preflight, allows the key and the SDKs' headers, and lets the page read."""
    for method, url in CALLS:
        answer = await preflight(unrendered, method, url, origin)
        assert answer.status_code == 200, (method, url)
        assert answer.headers[ALLOWED] == origin
        assert method in answer.headers["access-control-allow-methods"].split(", ")
        allowed = {name.strip() for name in answer.headers["access-control-allow-headers"].lower().split(",")}
        assert allowed >= set(HEADERS.split(","))
        assert "access-control-allow-credentials" not in answer.headers
    key = {"Authorization": "Bearer k", "Origin": origin}
    made = await unrendered.http.post(f"{API}/generations/video", json=WANTED, headers=key)
    assert (made.status_code, made.headers[ALLOWED]) == (201, origin)
    assert "Origin" in made.headers["vary"]
    assert "retry-after" in made.headers["access-control-expose-headers"].lower()
    still = await unrendered.http.post(f"{BASE}/v1/generations", json=STILL, headers=key)
    assert (still.status_code, still.headers[ALLOWED]) == (201, origin), still.text
    await unrendered.settle(lambda: unrendered.clock.advance(1))
    found = await unrendered.http.get(f"{API}/generations/{made.json()['id']}", headers=key)
    clip = await unrendered.http.get(found.json()["assets"]["video"], headers={"Origin": origin, "Range": "bytes=0-9"})
    assert (clip.status_code, clip.headers[ALLOWED], len(clip.content)) == (206, origin, 10)


async def test_a_page_sees_why_it_was_refused(unrendered: Sandbox) -> None:
    """An error, and an answer that a fault gives in place of the API, can be read by the page as well."""
    headers = {"Origin": OWN[0]}
    refused = await unrendered.http.get(f"{API}/generations", headers=headers)
    assert (refused.status_code, refused.headers[ALLOWED]) == (401, OWN[0])
    plan = {"faults": [{"kind": "rate_limited", "on": "list", "retry_after": 2}]}
    assert (await unrendered.http.put("/sandbox/faults", json=plan)).status_code == 200
    assert (await preflight(unrendered, "GET", f"{API}/generations", OWN[0])).status_code == 200
    struck = await unrendered.http.get(f"{API}/generations", headers=headers | {"Authorization": "Bearer k"})
    assert (struck.status_code, struck.headers[ALLOWED], struck.headers["retry-after"]) == (429, OWN[0], "2")


@pytest.mark.parametrize("origin", FOREIGN)
async def test_pages_of_other_sites_may_not(unrendered: Sandbox, origin: str) -> None:
    """An origin elsewhere is never told that it may read: neither by a preflight nor by an answer."""
    for method, url in CALLS:
        answer = await preflight(unrendered, method, url, origin)
        assert ALLOWED not in answer.headers
        assert answer.status_code >= 400
    key = {"Authorization": "Bearer k", "Origin": origin}
    assert ALLOWED not in (await unrendered.http.get(f"{API}/generations", headers=key)).headers


@pytest.mark.parametrize(("method", "path"), CONTROL)
async def test_the_control_routes_stay_closed(unrendered: Sandbox, method: str, path: str) -> None:
    """Neither a page of this machine nor another one gets a preflight or an answer of the sandbox's own routes."""
    for origin in (*OWN, BASE, *FOREIGN):
        asked = await preflight(unrendered, method, path, origin)
        assert asked.status_code == 405
        assert not [name for name in asked.headers if name.startswith("access-control-")]
        answer = await unrendered.http.request(method, path, headers={"Origin": origin})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert (answer.status_code == 403) == (origin != BASE)


async def test_what_no_browser_sends_is_as_it_was(wire: Wire) -> None:
    """A client without an Origin gets its answer without any of it; OPTIONS by itself is no route."""
    answer = await wire.http.get("/dream-machine/v1/generations")
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert (await wire.http.options("/dream-machine/v1/generations")).status_code == 405


PAGE = """<!doctype html><title>client</title><pre id="out">nothing</pre><script>
const api = "%s", key = {"Authorization": "Bearer k", "X-Stainless-Lang": "js"};
const tell = (text) => { document.getElementById("out").textContent = text; };
(async () => {
  const wanted = {model: "photon-flash-1", prompt: "a quiet lake at dawn"};
  const made = await (await fetch(api + "/dream-machine/v1/generations/image", {
    method: "POST", body: JSON.stringify(wanted), headers: {...key, "Content-Type": "application/json"}})).json();
  let found = made;
  while (found.state !== "completed")
    found = await (await fetch(api + "/dream-machine/v1/generations/" + made.id, {headers: key})).json();
  const picture = await (await fetch(found.assets.image)).arrayBuffer();
  let books = "closed";
  try { await fetch(api + "/sandbox/books"); books = "open"; } catch { }
  tell(`${found.state}, ${picture.byteLength > 1000 ? "a picture" : "nothing"}, books ${books}`);
})().catch((error) => tell("refused: " + error));
</script>"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A folder that is served on loopback, as somebody's page would be, and its port."""
    folder = tmp_path / "site"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
@pytest.mark.parametrize("host", ["localhost", "elsewhere.example"])
def test_a_real_browser(
    tmp_path: Path, servers: list[subprocess.Popen[str]], site: tuple[Path, int], host: str
) -> None:  # fmt: skip
    """In Chromium a page of this machine makes a still and reads it, and not the books; one of another site nothing."""
    home = tmp_path / "home"
    servers.append(start(home, "--latency", "0"))
    folder, port = site
    (folder / "index.html").write_text(PAGE % address(home, servers[-1]))
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
            f"--host-resolver-rules=MAP {host} 127.0.0.1", f"--user-data-dir={tmp_path / 'profile'}",
            "--timeout=120000", "--virtual-time-budget=60000", "--dump-dom", f"http://{host}:{port}/index.html",
        ],
        capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    expected = "completed, a picture, books closed" if host == "localhost" else "refused: TypeError"
    assert expected in done.stdout, done.stdout[-600:]
