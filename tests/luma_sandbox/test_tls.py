"""HTTPS with the sandbox's own certificate: how it is made and kept, and what goes over it."""

from __future__ import annotations

import asyncio
import io
import json
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import lumaai
import pytest
from cryptography import x509
from PIL import Image

from luma_sandbox.certificates import LOOPBACK, RENEWED, Certificate, certificate, names_of
from luma_sandbox.errors import SettingsError
from studio import errors
from studio.connections import trusted
from studio.execution.local_sandbox import ensure_sandbox
from tests.support.sandbox_process import PATIENCE, address, start
from tests.support.sandbox_wire import Wire, served

NOW = 1_800_000_000.0
DAY = 86_400.0


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    """A sandbox that speaks HTTPS on a real socket."""
    async with served(tmp_path / "home", tls=LOOPBACK) as wire:
        yield wire


def bytes_of(made: Certificate) -> tuple[bytes, bytes, bytes]:
    """All that is on the disk of it."""
    return made.ca.read_bytes(), made.server.read_bytes(), made.key.read_bytes()


def names(path: Path) -> set[str]:
    """The names that a certificate is for."""
    shown = x509.load_pem_x509_certificate(path.read_bytes())
    held = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in held}


def test_it_is_made_for_this_machine_and_kept(tmp_path: Path) -> None:
    """It holds for the three names of loopback, its key is its owner's alone, and the next start finds it."""
    umask = os.umask(0)
    try:
        made = certificate(tmp_path / "tls", LOOPBACK, NOW)
    finally:
        os.umask(umask)
    assert names(made.server) == set(LOOPBACK)
    assert made.key.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (tmp_path / "tls").iterdir()) == ["ca.pem", "server.key", "server.pem"]
    before = bytes_of(made)
    again = certificate(tmp_path / "tls", LOOPBACK, NOW + 300 * DAY)
    assert (again, bytes_of(again)) == (made, before)


def test_the_authority_is_good_for_nothing_else(tmp_path: Path) -> None:
    """Its key is on no disk, and what it may sign for is this machine's names and no other host's."""
    made = certificate(tmp_path / "tls", LOOPBACK, NOW)
    authority = x509.load_pem_x509_certificate(made.ca.read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    allowed = {str(name.value) for name in limits.value.permitted_subtrees or ()}
    assert allowed == {"localhost", "127.0.0.1/32", "::1/128"}
    shapes = [
        x509.load_pem_x509_certificate(path.read_bytes())
        .extensions.get_extension_for_class(x509.BasicConstraints)
        .value
        for path in (made.ca, made.server)
    ]
    assert [(shape.ca, shape.path_length) for shape in shapes] == [(True, 0), (False, None)]
    private = made.key.read_bytes()
    assert private.count(b"PRIVATE KEY-----") == 2
    shown = x509.load_pem_x509_certificate(made.server.read_bytes())
    assert shown.public_key() != authority.public_key()


def test_it_is_made_anew_before_it_ends(tmp_path: Path) -> None:
    """A start in its last month, and one before its time, make another one."""
    made = certificate(tmp_path / "tls", LOOPBACK, NOW)
    before, ends = bytes_of(made), made.until.timestamp()
    assert bytes_of(certificate(tmp_path / "tls", LOOPBACK, ends - RENEWED.total_seconds() - DAY)) == before
    later = certificate(tmp_path / "tls", LOOPBACK, ends - RENEWED.total_seconds() + DAY)
    assert bytes_of(later) != before
    assert later.until > made.until
    earlier = certificate(tmp_path / "tls", LOOPBACK, NOW - 30 * DAY)
    assert earlier.until < later.until


@pytest.mark.parametrize(
    "harm",
    [
        "no key",
        "no authority",
        "no certificate",
        "cut",
        "another's key",
        "another's authority",
        "open to others",
    ],
)
def test_what_cannot_be_used_is_made_anew(tmp_path: Path, harm: str) -> None:
    """A file that is missing, damaged, of another pair or readable by others is not served: all three are made."""
    made = certificate(tmp_path / "tls", LOOPBACK, NOW)
    other = certificate(tmp_path / "other", LOOPBACK, NOW)
    before = bytes_of(made)
    match harm:
        case "no key":
            made.key.unlink()
        case "no authority":
            made.ca.unlink()
        case "no certificate":
            made.server.unlink()
        case "cut":
            made.server.write_bytes(before[1][:100])
        case "another's key":
            made.key.write_bytes(other.key.read_bytes())
        case "another's authority":
            made.ca.write_bytes(other.ca.read_bytes())
        case "open to others":
            made.key.chmod(0o644)
    again = certificate(tmp_path / "tls", LOOPBACK, NOW)
    assert not set(bytes_of(again)) & set(before)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(again.server, again.key)
    assert again.key.stat().st_mode & 0o777 == 0o600


def test_the_names_of_an_exposed_server(tmp_path: Path) -> None:
    """A certificate holds the bound and the public address too; a name that it lacks makes another one."""
    assert names_of("127.0.0.1", "") == LOOPBACK
    assert names_of("0.0.0.0", "") == names_of("::", "") == LOOPBACK  # noqa: S104
    wanted = names_of("192.168.1.5", "https://clips.example:8443/x")
    assert wanted == (*LOOPBACK, "192.168.1.5", "clips.example")
    certificate(tmp_path, LOOPBACK, NOW)
    assert names(certificate(tmp_path, wanted, NOW).server) == set(wanted)
    made = certificate(tmp_path, wanted, NOW)
    assert bytes_of(certificate(tmp_path, LOOPBACK, NOW)) == bytes_of(made)
    with pytest.raises(SettingsError, match="no address"):
        names_of("127.0.0.1", "https://[::1")
    with pytest.raises(SettingsError, match="no certificate can be made"):
        certificate(tmp_path, [f"{'a' * 80}.example"], NOW)


async def test_assets_are_on_https_and_can_be_read_back(wire: Wire) -> None:
    """Both APIs give https addresses, a client that trusts the authority reads them, and so does the sandbox itself."""
    picture = io.BytesIO()
    Image.effect_noise((1280, 720), 60).convert("RGB").save(picture, "JPEG")
    first = await wire.ended((await wire.create()).id)
    assert first.assets is not None
    assert str(first.assets.video).startswith(f"{wire.url}/sandbox/assets/")
    assert wire.server_state.address == wire.url
    (wire.server_state.home.clip(str(first.id))).write_bytes(
        picture.getvalue()
    )  # a picture under an address of its own
    frame = {"frame0": {"type": "image", "url": str(first.assets.video)}}
    second = await wire.ended((await wire.create(keyframes=frame)).id)
    assert (second.state, second.failure_reason) == ("completed", None)
    announced = {"mime_type": "image/png", "filename": "a.png", "size_bytes": 3}
    file = (await wire.http.post("/v1/files", json=announced)).json()
    assert file["upload"]["url"].startswith(f"{wire.url}/sandbox/uploads/"), file


async def test_the_page_tells_how_to_trust_it(wire: Wire) -> None:
    """The page names https addresses and the authority's file; over plain HTTP there is nothing to trust."""
    page = (await wire.http.get("/")).text
    assert wire.server_state.certificate is not None
    assert f"NODE_EXTRA_CA_CERTS={wire.server_state.certificate.ca}" in page
    assert f"LUMAAI_BASE_URL={wire.url}/dream-machine/v1" in page


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
async def test_it_is_trusted_by_name_and_by_address(wire: Wire, name: str) -> None:
    """A client that has the authority reaches it under either name; one that has not is told, and gets nothing."""
    url = f"https://{name}:{httpx.URL(wire.url).port}/ping"
    headers = {"Authorization": "Bearer k"}
    assert wire.server_state.certificate is not None
    trust = ssl.create_default_context(cafile=wire.server_state.certificate.ca)
    async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
        assert (await client.get(url, headers=headers)).json() == {"message": "pong"}
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(url, headers=headers)


@pytest.mark.parametrize("reset", [False, True])
async def test_a_lost_answer_over_https(wire: Wire, reset: bool) -> None:
    """A fault ends an encrypted connection as it ends a plain one: no answer, and the create is in the books."""
    await wire.faults({"kind": "lost_answer", "on": "create.video", "nth": 1, "reset": reset})
    with pytest.raises(lumaai.APIConnectionError):
        await wire.create()
    assert len(wire.server_state.books.creates()) == 1
    await wire.create()
    assert len(wire.server_state.books.creates()) == 2


@pytest.mark.long
def test_the_command_tells_how_to_trust_it(tmp_path: Path, servers: list[subprocess.Popen[str]]) -> None:
    """It prints the authority's file and the variables, and clients of both SDKs that get them work unchanged."""
    server = start(tmp_path / "a home", "--tls", "--latency", "0")
    servers.append(server)
    url = address(tmp_path / "a home", server)
    assert url.startswith("https://127.0.0.1:")
    ca = tmp_path / "a home" / "tls" / "ca.pem"
    code = (
        "import lumaai, luma_agents; print(lumaai.LumaAI(max_retries=0).ping.check().message,"
        " len(luma_agents.Luma(max_retries=0).files.list().data))"
    )
    environment = os.environ | {
        "LUMAAI_BASE_URL": f"{url}/dream-machine/v1", "LUMAAI_API_KEY": "k", "SSL_CERT_FILE": str(ca),
        "LUMA_BASE_URL": f"{url}/v1", "LUMA_AGENTS_API_KEY": "k",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "pong 0", done.stderr
    server.terminate()
    output, _ = server.communicate(timeout=PATIENCE)
    assert server.returncode == 0
    for variable in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"):
        assert f"{variable}='{ca}'" in output
    assert "Traceback" not in output


@pytest.mark.long
async def test_a_run_without_a_key_meets_one(tmp_path: Path, servers: list[subprocess.Popen[str]]) -> None:
    """The studio's own starter finds an HTTPS sandbox in its home: one error that says what to do."""
    server = start(tmp_path, "--tls")
    servers.append(server)
    await asyncio.to_thread(address, tmp_path, server)
    with pytest.raises(errors.SettingsError, match="--tls"):
        await ensure_sandbox(tmp_path, latency=0)
    assert server.poll() is None


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_studio_works_over_https(tmp_path: Path, servers: list[subprocess.Popen[str]]) -> None:
    """A billed run whose address is https and whose authority is in SSL_CERT_FILE makes its film, past any proxy."""
    server = start(tmp_path / "sandbox", "--tls", "--latency", "0", "--coarse")
    servers.append(server)
    url = address(tmp_path / "sandbox", server)
    film = {
        "title": "One", "model": "ray-flash-2", "resolution": "540p", "budget": 5,
        "scenes": [{"id": "a", "prompt": "a harbour at dawn"}, {"id": "b", "prompt": "a boat", "continue_from": "a"}],
    }  # fmt: skip
    (tmp_path / "one.json").write_text(json.dumps(film))
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API", "SSL_"))} | {
        "LUMAAI_BASE_URL": f"{url}/dream-machine/v1", "LUMAAI_API_KEY": "k",
        "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9",
    }  # fmt: skip

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flows.produce", "one.json", "--yes"], cwd=tmp_path, env=environment | more,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=540,
        )  # fmt: skip

    wrong = run(SSL_CERT_FILE=str(tmp_path / "none.pem"))
    assert (wrong.returncode, "SSL_CERT_FILE cannot be used" in wrong.stderr) == (2, True), wrong.stderr
    assert "Traceback" not in wrong.stderr
    done = run(SSL_CERT_FILE=str(tmp_path / "sandbox" / "tls" / "ca.pem"))
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("films/*/*/film.mp4"))


def test_what_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authorities are those of SSL_CERT_FILE where it is set; what cannot be used is one error that names it."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    assert len(trusted().get_ca_certs()) > 20
    made = certificate(tmp_path / "tls", LOOPBACK, NOW)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.ca))
    assert len(trusted().get_ca_certs()) == 1
    (tmp_path / "empty.pem").write_text("nothing")
    for path in (tmp_path / "none.pem", tmp_path / "empty.pem", tmp_path):
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        with pytest.raises(errors.SettingsError, match="SSL_CERT_FILE cannot be used") as caught:
            trusted()
        assert caught.value.where == str(path)
