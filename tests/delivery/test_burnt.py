"""Captions that are drawn into the pictures of a delivery."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from studio.captions.values import Cue
from studio.delivery.burnt import captions_in
from studio.delivery.making import deliver
from studio.delivery.presets import CAPTIONED
from studio.lettering.captions import strip_of
from studio.lettering.setting import Frame
from studio.storage.kept import Kept
from tests.delivery.films import film, with_captions


def differences(one: Path, other: Path) -> list[tuple[float, float]]:
    """For each frame, the largest difference above the strip of captions, and within it."""
    found = []
    with av.open(str(one)) as left, av.open(str(other)) as right:
        for a, b in zip(left.decode(video=0), right.decode(video=0), strict=True):
            top, height = strip_of(Frame(a.width, a.height))
            both = [picture.to_ndarray(format="gray").astype(int) for picture in (a, b)]
            apart = np.abs(both[0] - both[1])
            found.append((float(apart[: top - 16].mean()), float(apart[top : top + height].max())))
    return found


@pytest.mark.long
@pytest.mark.parametrize("size", ["640x360", "360x640"])
def test_each_caption_is_drawn_on_exactly_its_frames(tmp_path: Path, size: str) -> None:
    """Frames 6 to 23 and 30 to 47 have one, and nothing above the strip is another picture."""
    captioned = with_captions(film(tmp_path / "film.mp4", frames=72, size=size))
    drawn, plain = deliver(captioned, (CAPTIONED, "web"), tmp_path / "out", "quay", kept=Kept())
    assert drawn.path is not None, drawn.error
    assert plain.path is not None
    assert drawn.path.name == "quay.web-captioned.mp4"
    apart = differences(drawn.path, plain.path)
    shown = [within > 90 for _, within in apart]
    assert [n for n, (a, b) in enumerate(pairwise(shown), 1) if a != b] == [6, 24, 30, 48]
    assert max(above for above, _ in apart) < 3
    with av.open(str(drawn.path)) as container:
        assert not container.streams.subtitles  # they would be seen twice
        assert len(container.chapters()) == 2


def test_the_cues_of_a_film_are_read_from_its_own_track(tmp_path: Path) -> None:
    captioned = with_captions(film(tmp_path / "film.mp4", frames=72))
    assert captions_in(captioned.path, captioned.fps) == (Cue(6, 18, ("Licht", "an"), ""), Cue(30, 18, ("Aus",), ""))


def test_a_film_without_captions_is_not_delivered_with_them_and_the_others_are(tmp_path: Path) -> None:
    drawn, plain = deliver(film(tmp_path / "film.mp4"), (CAPTIONED, "web"), tmp_path / "out", "quay", kept=Kept())
    assert "the film has no captions" in str(drawn.error)
    assert plain.path is not None
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["quay.web.mp4"]


def test_letters_that_no_font_has_are_one_error(tmp_path: Path) -> None:
    odd = with_captions(film(tmp_path / "film.mp4"), cues="00:00.250 --> 00:01.000\na \U000e0fff b\n")
    (drawn,) = deliver(odd, (CAPTIONED,), tmp_path / "out", "quay", kept=Kept())
    assert drawn.path is None
    assert "the caption 'a " in str(drawn.error)
    assert "U+E0FFF" in str(drawn.error)


def test_a_captioned_delivery_is_kept_and_a_changed_font_makes_it_again(tmp_path: Path) -> None:
    captioned = with_captions(film(tmp_path / "film.mp4", frames=72))
    kept = Kept(tmp_path / "kept")
    (first,) = deliver(captioned, (CAPTIONED,), tmp_path / "out", "quay", kept=kept)
    (again,) = deliver(captioned, (CAPTIONED,), tmp_path / "out", "quay", kept=kept)
    assert (first.kept, again.kept, again.sha256) == (False, True, first.sha256)
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    (other,) = deliver(captioned, (CAPTIONED,), tmp_path / "out", "quay", kept=kept, fonts=[broken])
    assert "a font of its captions cannot be read" in str(other.error)
