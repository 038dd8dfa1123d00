"""Between the links of a chain: the next order waits for its parent's measures, and not until all of it is decoded."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadClip
from studio.media.clip import examine
from studio.media.first_look import first_look
from tests.support.example_service import ExampleServer, installed
from tests.support.running import command

ROOT = Path(__file__).parents[2]
FILM = """
title: Two links
resolution: 540p
model: example-1
scenes:
  - {id: near, prompt: a harbour, duration: 4}
  - {id: away, prompt: a boat leaves the harbour, duration: 4, continue_from: near}
"""
PATIENCE = 60  # seconds after which an order is taken not to come


class Damaging(ExampleServer):
    """A service whose first download is damaged, and whose second comes only when the next link was ordered."""

    def __init__(self, folder: Path) -> None:
        self.downloads, self.ordered_before = 0, False
        self.second_order = threading.Event()
        super().__init__(folder)

    def took(self, name: str) -> None:
        if name == "job-2":
            self.second_order.set()

    def clip(self, folder: Path, job: Mapping[str, Any]) -> Path:
        whole = super().clip(folder, job)
        if job["prompt"] != "a harbour":
            return whole
        self.downloads += 1
        if self.downloads == 1:
            return damaged(whole)
        self.ordered_before = self.second_order.wait(PATIENCE)
        return whole


def damaged(clip: Path) -> Path:
    """The same clip, with noise in place of its last third of pictures: its measures are as before."""
    data = bytearray(clip.read_bytes())
    start = data.index(b"mdat")
    size = int.from_bytes(data[start - 4 : start], "big")
    for at in range(start + 2 * size // 3, start + size - 100):
        data[at] ^= 0xA5
    path = clip.with_name("damaged.mp4")
    path.write_bytes(data)
    return path


@pytest.fixture
def server(tmp_path: Path) -> Any:
    served = Damaging(tmp_path)
    yield served
    served.stop()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_an_order_does_not_wait_until_its_parent_is_decoded(workplace: Path, server: Damaging, tmp_path: Path) -> None:
    """The next link is ordered while its parent, which proved damaged when it was decoded, is fetched once more."""
    (workplace / "film.yaml").write_text(FILM)
    path = os.pathsep.join([str(ROOT), installed(tmp_path)])
    done = command(workplace, "film.yaml", "--out", "out", PYTHONPATH=path, EXAMPLE_BASE_URL=server.url)
    assert done.returncode == 0, done.stderr
    assert (server.downloads, server.ordered_before) == (2, True)


def test_the_first_look_measures_as_the_examination_does(tmp_path: Path) -> None:
    """Size and length are known without decoding, also of a clip that is damaged further on."""
    whole = ExampleServer.of_form(tmp_path, "540p", "4s")
    clip = examine(whole)
    for path in (whole, damaged(whole)):
        seen = first_look(path)
        assert (seen.width, seen.height, seen.seconds) == (clip.width, clip.height, clip.duration)
    with pytest.raises(BadClip):
        examine(damaged(whole))
