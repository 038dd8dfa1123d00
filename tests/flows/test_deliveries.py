"""Deliveries in the flow: a real Prefect server, a real sandbox, and the command as it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from prefect import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from studio.errors import NotDelivered
from studio.media import ffmpeg
from studio.provenance.reading import read
from tests.support.running import Sandbox, booked, chain, charged

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


async def test_a_run_delivers(studio: Path, sandbox: Sandbox) -> None:
    """Result, artifact and files name the deliveries; a signed film says so."""
    from flows.produce import produce

    made = await produce(production=chain(film={"deliveries": ["web", "webp"], "provenance": "try"}), out="one")
    assert [(one["preset"], one["error"]) for one in made["deliveries"]] == [("web", None), ("webp", None)]
    for one in made["deliveries"]:
        found = read(Path(one["path"]))
        assert found is not None
        assert (found.state, found.ingredients[0].signed_by) == ("valid", "Trial signer")
    async with get_client() as client:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["film-chain"]))
        (text, *_) = await client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC)
    assert "| web | H.264, 960×540, 24 fps, 15.0 s, silent | `deliveries/chain.web.mp4` |" in str(text.data)
    assert "signed with a certificate made for trying: nobody trusts it" in (studio / "one" / "report.html").read_text()


async def test_a_run_whose_delivery_fails(studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends with the error; the film is the latest, with its report, and both books agree. Another run makes
    what is missing, at no cost."""
    from flows.produce import produce

    lesser = studio / "ffmpeg"
    lesser.write_text(f'#!/bin/sh\ncase "$*" in *libx265*) exit 7;; esac\nexec \'{ffmpeg.binary()}\' "$@"\n')
    lesser.chmod(0o755)
    written = chain(film={"deliveries": ["hevc", "gif"]})
    with monkeypatch.context() as patch:
        patch.setenv("STUDIO_FFMPEG", str(lesser))
        ffmpeg.encoders.cache_clear()
        with pytest.raises(NotDelivered, match="not delivered as hevc"):
            await produce(production=written)
    ffmpeg.encoders.cache_clear()
    latest = (studio / "films" / "chain" / "latest").resolve()
    assert {path.name for path in latest.iterdir()} >= {"film.mp4", "report.html", "costs.csv", "manifest.json"}
    told = {one["preset"]: one for one in json.loads((latest / "manifest.json").read_text())["deliveries"]}
    assert "ffmpeg ended with status 7" in told["hevc"]["error"]
    assert (latest / told["gif"]["path"]).is_file()
    paid = booked(studio)
    assert paid == charged(sandbox)
    again = await produce(production=written)
    assert [one["error"] for one in again["deliveries"]] == [None, None]
    assert booked(studio) == charged(sandbox) == paid


@pytest.mark.long
def test_the_command_is_stopped_while_it_delivers(workplace: Path, sandbox: Sandbox) -> None:
    """Ctrl-C: the encoders end, the film and its report are there and named, and no part of a delivery stays."""
    film = {
        "title": "Long", "model": "ray-flash-2", "resolution": "540p", "film": {"deliveries": ["av1", "hevc"]},
        "scenes": [{"id": f"s{n}", "prompt": f"the sea, {n}"} for n in range(4)],
    }  # fmt: skip
    (workplace / "film.json").write_text(json.dumps(film))
    slow = workplace / "ffmpeg"  # one that encodes deliveries at a tenth of the speed of time
    slow.write_text(
        f'#!/bin/bash\nargs=("$@")\ncase "$*" in *libsvtav1*|*libx265*) args=(-readrate 0.1 "${{@}}");; esac\n'
        f"exec '{ffmpeg.binary()}' \"${{args[@]}}\"\n"
    )
    slow.chmod(0o755)
    values = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API"))}
    values |= {"LUMAAI_BASE_URL": sandbox.url, "STUDIO_FFMPEG": str(slow)}
    run = subprocess.Popen(
        [sys.executable, "-m", "flows.produce", "film.json", "--out", "out"], cwd=workplace, env=values,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # off in the background
    )  # fmt: skip
    parts = workplace / "out" / "deliveries"
    deadline = time.monotonic() + 600
    while not (parts.is_dir() and len(list(parts.glob(".*.part"))) == 2):
        assert run.poll() is None, run.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.kill(run.pid, signal.SIGINT)
    shown, _ = run.communicate(timeout=240)
    assert run.returncode == 130, shown
    assert f"film     {workplace / 'out' / 'film.mp4'}" in shown
    assert list(parts.iterdir()) == []
    running = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in running if str(parts) in line]
    for name in ("film.mp4", "report.html", "manifest.json", "costs.csv"):
        assert (workplace / "out" / name).is_file()
