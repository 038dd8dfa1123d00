"""The storyboard: a card for each scene, with the clips that the film shows and how they were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from studio.remedies import Words
from studio.report import formats
from studio.report.labels import api_name, made_with, once, price, step, tags
from studio.report.records import ShotOutcome, ShotRecord
from studio.report.scenes import Scene
from studio.report.seams import Meeting
from studio.report.thumbnails import Thumbnails, ratio

LONG_PROMPT = 260
NOTHING: Mapping[Path, str] = MappingProxyType({})


@dataclass(frozen=True)
class Frames:
    """One clip on the film strip: the last of its versions that exists."""

    shot: ShotRecord
    ratio: str
    first: str | None
    last: str | None
    source: str | None  # of the clip, for a player; None where the film does not show it, or it is not here


@dataclass(frozen=True)
class Still:
    """A still that the scene is made from."""

    shot: ShotRecord
    ratio: str
    picture: str | None
    made_with: tuple[str, ...]
    price: Decimal
    prompt: tuple[str, str]


@dataclass(frozen=True)
class Step:
    """One version of a clip: what was done, and its cost."""

    shot: str
    words: str
    outcome: ShotOutcome
    price: Decimal


@dataclass(frozen=True)
class Card:
    """One scene of the storyboard. ``prompt`` is shortened to fit; the whole is added where it is longer."""

    scene: Scene
    strips: tuple[Frames, ...]
    stills: tuple[Still, ...]
    finishing: tuple[tuple[Step, ...], ...]
    prompts: tuple[tuple[str, str], ...]
    there: str  # what it shows, where that was there and has no words of its own
    camera: tuple[str, ...]
    apis: tuple[str, ...]
    tags: tuple[str, ...]
    made_with: tuple[str, ...]
    takes: tuple[int, ...]  # the takes used, where they are not the first
    used: str  # its length in the film, where that differs from its clips'
    several: bool  # True if there are other takes of it
    errors: tuple[Words, ...]
    meeting: Meeting | None
    timecode: str
    starts: float


def card(
    scene: Scene, pictures: Thumbnails, meeting: Meeting | None, fps: Fraction, sources: Mapping[Path, str] = NOTHING
) -> Card:
    """The card of a scene. ``fps``: of the film; ``sources``: the address of each clip that it shows."""
    shown = [strip(versions) for versions in scene.versions]
    first = [versions[0] for versions in scene.versions]
    return Card(
        scene=scene,
        strips=tuple(
            Frames(
                shot, ratio(shot), pictures.uri(shot.first_frame), pictures.uri(shot.last_frame), _source(shot, sources)
            )
            for shot in shown
        ),
        stills=tuple(_still(shot, pictures) for shot in scene.stills),
        finishing=tuple(
            tuple(Step(shot.id, step(shot), shot.outcome, price(shot)) for shot in versions)
            for versions in scene.versions
            if len(versions) > 1
        ),
        there=_there(scene),
        prompts=tuple(_prompt(text) for text in once(shot.prompt for shot in first)),
        camera=once(move for shot in first for move in shot.camera),
        apis=once(api_name(shot) for shot in scene.shots),
        tags=once(tag for shot in first for tag in tags(shot)),
        made_with=made_with(first),
        takes=tuple(sorted({shot.take for shot in scene.finals if shot.take > 1})),
        used=_used(scene, fps),
        several=any(len(shot.takes) > 1 for shot in scene.shots),
        errors=once(shot.error for shot in scene.shots if shot.error),
        meeting=meeting,
        timecode=formats.timecode(scene.cut.start_frame, fps) if scene.cut else "",
        starts=float(scene.cut.start_frame / fps) if scene.cut else 0.0,
    )


def strip(versions: tuple[ShotRecord, ...]) -> ShotRecord:
    """The version to show: the last that was made, or else the last that was planned."""
    return next((shot for shot in reversed(versions) if shot.clip is not None), versions[-1])


def _source(shot: ShotRecord, sources: Mapping[Path, str]) -> str | None:
    """The address of the shot's clip; of a finished one, of the part that the film shows."""
    address = sources.get(shot.clip) if shot.clip else None
    if address is None or not shot.begins:
        return address
    return f"{address}#t={formats.seconds(shot.begins)},{formats.seconds(shot.begins + shot.seconds)}"


def shown_frames(scenes: Iterable[Scene]) -> tuple[Path | None, ...]:
    """The pictures that the cards show."""
    clips = [strip(versions) for scene in scenes for versions in scene.versions]
    frames = [path for shot in clips for path in (shot.first_frame, shot.last_frame)]
    return (*frames, *(shot.still for scene in scenes for shot in scene.stills))


def _still(shot: ShotRecord, pictures: Thumbnails) -> Still:
    return Still(shot, ratio(shot), pictures.uri(shot.still), made_with([shot]), price(shot), _prompt(shot.prompt))


def _there(scene: Scene) -> str:
    """``generation 1234…, as it is`` or ``a finished clip, as it is``; empty for a scene that was bought."""
    for shot in scene.shots:
        if shot.outcome == "pinned":
            return f"Generation {shot.generation_id}, as it is."
        if shot.outcome == "own clip":
            return "A finished clip, as it is."
    return ""


def _used(scene: Scene, fps: Fraction) -> str:
    if scene.cut is None or scene.cut.slate or not scene.versions:
        return ""
    used = Fraction(scene.cut.frames) / fps
    return "" if abs(used - scene.seconds) < 1 / fps else f"{formats.seconds(used)} s in the film"


def _prompt(text: str) -> tuple[str, str]:
    """The prompt shortened to fit a card, and the whole of it where it is longer."""
    whole = formats.clean(text).strip()
    opening = " ".join(whole.split())
    if len(whole) <= LONG_PROMPT and whole.count("\n") <= 5:
        return whole, ""
    return opening[: LONG_PROMPT - 40].rstrip() + "…", whole
