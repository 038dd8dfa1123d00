"""Random edits of a few coded clips: transitions, slates, sounds, cards, texts, fades, colours. Each seed is one."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import opentimelineio as otio
from numpy.typing import NDArray

from studio.editing.edit import Edit, SceneSegments, segments_of
from studio.editing.titles import TitleMaker
from studio.lettering.fonts import Fonts
from studio.media.clip import digest, examine
from studio.media.correction import Correction
from studio.media.film import FilmSpec, Segment
from studio.media.overlap import Overlap
from studio.media.segments import Underlay
from studio.media.slate import make_slate
from studio.planning.plan import FPS, SceneEdit
from studio.planning.title_edits import CardEdit, TextEdit
from studio.storage.kept import Kept
from tests.support.coded_clips import HEIGHT, WIDTH, coded_clip, pictures_of
from tests.support.reports import sample


class Cutter:
    """A source of random edits of a few clips: each seed is one edit."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pieces, self.record = folder, folder / "pieces", sample(folder / "sample")
        folder.mkdir(exist_ok=True)
        make = partial(coded_clip, folder)
        self.clips = [
            make(1, frames=30), make(2, frames=41, sound=True), make(3, frames=24, sound=True), make(4, frames=67),
            make(5, frames=45, fps=Fraction(30)), make(6, frames=40, fps=Fraction(25), sound=True),
        ]  # fmt: skip
        self.known = {f"shot-{coded.number}": coded for coded in self.clips}
        self.cards: dict[str, list[NDArray[np.uint8]]] = {}
        slate = folder / "slate.mp4"
        make_slate(slate, lines=["Scene missing"], frames=17, width=WIDTH, height=HEIGHT, fps=FPS)
        self.slate = Segment(slate, examine(slate), name="missing")

    def card(self, item: otio.schema.Clip) -> list[NDArray[np.uint8]]:
        """The frames of a card's own clip."""
        sha256 = item.metadata["studio_producer"]["sha256"]
        if sha256 not in self.cards:
            (path,) = (path for path in self.pieces.glob("title-*.mp4") if digest(path) == sha256)
            self.cards[sha256] = pictures_of(path)
        return self.cards[sha256]

    def edit(self, seed: int) -> Edit:
        """An edit of one to seven scenes."""
        chosen = random.Random(seed)
        audio = "keep" if chosen.random() < 0.8 else "none"
        spec = FilmSpec(WIDTH, HEIGHT, Fraction(FPS), audio)  # type: ignore[arg-type]
        scenes = [self._scene(chosen, f"scene-{n}") for n in range(chosen.randint(1, 7))]
        fades = (0, 0)
        if chosen.random() < 0.6:
            maker = TitleMaker(partial(Fonts.of, ()), spec, self.pieces, Kept())
            scenes = [one for scene in scenes for one in self._titled(chosen, maker, scene)]
            fades = chosen.choice((0, 0, 5, 12)), chosen.choice((0, 0, 6, 24))
        if chosen.random() < 0.6:
            scenes = [self._into(chosen, scene) for scene in scenes]
        if chosen.random() < 0.4:
            scenes = [self._recolored(chosen, scene) for scene in scenes]
        return Edit.of(spec, scenes, fades)

    def _recolored(self, chosen: random.Random, scene: SceneSegments) -> SceneSegments:
        """The scene, perhaps with the colours of its clips corrected."""
        if scene.slate or scene.card is not None or chosen.random() < 0.4:
            return scene
        gains, lifts = [chosen.randint(8600, 9900) for _ in "rgb"], [chosen.randint(200, 700) for _ in "rgb"]
        mixed = chosen.randint(-400, 400)
        rows = (gains[0], mixed, 0, lifts[0]), (0, gains[1], mixed, lifts[1]), (mixed, 0, gains[2], lifts[2])
        colors = Correction(*rows)
        return replace(scene, segments=tuple(replace(segment, colors=colors) for segment in scene.segments))

    def _titled(self, chosen: random.Random, maker: TitleMaker, scene: SceneSegments) -> list[SceneSegments]:
        """The scene, perhaps with a card before it, and with a text over it."""
        found = [scene]
        if not scene.slate and scene.frames > 4 and chosen.random() < 0.5:
            start = chosen.randint(0, scene.frames - 3)
            frames = chosen.randint(2, scene.frames - start)
            text = TextEdit(
                chosen.choice(("Ann", "Ann\nKeeper")), start, frames, chosen.randint(1, max(1, frames // 2))
            )
            segments = maker.with_text(scene.segments, text)
            found = [replace(scene, cut=replace(scene.cut, lower_third=text), segments=segments)]
        if chosen.random() < 0.35:
            number, roll = chosen.randint(1, 3), chosen.random() < 0.3
            card = CardEdit("card", chosen.randint(6, 40), scene.cut.scene, f"Card {number}\nof three")
            lines = tuple(("Role", f"Name {n}") for n in range(9))
            rolled = CardEdit("credits", chosen.randint(20, 50), scene.cut.scene, lines=lines, roll=True)
            found.insert(0, maker.card(rolled if roll else card))
        return found

    def _into(self, chosen: random.Random, scene: SceneSegments) -> SceneSegments:
        """The scene, perhaps with a transition into it."""
        if chosen.random() < 0.3:
            return scene
        kind = chosen.choice(("fade", "fade", "fade", "fadeblack", "wipeleft", "circleopen"))
        return replace(scene, cut=replace(scene.cut, into=Overlap(kind, chosen.randint(2, 14))))

    def _scene(self, chosen: random.Random, name: str) -> SceneSegments:
        if chosen.random() < 0.1:
            return SceneSegments(SceneEdit(name, (), None), (self.slate,), slate=True)
        used = chosen.sample(self.clips, chosen.choice((1, 1, 1, 2, 3)))
        shots = tuple(f"shot-{coded.number}" for coded in used)
        whole = sum(round(coded.clip.frames * FPS / coded.clip.fps) for coded in used)
        silent = chosen.random() < 0.1
        match chosen.choice(("whole", "trimmed", "loop", "repeats", "part")):
            case "trimmed":
                side = chosen.choice(("head", "tail"))
                cut = SceneEdit(name, shots, chosen.randint(2, whole), side, silent=silent)  # type: ignore[arg-type]
            case "loop":
                cut = SceneEdit(name, shots[:1], chosen.randint(2, 3 * whole), repeat=True, silent=silent)
            case "part":
                start = chosen.randint(0, used[0].clip.frames - 2)
                part = (start, chosen.randint(2, used[0].clip.frames - start))
                cut = SceneEdit(name, shots[:1], None, part=part, silent=silent, file="mine.mp4")
            case _:
                cut = SceneEdit(name, shots, None, silent=silent)
        repeated = {shot: chosen.randint(1, 12) for shot in shots if not cut.repeat and chosen.random() < 0.3}
        under = {}
        if (first := self.known[shots[0]]).samples is None and chosen.random() < 0.3:
            under[f"shot-{first.number}"] = Underlay(self.clips[1].clip.path, self.clips[1].clip.sha256)
        clips = {shot: self.known[shot].clip for shot in shots}
        return SceneSegments(cut, segments_of(cut, clips, repeated, under))
