"""A server that cannot be reached: each reason in its own words, an untrusted certificate at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from luma_sandbox.certificates import LOOPBACK, certificate
from studio.assets.publish.reach import try_out
from studio.assets.publish.s3 import S3Files
from studio.connections import trouble_of
from studio.errors import Ambiguous, AssetError, NotSent, ServiceError, SettingsError, Untrusted
from studio.execution.polling import GenerationPoller
from studio.execution.retries import FETCH, GENERATE, PUBLISH, SETTLE
from studio.providers import GenerationService
from studio.providers.luma.agents import Agents
from studio.providers.luma.dream_machine import DreamMachine
from studio.storage.clip_store import ClipStore
from studio.storage.download import download
from tests.support.sandbox_process import address, start
from tests.support.sandbox_wire import Wire, served
from tests.support.seeds import Source, encoded, halves, look, look_at_bytes

CREATES = {
    "luma": ("video", {"model": "ray-2", "prompt": "a sea", "resolution": "540p", "duration": "5s"}),
    "agents": ("video", {"model": "ray-3.2", "prompt": "a sea", "video": {"resolution": "540p", "duration": "5s"}}),
}


class Naps(list[float]):
    """Stands in for waiting: it keeps the pauses, and makes none."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture(autouse=True)
def _no_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    """A sandbox that speaks HTTPS, by an authority that nobody here trusts."""
    async with served(tmp_path / "home", tls=LOOPBACK) as wire:
        yield wire


@contextlib.asynccontextmanager
async def provider_at(api: str, origin: str, naps: Naps, **options: Any) -> AsyncIterator[GenerationService]:
    made: GenerationService
    if api == "luma":
        made = DreamMachine(api_key="k", base_url=f"{origin}/dream-machine/v1", local=True, sleep=naps, **options)
    else:
        made = Agents(api_key="k", base_url=f"{origin}/v1", local=True, sleep=naps, **options)
    try:
        yield made
    finally:
        await made.aclose()


@pytest.mark.parametrize("api", CREATES)
async def test_an_untrusted_certificate_is_said_to_be_one(wire: Wire, api: str) -> None:
    """Creates and reads of both APIs: one try, no pause, nothing bought; SSL_CERT_FILE and the host are named."""
    naps = Naps()
    async with provider_at(api, wire.url, naps) as provider:
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: provider.create(*CREATES[api]),
            lambda: provider.get("g"),
            provider.ping,
        ]
        for call in calls:
            with pytest.raises(Untrusted, match="is not trusted") as caught:
                await call()
            assert "SSL_CERT_FILE" in caught.value.hint
            assert wire.url.removeprefix("https://") in caught.value.message
            assert not any(rule.worth(caught.value) for rule in (GENERATE, FETCH, SETTLE, PUBLISH))
    assert naps == []
    assert wire.server_state.books.creates() == []


async def test_with_its_authority_named_it_is_trusted(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint's remedy helps; with another authority named the hint speaks of the one that is set."""
    assert wire.server_state.certificate is not None
    monkeypatch.setenv("SSL_CERT_FILE", str(wire.server_state.certificate.ca))
    async with provider_at("luma", wire.url, Naps()) as provider:
        await provider.ping()
    other = certificate(wire.server_state.home.root / "other", LOOPBACK, wire.server_state.clock.now())
    monkeypatch.setenv("SSL_CERT_FILE", str(other.ca))
    async with provider_at("luma", wire.url, Naps()) as provider:
        with pytest.raises(Untrusted) as caught:
            await provider.ping()
    assert "in place of the one that is set" in caught.value.hint


@contextlib.asynccontextmanager
async def encrypted(folder: Path, names: tuple[str, ...], now: float) -> AsyncIterator[tuple[str, Path]]:
    """A server that shows a certificate for these names, made at a time; its address, and its authority."""
    made = certificate(folder, names, now)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", made.ca


@pytest.mark.parametrize(
    ("names", "now", "said", "hint"),
    [
        (LOOPBACK, 1_000_000_000.0, "it has ended", "renewed"),
        (LOOPBACK, 4_000_000_000.0, "it is not valid yet", "clock"),
    ],
    ids=["ended", "not yet"],
)
async def test_a_certificate_out_of_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], now: float, said: str, hint: str
) -> None:
    """A certificate of a known authority that has ended, or does not hold yet, is told with what to do about it."""
    async with encrypted(tmp_path / "tls", names, now) as (origin, ca):
        monkeypatch.setenv("SSL_CERT_FILE", str(ca))
        async with provider_at("luma", origin, naps := Naps()) as provider:
            with pytest.raises(Untrusted, match=said) as caught:
                await provider.ping()
    assert hint in caught.value.hint
    assert naps == []


async def test_a_certificate_for_another_name() -> None:
    """The authority is known and the name is not the certificate's: another file of authorities does not help."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed: Hostname mismatch")
    error.verify_code, error.verify_message = 62, "Hostname mismatch, certificate is not valid for 'a.example'."
    trouble = trouble_of(error)
    assert trouble is not None
    assert trouble.untrusted
    assert "made for another name" in trouble.said
    assert trouble.hint.startswith("call the server by the name")


async def _refused() -> AsyncIterator[str]:
    with socket.socket() as taken:  # bound and not listening: nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


async def _nowhere() -> AsyncIterator[str]:
    yield "http://nowhere.invalid"


async def _plain() -> AsyncIterator[str]:
    server = await asyncio.start_server(lambda _, writer: writer.write(b"HTTP/1.1 400 no\r\n\r\n"), "127.0.0.1", 0)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


#: A server's state, what is said of it, and whether a create was certainly not sent.
STATES: dict[str, tuple[Callable[[], AsyncIterator[str]], str]] = {
    "refused": (_refused, r"127\.0\.0\.1:\d+ refused the connection"),
    "not found": (_nowhere, r"the name of nowhere\.invalid is not found"),
    "no TLS there": (_plain, "agree on no encryption"),
}


@pytest.mark.parametrize("api", CREATES)
@pytest.mark.parametrize("state", STATES)
async def test_reasons_are_told_apart(api: str, state: str) -> None:
    """Each reason has words of its own, for creates, which are not sent, and for reads, which are tried three times."""
    place, said = STATES[state]
    naps = Naps()
    async with contextlib.aclosing(place()) as places:  # type: ignore[type-var]
        origin = await anext(places)
        async with provider_at(api, origin, naps) as provider:
            with pytest.raises(NotSent, match=said) as caught:
                await provider.create(*CREATES[api])
            assert caught.value.hint
            assert naps == []
            with pytest.raises(NotSent, match=said) as caught:
                await provider.ping()
    assert not isinstance(caught.value, Untrusted)
    assert caught.value.message.startswith("the service cannot be reached: ")
    assert naps == [0.5, 1.0]


@pytest.mark.parametrize("api", CREATES)
async def test_a_proxy_that_may_be_the_reason_is_named(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment has one, the service is not said to refuse; user and password are not shown."""
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://user:SECRET@127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with provider_at(api, "http://service.invalid", Naps()) as provider:
        with pytest.raises(NotSent, match=r"no connection to .*, there or at the proxy 127\.0\.0\.1:9") as caught:
            await provider.ping()
    assert "no_proxy" in str(caught.value.hint)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("api", CREATES)
async def test_a_server_that_does_not_answer(api: str) -> None:
    """A time-out is told as one: of a create nobody knows what became, of a read nothing did."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        limits = httpx.Timeout(5.0, read=0.2)
        async with provider_at(api, origin, naps := Naps(), timeout=limits) as provider:
            with pytest.raises(Ambiguous, match=r"sent no answer in time \(ReadTimeout\)"):
                await provider.create(*CREATES[api])
            with pytest.raises(ServiceError, match=r"sent no answer in time \(ReadTimeout\)"):
                await provider.get("g")
    assert naps == [0.5, 1.0]


@pytest.mark.parametrize("api", CREATES)
@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", b"SSH-2.0-x\r\n"])
async def test_a_server_that_breaks_off(api: str, answer: bytes) -> None:
    """No answer, half of one, or one that is no HTTP, names the server, with what to look at; a create is in doubt."""

    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(broken, "127.0.0.1", 0)
    async with server:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with provider_at(api, f"http://{host}", naps := Naps()) as provider:
            with pytest.raises(Ambiguous, match=f"{host} broke off before a whole answer in HTTP had come"):
                await provider.create(*CREATES[api])
            with pytest.raises(ServiceError, match=f"{host} broke off before a whole answer in HTTP") as caught:
                await provider.get("g")
    assert "the right port?" in caught.value.hint
    assert naps == [0.5, 1.0]


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [
        ([503, 503], [0.5, 1.0]),
        ([429], [7.0]),
        ([500], []),
        ([400], []),
    ],
    ids=["twice", "as the service asks", "the service says not to", "final"],
)
async def test_a_read_is_tried_again_as_the_sdk_would(answers: list[int], pauses: list[float]) -> None:
    """408, 409, 429 and 5xx are tried again, twice at most; Retry-After and x-should-retry are heeded."""
    left, naps = list(answers), Naps()

    def answer(_: httpx.Request) -> httpx.Response:
        if not left:
            return httpx.Response(200, json={"message": "pong"})
        status = left.pop(0)
        headers = {429: {"retry-after": "7"}, 500: {"x-should-retry": "false"}}.get(status, {})
        return httpx.Response(status, headers=headers, json={"detail": "no"})

    transport = httpx.MockTransport(answer)
    async with provider_at("luma", "https://api.example", naps, transport=transport) as provider:
        if pauses:
            await provider.ping()
        else:
            with pytest.raises(ServiceError):
                await provider.ping()
    assert naps == pauses


async def test_who_waits_hears_of_it_at_once(wire: Wire) -> None:
    """A watcher does not sit out a certificate as it sits out an outage."""
    async with provider_at("luma", wire.url, Naps()) as provider:
        poller = GenerationPoller(provider, sleep=(naps := Naps()))
        with pytest.raises(Untrusted):
            await poller.wait("g", timeout=600)
        await poller.aclose()
    assert naps == []


async def test_an_asset_behind_an_untrusted_certificate(wire: Wire, tmp_path: Path) -> None:
    """The plan's error names the asset and SSL_CERT_FILE, and nothing of the URL but its host."""
    with pytest.raises(AssetError, match=r"its URL cannot be read \(the certificate of .* is not trusted") as caught:
        await look(Source(url=f"{wire.url}/a.png?sig=SECRET"), tmp_path / "kept")
    assert caught.value.where == "asset 'seed'"
    assert "SSL_CERT_FILE" in caught.value.hint
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("state", STATES)
async def test_an_asset_that_cannot_be_fetched(tmp_path: Path, state: str) -> None:
    """Reasons why an asset's URL fails are told apart, too."""
    place, said = STATES[state]
    async with contextlib.aclosing(place()) as places:  # type: ignore[type-var]
        origin = await anext(places)
        with pytest.raises(AssetError, match=said):
            await look(Source(url=f"{origin}/a.png"), tmp_path / "kept")


async def test_a_published_asset_behind_an_untrusted_certificate(wire: Wire, tmp_path: Path) -> None:
    """An untrusted certificate is not tried again."""
    image = await look_at_bytes(encoded(halves()), tmp_path)
    pauses: list[float] = []
    with pytest.raises(Untrusted, match="is not trusted") as caught:
        await asyncio.to_thread(try_out, f"{wire.url}/a.png?sig=SECRET", image, sleep=pauses.append)
    assert (caught.value.where, pauses) == ("asset 'seed'", [])
    assert "SSL_CERT_FILE" in caught.value.hint
    assert "SECRET" not in str(caught.value)


async def test_a_bucket_behind_an_untrusted_certificate(
    wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket's endpoint is held to the same authorities: SSL_CERT_FILE is what is missing, and what helps."""
    for name, value in {
        "AWS_ENDPOINT_URL": wire.url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "SECRET",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    image = await look_at_bytes(encoded(halves()), tmp_path)
    with pytest.raises(
        Untrusted, match="the bucket 'film' cannot be reached: the certificate of its endpoint"
    ) as caught:
        await asyncio.to_thread(S3Files("s3://film/a", internet=False).publish, image)
    assert "SSL_CERT_FILE" in caught.value.hint
    assert "SECRET" not in str(caught.value)
    assert wire.server_state.certificate is not None
    monkeypatch.setenv("SSL_CERT_FILE", str(wire.server_state.certificate.ca))
    with pytest.raises((AssetError, SettingsError)) as after:  # it is reached, and is no bucket
        await asyncio.to_thread(S3Files("s3://film/a", internet=False).publish, image)
    assert "certificate" not in str(after.value)


async def test_a_clip_behind_an_untrusted_certificate(wire: Wire, tmp_path: Path) -> None:
    """A clip's host is asked once; the error says that the clip is kept, and shows nothing of its URL."""
    naps, asked = Naps(), 0

    async def fresh() -> str:
        nonlocal asked
        asked += 1
        return f"{wire.url}/a.mp4?sig=SECRET"

    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(
            Untrusted, match="could not be fetched: the certificate of the host of the clip is not trusted"
        ) as caught:
            await download(fresh, ClipStore(tmp_path / "clips"), client=client, name="a", sleep=naps)
    assert (asked, naps, caught.value.where) == (1, [], "a")
    assert "SSL_CERT_FILE" in caught.value.hint
    assert "paid for" in caught.value.hint
    assert "SECRET" not in str(caught.value)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_command_says_it_once(tmp_path: Path, servers: list[subprocess.Popen[str]]) -> None:
    """A billed run against a server that is not trusted: nothing is bought, and SSL_CERT_FILE is named."""
    server = start(tmp_path / "sandbox", "--tls", "--latency", "0")
    servers.append(server)
    url = address(tmp_path / "sandbox", server)
    film = {"title": "One", "resolution": "540p", "budget": 5, "scenes": [{"id": "a", "prompt": "a harbour at dawn"}]}
    (tmp_path / "one.json").write_text(json.dumps(film))
    unset = ("LUMA", "PREFECT_API", "SSL_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    environment |= {"LUMAAI_BASE_URL": f"{url}/dream-machine/v1", "LUMAAI_API_KEY": "k"}
    done = subprocess.run(
        [sys.executable, "-m", "flows.produce", "one.json", "--yes"], cwd=tmp_path, env=environment,
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=540,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    said = done.stdout + done.stderr
    assert "is not trusted" in said
    assert "SSL_CERT_FILE" in said
    assert "Traceback" not in said
    assert "AwaitingRetry" not in said
