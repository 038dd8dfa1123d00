"""The EXR frames of an HDR clip: beside the film, fetched once."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from studio.production import Production
from tests.support.running import Sandbox

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.mark.usefixtures("studio")
async def test_exr_frames_lie_beside_the_film(workplace: Path, sandbox: Sandbox) -> None:
    """``exr: true`` brings an archive of EXR frames; a rerun has it without asking the service for anything."""
    from flows.produce import produce

    film = Production.model_validate({
        "title": "Dawn", "model": "ray-3",
        "scenes": [{"id": "dawn", "prompt": "the first light", "hdr": True, "exr": True}],
    })  # fmt: skip
    first = await produce(production=film, out="one")
    assert first["cost_usd"] == "0.90"
    with zipfile.ZipFile(workplace / "one" / "dawn.exr.zip") as archive:
        names = archive.namelist()
        assert names
        assert all(archive.read(name).startswith(b"\x76\x2f\x31\x01") for name in names)  # OpenEXR's magic number
    sandbox.stop()
    again = await produce(production=film, out="two")
    assert again["cost_usd"] == "0.00"
    assert (workplace / "two" / "dawn.exr.zip").read_bytes() == (workplace / "one" / "dawn.exr.zip").read_bytes()
