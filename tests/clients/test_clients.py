"""Clients that other people wrote and published, run against the sandbox: told nothing but an address and a key.

Each program in ``programs/`` does what its client's README does, waits, and downloads what was made. The versions are
those that the registries had as newest in November 2026, and two old ones that are still in use: a later release of
somebody else's is not to fail our suite.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from studio.media.clip import examine
from tests.clients.fetching import node_version, node_with, python_with
from tests.support.sandbox_process import address, start

PROGRAMS = Path(__file__).parent / "programs"
PATIENCE = 600.0

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]


@dataclass(frozen=True)
class Server:
    """A running sandbox: where it listens, and the authority to trust for it, if it speaks HTTPS."""

    url: str
    ca: Path | None = None

    def environment(self) -> dict[str, str]:
        """The environment of a client: addresses, keys, an authority."""
        ours = ("LUMA", "STUDIO_", "PYTHON", "SSL_CERT", "NODE_EXTRA", "REQUESTS_CA")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        told = {
            "LUMAAI_BASE_URL": f"{self.url}/dream-machine/v1", "LUMAAI_API_KEY": "sandbox",
            "LUMA_BASE_URL": f"{self.url}/v1", "LUMA_AGENTS_API_KEY": "sandbox",
            "SANDBOX": self.url, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
        }  # fmt: skip
        trust = {} if self.ca is None else {"SSL_CERT_FILE": str(self.ca), "NODE_EXTRA_CA_CERTS": str(self.ca)}
        return kept | told | trust

    def asked(self) -> list[dict[str, Any]]:
        """Every create so far, as the books have it."""
        trust = True if self.ca is None else ssl.create_default_context(cafile=self.ca)
        answer = httpx.get(f"{self.url}/sandbox/books", trust_env=False, verify=trust).raise_for_status()
        creates: list[dict[str, Any]] = answer.json()["creates"]
        return creates


@pytest.fixture(scope="module")
def cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that keeps clients between runs."""
    known = request.config.cache
    return tmp_path_factory.mktemp("clients") if known is None else known.mkdir("clients")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A sandbox as anybody starts it, only quicker."""
    with running(tmp_path_factory.mktemp("plain")) as server:
        yield server


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same over HTTPS."""
    with running(tmp_path_factory.mktemp("encrypted"), "--tls") as server:
        yield server


@contextmanager
def running(home: Path, *options: str) -> Iterator[Server]:
    """A sandbox under the assumptions that hold by default, whatever the other tests assume."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("STUDIO_SANDBOX_ASSUME", raising=False)
        process = start(home, "--latency", "0.5", *options)
    try:
        url = address(home, process)
        yield Server(url, home / "tls" / "ca.pem" if url.startswith("https:") else None)
    finally:
        process.kill()
        process.communicate()


def run(command: list[str], server: Server, folder: Path) -> None:
    """Run a client's program; all that it ordered was made."""
    before = len(server.asked())
    done = subprocess.run(
        command, cwd=folder, env=server.environment(), capture_output=True, text=True, timeout=PATIENCE
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    states = [create["state"] for create in server.asked()[before:]]
    assert states
    assert set(states) == {"completed"}


def clip(path: Path) -> tuple[int, int, int]:
    """Width, height and frames of a video, every one of them decoded."""
    facts = examine(path)
    return facts.width, facts.height, facts.frames


def picture(path: Path) -> tuple[int, int]:
    """Width and height of a picture that can be decoded in full."""
    with Image.open(path, formats=("JPEG", "PNG")) as image:
        image.load()
        return image.size


def test_lumaai_1_2(cache: Path, plain: Server, tmp_path: Path) -> None:
    """The oldest client that knows today's service makes a clip by the old path, without a model or a size."""
    python = python_with(cache, "lumaai==1.2.0")
    run([str(python), str(PROGRAMS / "lumaai_1_2.py"), "out.mp4"], plain, tmp_path)
    width, height, frames = clip(tmp_path / "out.mp4")
    assert (round(width / height, 1), frames) == (1.8, 120)


def test_lumaai_1_7(cache: Path, plain: Server, tmp_path: Path) -> None:
    """A client of 2025 makes a still, a clip from it, and one that goes on from that."""
    python = python_with(cache, "lumaai==1.7.4")
    run([str(python), str(PROGRAMS / "lumaai_1_7.py"), "out.mp4"], plain, tmp_path)
    assert clip(tmp_path / "out.mp4") == (960, 540, 120)


def test_lumaai_today(cache: Path, plain: Server, tmp_path: Path) -> None:
    """Today's client makes a clip and a still at once."""
    python = python_with(cache, "lumaai==1.21.0")
    run([str(python), str(PROGRAMS / "lumaai_today.py"), "out.mp4"], plain, tmp_path)
    assert clip(tmp_path / "out.mp4")[2] == 120
    assert picture(tmp_path / "out.still") == (1920, 1080)


def test_luma_agents_today(cache: Path, plain: Server, tmp_path: Path) -> None:
    """Today's client of the Agents API makes a still, and a clip that begins with it."""
    python = python_with(cache, "luma-agents==0.5.0")
    run([str(python), str(PROGRAMS / "luma_agents_today.py"), "out.mp4"], plain, tmp_path)
    assert clip(tmp_path / "out.mp4") == (960, 540, 120)
    assert picture(tmp_path / "out.still")[0] >= 1024


def test_genblaze_over_https(cache: Path, encrypted: Server, tmp_path: Path) -> None:
    """genblaze, which takes https assets only, makes a clip in a pipeline."""
    python = python_with(cache, "genblaze==0.4.5", "genblaze-luma==0.3.2")
    run([str(python), str(PROGRAMS / "genblaze_today.py"), "out.mp4"], encrypted, tmp_path)
    assert clip(tmp_path / "out.mp4")[2] == 120


@pytest.mark.parametrize("secured", [False, True], ids=["http", "https"])
def test_lumaai_of_npm(
    cache: Path, plain: Server, encrypted: Server, tmp_path: Path, secured: bool
) -> None:  # fmt: skip
    """The client for Node makes a clip, over HTTPS too."""
    run(node("lumaai_node.mjs", cache, "lumaai@1.19.1"), encrypted if secured else plain, tmp_path)
    assert clip(tmp_path / "out.mp4")[2] == 120


def test_ai_sdk_luma(cache: Path, plain: Server, tmp_path: Path) -> None:
    """The AI SDK makes a still through its Luma provider: today's where Node is new enough, else the one before."""
    today = node_version() >= 22
    packages = ("@ai-sdk/luma@3.0.41", "ai@7.0.173") if today else ("@ai-sdk/luma@2.0.57", "ai@6.0.326")
    run(node("ai_sdk.mjs", cache, *packages), plain, tmp_path)
    assert picture(tmp_path / "out.mp4") == (1920, 1080)


def node(program: str, cache: Path, *packages: str) -> list[str]:
    """The command that runs a program with these packages: Node looks for them beside it."""
    place = node_with(cache, *packages) / program
    shutil.copyfile(PROGRAMS / program, place)
    return [shutil.which("node") or "node", str(place), "out.mp4"]
