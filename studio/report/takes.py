"""Takes side by side: every shot that was bought more than once, with the way to use another take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from studio.remedies import Option, option
from studio.report import formats
from studio.report.records import ShotRecord, TakeRecord
from studio.report.scenes import Scene
from studio.report.shot_kinds import kind_of
from studio.report.thumbnails import Thumbnails, ratio


@dataclass(frozen=True)
class Take:
    """One take to show.

    ``option`` uses it for one run; ``pin``, in the production, for good; None and empty: impossible.
    """

    take: int
    used: bool
    price: Decimal
    generation_id: str | None
    pictures: tuple[tuple[str, str | None], ...]  # label and data URI of each picture
    source: str | None  # of its clip, for a player; None where it is a still, or not here
    facts: str  # its model, and when it was bought
    option: Option | None
    pin: str


@dataclass(frozen=True)
class Choice:
    """One shot that has several takes."""

    shot: str
    number: int  # of its scene
    ratio: str
    takes: tuple[Take, ...]

    @property
    def played(self) -> int:
        """The number of its takes that can be played."""
        return sum(take.source is not None for take in self.takes)

    @property
    def option(self) -> Option | None:
        """The option that uses another take; None where only a pin can."""
        return next((take.option for take in self.takes if take.option), None)


def choices(scenes: tuple[Scene, ...], pictures: Thumbnails, sources: Mapping[str, str]) -> tuple[Choice, ...]:
    """Every shot with several takes, in the order of the film. A finished clip also stands for its earlier versions.

    ``sources``: the address of each take's clip, by its order.
    """
    return tuple(
        Choice(
            shot.id,
            scene.number,
            ratio(shot),
            tuple(_take(scene, shot, take, pictures, sources) for take in shot.takes),
        )
        for scene in scenes
        for shot in _told(scene)
    )


def shown_frames(scenes: tuple[Scene, ...]) -> tuple[Path | None, ...]:
    """The pictures that the takes show."""
    takes = [take for scene in scenes for shot in _told(scene) for take in shot.takes]
    return tuple(path for take in takes for path in (take.still, take.first_frame, take.last_frame))


@dataclass(frozen=True)
class Unused:
    """The takes that the film does not use: how many, and what they cost, in USD."""

    count: int
    price: Decimal


def unused(scenes: tuple[Scene, ...]) -> Unused:
    """The takes of these scenes that the film does not use, each purchase once."""
    takes = {take.order: take.price for scene in scenes for shot in scene.shots for take in shot.takes}
    used = {take.order for scene in scenes for shot in scene.shots for take in shot.takes if take.used}
    left = [price for order, price in takes.items() if order not in used]
    return Unused(len(left), sum(left, Decimal(0)))


def _told(scene: Scene) -> list[ShotRecord]:
    covered = {
        shot.id for versions in scene.versions if len(versions[-1].takes) > 1 for shot in versions[:-1]
    }  # fmt: skip
    return [shot for shot in scene.shots if len(shot.takes) > 1 and shot.id not in covered]


def _take(
    scene: Scene, shot: ShotRecord, take: TakeRecord, pictures: Thumbnails, sources: Mapping[str, str]
) -> Take:  # fmt: skip
    if kind_of(shot) == "still":
        shown: tuple[tuple[str, Path | None], ...] = (("Still", take.still),)
    else:
        shown = (("First frame", take.first_frame), ("Last frame", take.last_frame))
    one = _one_of(shot, take.take)
    return Take(
        take=take.take,
        used=take.used,
        price=_price(scene, shot, take),
        generation_id=take.generation_id,
        pictures=tuple((f"{what} of take {take.take}", pictures.uri(path, small=True)) for what, path in shown),
        source=sources.get(take.order),
        facts=" · ".join(filter(None, (take.model, formats.utc(take.bought_at) if take.bought_at else ""))),
        option=option("take", f"{scene.id}={take.take}") if scene.has_takes and not take.used and one else None,
        pin=f"generation: {take.generation_id}" if take.generation_id and _alone(scene, shot) else "",
    )


def _price(scene: Scene, shot: ShotRecord, take: TakeRecord) -> Decimal:
    """The cost of the take with its earlier versions, where it is clear which these are."""
    earlier = next((versions[:-1] for versions in scene.versions if versions[-1].id == shot.id), ())
    return take.price + sum(
        (t.price for version in earlier if _one_of(version, take.take) for t in version.takes if t.take == take.take),
        Decimal(0),
    )


def _one_of(shot: ShotRecord, number: int) -> bool:
    """True if a number names one take. A renewed take is there twice: made from one take of its source, and from
    another."""
    return [take.take for take in shot.takes].count(number) == 1


def _alone(scene: Scene, shot: ShotRecord) -> bool:
    """True if a shot's generation is the whole scene, without finishing: only then can the scene be pinned to it."""
    return scene.versions == ((shot,),)
