"""No answer of a service gives a traceback, whatever its fields and headers contain."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from studio.cleaning import printable
from studio.errors import Ambiguous, ServiceError
from studio.execution.reconciliation import reconcile
from studio.execution.session import open_session
from studio.providers import Generation, GenerationPage, GenerationService
from studio.providers.luma.agents import Agents
from studio.providers.luma.dream_machine import DreamMachine
from studio.settings import load_settings
from tests.support.productions import film, scene

FIELDS = (
    "id", "state", "created_at", "model", "assets", "video", "image", "failure_reason", "failure_code", "request",
    "generation_type", "type", "output", "url", "upload", "headers", "credit_balance", "generations", "has_more",
    "detail", "message", "error", "loc", "msg",
)  # fmt: skip
# Numbers that no type of ours holds, nesting that no stack holds, and characters that no encoding holds.
ODD = (
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "12345678901234567890", "9" * 400, "9" * 5000,
    "true", "null", '""', '"\\ud800"', '"\\u0000"', '"\\u001b[31m"', "[" * 990 + "]" * 990, "[" * 40_000 + "]" * 40_000,
    '{"a":' * 700 + "1" + "}" * 700, '"https://[/?sig=SECRET"', '"https://b.example/?sig=SECRET"',
    '"0001-01-01T00:00+23:59"', '"9999-12-31T23:59:59-23:59"',
    '"queued"', '"completed"', '"failed"', '"ready"', '"g"', '".."', '"a/../b"',
    '"' + "x" * 5000 + '"',
)  # fmt: skip
leaves = st.one_of(
    st.sampled_from(ODD), st.integers().map(str), st.floats().map(json.dumps), st.text(max_size=12).map(json.dumps)
)


def _object(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"


bodies = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: "[" + ",".join(items) + "]"),
        st.lists(st.tuples(st.sampled_from(FIELDS), inner), max_size=8).map(_object),
    ),
    max_leaves=25,
)
# What is nearly right: an answer whose id and state can be read, with anything in its other fields.
nearly = st.lists(st.tuples(st.sampled_from(FIELDS), bodies), max_size=6).map(
    lambda pairs: _object([("id", '"g"'), *pairs])
)
answers = st.one_of(bodies, nearly, st.binary(max_size=20).map(lambda data: data.decode("latin-1")))
statuses = st.sampled_from(
    [200, 201, 202, 204, 206, 300, 302, 400, 401, 402, 403, 404, 409, 418, 422, 429, 500, 503, 599]
)
told_times = st.sampled_from(
    ["", "1", "9" * 400, "inf", "nan", "-1", "٣", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
     "Mon, 01 Jan 0001 00:00:00 +9999", "Wed, 21 Oct 2015 07:28:00 GMT"]
)  # fmt: skip

calls: dict[str, Callable[[GenerationService, Path], Awaitable[Any]]] = {
    "create": lambda p, _: p.create("video", {"model": "ray-2", "prompt": "a sea"}),
    "get": lambda p, _: p.get("g"),
    "list": lambda p, _: p.list(),
    "credits": lambda p, _: p.credits(),
    "concepts": lambda p, _: p.list_camera_motions(),
    "ping": lambda p, _: p.ping(),
    "delete": lambda p, _: p.delete("g"),
    "upload": lambda p, path: p.upload(path, media_type="image/png"),
}


async def no_sleep(_: float) -> None:
    """Nothing is waited for."""


def provider_of(api: str, answer: Callable[[httpx.Request], httpx.Response]) -> GenerationService:
    """A real provider over the real SDK, on that transport."""
    kind = DreamMachine if api == "luma" else Agents
    transport = httpx.MockTransport(answer)
    return kind(api_key="key", base_url="https://api.example/v1", transport=transport, sleep=no_sleep)


def words_of(value: object) -> list[str]:
    """The texts in a result that go to screens, ledger and pages."""
    if isinstance(value, Generation):
        return [text for text in (value.id, value.state, value.model, value.failure_reason, value.kind) if text]
    if isinstance(value, GenerationPage):
        return [text for generation in value.generations for text in words_of(generation)]
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


@pytest.mark.parametrize("api", ["luma", "luma-agents"])
@pytest.mark.parametrize("call", calls)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(content=answers, status=statuses, wait=told_times)
@example(content='{"id":"g","state":' + "[" * 985 + "]" * 985 + "}", status=201, wait="")
@example(content='{"id":"g","failure_reason":"\\ud800 \\u001b[2J https://b.example/?sig=SECRET"}', status=200, wait="")
@example(content='{"id":"\\ud800"}', status=201, wait="")
@example(content='{"credit_balance":1e400}', status=200, wait="")
@example(content='{"credit_balance":NaN}', status=200, wait="")
@example(content='{"detail":' + "[" * 900 + "]" * 900 + "}", status=422, wait="")
@example(content='["\\u001b]0;own\\u0007", "\\ud800", "https://b.example/?sig=SECRET"]', status=200, wait="")
@example(
    content='{"id":"file","upload":{"url":"https://b.example/\\ud800","headers":{"a\\n":"\\ud800"}}}',
    status=201,
    wait="",
)
async def test_any_answer_is_read_or_a_service_error(
    tmp_path: Path, call: str, api: str, content: str, status: int, wait: str
) -> None:
    """Each call of both providers gives a clean result or a ServiceError; an unreadable 2xx to a create, Ambiguous."""
    picture = tmp_path / "a.png"
    picture.write_bytes(b"png")
    body = content.encode("utf-8", "surrogatepass")
    headers = {"content-type": "application/json; \x1b[31m", "x-should-retry": "false"}
    headers |= {"retry-after": wait.encode().decode("latin-1")} if wait else {}
    provider = provider_of(api, lambda _: httpx.Response(status, content=body, headers=headers))
    try:
        result = await calls[call](provider, picture)
    except ServiceError as error:
        told, raised = [str(error)], type(error)
    else:
        told, raised = words_of(result), Ambiguous
        if call == "credits":
            assert isinstance(result, Decimal)
            assert result.is_finite()
    finally:
        await provider.aclose()
    if call == "create" and 200 <= status < 300:
        assert raised is Ambiguous
    for text in told:
        assert text.encode()
        assert text == printable(text)
        assert "SECRET" not in text


@pytest.mark.parametrize(
    "balance",
    ["Infinity", "-Infinity", "NaN", "1e400", '"12"', "true", "null", "12345678901234567890", "-1e300", "[]", "{}",
     "9" * 5000],
)  # fmt: skip
async def test_a_balance_that_is_none_is_unreadable(balance: str) -> None:
    """A balance that is not a finite number of plausible size is reported as an unreadable answer."""
    content = f'{{"credit_balance": {balance}}}'
    provider = provider_of("luma", lambda _: httpx.Response(200, content=content.encode()))
    with pytest.raises(ServiceError, match=r"unreadable|not JSON"):
        await provider.credits()
    await provider.aclose()


class NoBalance(BaseHTTPRequestHandler):
    """A service whose account has no generations, and a balance that no number holds."""

    def do_GET(self) -> None:
        body = b'{"credit_balance": 1e400}' if self.path.endswith("/credits") else b'{"generations": []}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


async def test_reconcile_goes_on_without_a_balance(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreadable balance keeps nothing else from being settled, and no difference is reported."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), NoBalance)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("LUMAAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/dream-machine/v1")
    try:
        async with open_session(load_settings()) as session:
            plan, _ = await session.plan(film(scene("a")))
            wanted = plan.shot("a").intent("film", session.service.access("dream-machine").account)
            session.ledger.reserve(wanted, run="run", caps=[])
            session.ledger.release(wanted.key, 1, "never sent")
            done = await reconcile(session)
    finally:
        server.shutdown()
        server.server_close()
    assert (done.balance, done.unexplained, done.in_doubt) == (None, None, ())
