"""The frame at which the film cuts a scene is found in the clips as they came, and is the film's own last one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from studio.editing.edit import SceneSegments, segments_of
from studio.editing.seams import repeats, seams
from studio.execution.cut_frames import cut_frame
from studio.media.frames import frame_at, picture
from studio.storage.clip_store import ClipStore
from studio.storage.kept import Kept
from studio.storage.probe_cache import stored_clip
from tests.media.clips import moving, write_frames
from tests.support.planned import film, plan, scene


@dataclass
class Stores:
    """The part of a session that frames are taken from."""

    store: ClipStore
    kept: Kept


#: Frames of the chain's clips, each with the number of its first: 5 s, then 9 s and 5 s of which 12 s are shown.
AS_ORDERED = {"a": (120, 0), "b.1": (216, 120), "b.2": (120, 336)}
#: An extension whose file begins with its parent's last second, and clips that are a few frames longer or shorter.
ODD = {"a": (121, 0), "b.1": (216, 121), "b.2": (144, 313)}


@pytest.mark.parametrize(("clips", "shown"), [(AS_ORDERED, 120 + 287), (ODD, 121 + 287)], ids=["as ordered", "odd"])
def test_the_picture_is_the_last_frame_that_the_film_shows(
    tmp_path: Path, clips: dict[str, tuple[int, int]], shown: int
) -> None:
    """It is found by the clips' real lengths, without footage that they repeat, as the film's own edit finds it."""
    drawn = plan(film(scene("a"), scene("b", duration=12, continue_from="a"), scene("c", continue_from="b")))
    source = drawn.shot("c").start
    assert source is not None
    stores = Stores(ClipStore(tmp_path / "clips"), Kept(tmp_path / "kept"))
    files = {
        name: stores.store.adopt(write_frames(tmp_path / f"{name}.mp4", moving(frames, start=start)))
        for name, (frames, start) in clips.items()
    }
    path = cut_frame(stores, drawn, source, files)  # type: ignore[arg-type]
    taken = path.read_bytes()
    path.write_bytes(b"changed by somebody")
    assert cut_frame(stores, drawn, source, files) == path  # type: ignore[arg-type]
    assert path.read_bytes() == taken
    found = _pixels(Image.open(path))
    everything = list(moving(shown + 2))
    distances = {n: _distance(found, everything[n]) for n in (shown - 1, shown, shown + 1)}
    assert min(distances, key=lambda n: distances[n]) == shown
    in_store = {name: stored_clip(stores.store, sha256) for name, sha256 in files.items()}
    last = segments_of(drawn.cuts[1], in_store, repeats(drawn, in_store, stores.kept))[-1]
    assert last.frames is not None
    edit = picture(frame_at(last.clip.path, last.start_frame + last.frames - 1))
    assert np.array_equal(found, _pixels(edit))
    in_store["c"] = in_store["a"]
    scenes = [SceneSegments(cut, segments_of(cut, in_store, repeats(drawn, in_store, stores.kept)))
              for cut in drawn.cuts]  # fmt: skip
    assert [(seam.expected, seam.left) for seam in seams(drawn, scenes, stores.kept)] == [
        ("continued", None), ("frame", path),
    ]  # fmt: skip


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image.convert("RGB"))


def _distance(one: NDArray[np.uint8], other: object) -> float:
    return float(np.abs(one.astype(float) - np.asarray(other, dtype=float)).mean())
