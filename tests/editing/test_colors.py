"""Colours of assembled films: what is matched, what is left as it was made, and what is encoded for it."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.media.clip import Clip, examine
from studio.media.color_difference import apart
from studio.media.frames import frame_at, picture
from studio.planning.plan import Plan
from tests.media.clips import moving, write_frames
from tests.support.film_table import FilmTable
from tests.support.planned import film as production
from tests.support.planned import plan, scene

FRAMES = 12
WIDTH, HEIGHT = 1280, 180  # so wide that its colours are taken for those of HD, as a service's are
MATCH = {"film": {"colors": "match"}}
Change = NDArray[np.float64]  # 3×4, of R'G'B' from 0 to 1


def drift(seed: int, amount: float = 1.0) -> Change:
    """A change of colours that is seen at a glance: gains, a turn of the hues, offsets."""
    chosen = random.Random(seed)
    mixing = np.eye(3) + amount * np.array([[chosen.uniform(-0.05, 0.05) for _ in range(3)] for _ in range(3)])
    return np.column_stack([mixing, [amount * chosen.choice((-1, 1)) * chosen.uniform(0.015, 0.035) for _ in range(3)]])


NONE: Change = np.column_stack([np.eye(3), np.zeros(3)])


class Chain(FilmTable):
    """Clips that go on from each other over one long pan, each with its own drift on top of those before it."""

    def __init__(self, folder: Path, drifts: list[Change], *, alike: bool = True) -> None:
        super().__init__(folder)
        self.names = "abcdefghijkl"[: len(drifts) + 1]
        self.clips: dict[str, Clip] = {}
        self.changes = [NONE]
        for change in drifts:
            mixing = change[:, :3] @ self.changes[-1][:, :3]
            self.changes.append(np.column_stack([mixing, change[:, :3] @ self.changes[-1][:, 3] + change[:, 3]]))
        for n, (name, change) in enumerate(zip(self.names, self.changes, strict=True)):
            self.clips[name] = self.clip(f"{name}.mp4", change, start=n * (FRAMES - 1), seed=1 if alike else n + 1)

    def clip(self, file: str, change: Change, *, start: int = 0, seed: int = 1) -> Clip:
        frames = 0.2 + 0.6 * moving(FRAMES, start=start, seed=seed, width=WIDTH, height=HEIGHT).astype(np.float64) / 255
        changed = np.clip(frames @ change[:, :3].T + change[:, 3], 0, 1)
        return examine(write_frames(self.folder / file, np.rint(changed * 255).astype(np.uint8)))

    def plan(self, *given: dict[str, Any], **fields: Any) -> Plan:
        more = {one["id"]: one for one in given}
        scenes = [
            scene(name, duration=FRAMES / 24, **({"continue_from": self.names[n - 1]} if n else {}))
            | more.get(name, {})
            for n, name in enumerate(self.names)
        ]
        return plan(production(*scenes, **fields))


def at_seams(film: Path, count: int) -> list[float]:
    """ΔE of the two frames at each seam of a film of equal scenes."""
    return [apart(seen(film, n * FRAMES - 1), seen(film, n * FRAMES)) for n in range(1, count + 1)]


def seen(film: Path, index: int) -> NDArray[np.float64]:
    """A frame of a film, in 64×36 fields."""
    whole = np.asarray(picture(frame_at(film, index)), np.float64) / 255
    return np.asarray(whole.reshape(36, HEIGHT // 36, 64, WIDTH // 64, 3).mean(axis=(1, 3)), np.float64)


@pytest.mark.long
def test_differences_at_seams_are_more_than_halved(tmp_path: Path) -> None:
    """Eight seams of different drift: each is more than halved in the film itself, and the last scene has the colours
    of the first. Film, seams and notes say so."""
    chain = Chain(tmp_path, [drift(seed) for seed in range(8)])
    as_made, _ = chain.film("as-made", chain.plan())
    before = at_seams(as_made.film.path, 8)
    assert min(before) > 1.5
    assert [seam.how for seam in as_made.colors] == ["as made"] * 8
    assert not any(part.colors for cut in as_made.edit.cuts for part in cut.parts)
    made, _ = chain.film("matched", chain.plan(**MATCH))
    after = at_seams(made.film.path, 8)
    assert all(now < then / 2 for now, then in zip(after, before, strict=True)), (before, after)
    assert [seam.how for seam in made.colors] == ["matched"] * 8
    assert [seam.as_made for seam in made.colors] == pytest.approx(before, abs=0.5)
    assert [seam.shown for seam in made.colors] == pytest.approx(after, abs=0.5)
    assert [seam.ssim or 0 for seam in made.seams] > [seam.ssim or 0 for seam in as_made.seams]
    undrifted = chain.clip("undrifted.mp4", NONE, start=8 * (FRAMES - 1)).path
    assert apart(seen(made.film.path, 9 * FRAMES - 1), seen(undrifted, FRAMES - 1)) < 1.5
    assert apart(seen(as_made.film.path, 9 * FRAMES - 1), seen(undrifted, FRAMES - 1)) > 3
    assert any(note.startswith("b: its colours are matched to a, ΔE ") for note in made.film.notes)


def test_without_drift_nothing_is_done(tmp_path: Path) -> None:
    """The film is the same file, joined by copy; nothing is encoded and nothing noted."""
    chain = Chain(tmp_path, [NONE] * 4)
    plain, _ = chain.film("plain", chain.plan())
    made, encoded = chain.film("matched", chain.plan(**MATCH))
    assert (made.film.sha256, made.film.method, encoded) == (plain.film.sha256, "copy", 0)
    assert made.film.notes == plain.film.notes
    assert all(seam.how == "as made" and not seam.why and (seam.as_made or 9) < 1 for seam in made.colors)


@pytest.mark.long
def test_nothing_is_decoded_or_encoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same edit again needs no clip and no ffmpeg; one more link encodes its own piece alone."""
    chain = Chain(tmp_path, [drift(seed) for seed in range(3)])
    drawn = chain.plan(**MATCH)
    first, encoded = chain.film("first", drawn)
    assert encoded == 4
    longer = Chain(tmp_path, [drift(seed) for seed in range(4)])
    made, encoded = longer.film("longer", longer.plan(**MATCH))
    assert encoded == 1
    assert made.colors[:3] == first.colors
    for clip in chain.clips.values():
        clip.path.unlink()
    monkeypatch.setattr("subprocess.Popen", None)  # no ffmpeg, and nothing else, can be started
    again, _ = chain.film("again", drawn)
    assert (again.film.sha256, again.colors, again.edit) == (first.film.sha256, first.colors, first.edit)


@pytest.mark.long
def test_a_scene_that_keeps_its_colours(tmp_path: Path) -> None:
    """It is shown as it was made; what goes on from it is matched to it."""
    chain = Chain(tmp_path, [drift(seed) for seed in range(3)])
    made, _ = chain.film("kept", chain.plan({"id": "c", "colors": "keep"}, **MATCH))
    assert [(seam.how, seam.why) for seam in made.colors] == [
        ("matched", ""), ("as made", ""), ("matched", "")
    ]  # fmt: skip
    shown = [cut.parts[0].colors is not None for cut in made.edit.cuts]
    assert shown == [False, True, False, True]
    alone, _ = chain.film("alone", chain.plan({"id": "d", "colors": "match"}))
    assert [seam.how for seam in alone.colors] == ["as made", "as made", "matched"]


@pytest.mark.long
def test_pictures_that_are_not_the_same(tmp_path: Path) -> None:
    """A continuation that begins on another picture is not matched, and says why; after a matched scene it is
    corrected as that one, so that its seam is as it was made."""
    chain = Chain(tmp_path, [drift(1), NONE])
    chain.clips["c"] = chain.clip("other.mp4", chain.changes[-1], seed=5)
    made, _ = chain.film("other", chain.plan(**MATCH))
    assert [(seam.how, seam.as_made is None) for seam in made.colors] == [("matched", False), ("carried", True)]
    assert made.edit.cuts[1].parts[0].colors == made.edit.cuts[2].parts[0].colors
    assert "c: the colours are corrected as those of the clip before" in made.film.notes
    chain.clips["b"] = chain.clip("another.mp4", drift(2), seed=7)
    made, _ = chain.film("another", chain.plan(**MATCH))
    assert [seam.how for seam in made.colors] == ["as made", "as made"]
    assert any(n == "b, c: the colours are as made, since the two pictures are not the same" for n in made.film.notes)


def test_a_correction_beyond_all_drift_is_none(tmp_path: Path) -> None:
    """Colours that were turned round are meant; and lights that would be lost are kept."""
    chain = Chain(tmp_path, [NONE])
    turned = np.column_stack([np.roll(np.eye(3), 1, axis=0), np.zeros(3)])
    chain.clips["b"] = chain.clip("turned.mp4", turned, start=FRAMES - 1)
    made, _ = chain.film("turned", chain.plan(**MATCH))
    assert [(seam.how, seam.why) for seam in made.colors] == [("as made", "the colours are too far apart")]
    bright = np.column_stack([0.9 * np.eye(3), np.full(3, -0.02)])
    chain.clips["b"] = with_lights(chain, bright)
    made, _ = chain.film("lights", chain.plan(**MATCH))
    assert [(seam.how, seam.why) for seam in made.colors] == [("as made", "its lights or shadows would be lost")]
    assert any("b: the colours are as made, since its lights" in note for note in made.film.notes)


def with_lights(chain: Chain, change: Change) -> Clip:
    """The second clip, darkened, that ends with a white sky which the correction would push beyond white."""
    frames = 0.2 + 0.6 * moving(FRAMES, start=FRAMES - 1, width=WIDTH, height=HEIGHT).astype(np.float64) / 255
    changed = np.clip(frames @ change[:, :3].T + change[:, 3], 0, 1)
    changed[-1, :60] = 0.97
    return examine(write_frames(chain.folder / "lights.mp4", np.rint(changed * 255).astype(np.uint8)))


def test_a_chain_that_cannot_end_well_is_as_made(tmp_path: Path) -> None:
    """A finished clip stays as it is: what leads into it is not corrected where their seam would be worse for it."""
    chain = Chain(tmp_path, [drift(3), NONE])
    drawn = chain.plan(**MATCH)
    free, _ = chain.film("free", drawn)
    assert [seam.how for seam in free.colors] == ["matched", "carried"]
    finished = replace(drawn, cuts=(*drawn.cuts[:2], replace(drawn.cuts[2], part=(0, FRAMES), file="mine.mp4")))
    made, _ = chain.film("finished", finished)
    assert [seam.how for seam in made.colors] == ["as made", "as made"]
    assert made.colors[0].why == "the seam from b to c would be worse: it is a finished clip"
    seams = [(seam.shown or 0) - (seam.as_made or 0) for seam in made.colors]
    assert max(seams) == 0


@pytest.mark.long
def test_a_drift_beyond_all_measure(tmp_path: Path) -> None:
    """Ever the same drift comes to more than may be corrected: from there on, seams are about as they were made."""
    chain = Chain(tmp_path, [np.column_stack([np.diag([1.05, 1.0, 0.95]), np.array([0.02, 0, -0.02])])] * 7)
    made, _ = chain.film("long", chain.plan(**MATCH))
    hows = [seam.how for seam in made.colors]
    assert hows[:2] == ["matched"] * 2
    assert "carried" in hows
    assert all((seam.shown or 0) <= (seam.as_made or 0) + 2 for seam in made.colors)
    assert max(seam.drifted for seam in made.colors) == made.colors[-1].drifted > 25


def test_the_clips_of_one_scene(tmp_path: Path) -> None:
    """A scene of three clips is matched from clip to clip, also where it is cut at its head."""
    chain = Chain(tmp_path, [drift(1), drift(2)])
    drawn = plan(production(scene("long", duration=15), **MATCH))
    shots = drawn.cuts[0].shots
    assert len(shots) > 1
    chain.clips = dict(zip(shots, chain.clips.values(), strict=False))
    made, _ = chain.film("long", drawn)
    assert [(seam.before, seam.after, seam.how) for seam in made.colors] == [
        (one, other, "matched") for one, other in pairwise(shots)
    ]
    assert made.seams == ()


def test_loops_and_transitions_have_their_correction(tmp_path: Path) -> None:
    """A clip that is played again is corrected each time; in a crossfade both sides are."""
    chain = Chain(tmp_path, [drift(4)])
    drawn = chain.plan({"id": "b", "transition": "crossfade 0.25"}, **MATCH)
    twice = replace(drawn, cuts=(drawn.cuts[0], replace(drawn.cuts[1], frames=2 * FRAMES, repeat=True)))
    made, _ = chain.film("twice", twice)
    first, second = made.edit.cuts[1].parts
    assert first.colors == second.colors is not None
    assert made.edit.cuts[1].into is not None
    goal = seen(chain.clip("goal.mp4", NONE, start=FRAMES - 1).path, FRAMES - 1)
    assert (
        apart(seen(made.film.path, made.film.frames - 1), goal)
        < 0.8
        < apart(seen(chain.clips["b"].path, FRAMES - 1), goal)
    )
