"""Takes that were chosen for a production, and clips that are to be kept: in its file, or in a small file beside it.

``coffee.yaml.takes.yaml`` lies beside ``coffee.yaml``, and every plan and run of that file follows it. The draft and
the final are made of different clips, so each has choices of its own; those that earlier versions wrote are for both::

    takes: {arrival: 2}   # the film uses take 2, whatever the production says: the draft and the final
    keep: [harbour]       # this scene keeps its clip when a scene that it is made from was edited
    draft:                # the same for the draft alone, and for a final that is made from it
      takes: {arrival: 3}
    final:                # and for the final alone, in any shape
      keep: [window]
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.atomic import atomic, write_atomic
from studio.errors import BadInput, CannotWrite, Problem, ProductionError
from studio.production import rules
from studio.production.field_types import shown
from studio.production.scene import STAGES, TAKES, Scene, Stage
from studio.production.take_edit import with_take
from studio.production.yaml_builder import Reading
from studio.production.yaml_source import read_file

if TYPE_CHECKING:
    from studio.production.model import Production

MOST_TAKE = 1000
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Chosen:
    """Takes of scenes, by id, and scenes that keep their clips when what they are made from was edited."""

    takes: Mapping[str, int] = field(default_factory=dict)
    keep: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.takes or self.keep)

    @property
    def scenes(self) -> tuple[str, ...]:
        """The scenes of which anything is chosen."""
        return tuple(dict.fromkeys((*self.takes, *self.keep)))

    def without(self, scenes: Collection[str]) -> Chosen:
        """These choices but for those of some scenes."""
        takes = {name: take for name, take in self.takes.items() if name not in scenes}
        return Chosen(takes, tuple(name for name in self.keep if name not in scenes))


@dataclass(frozen=True)
class Choices:
    """The choices beside a production. ``file`` is the name of their file; empty: there is none.

    both:     for draft and final, as earlier versions wrote them; ``draft`` and ``final`` count before it
    replaced: the takes that the production itself says for scenes of which another one is chosen, by stage
    """

    both: Chosen = Chosen()
    draft: Chosen = Chosen()
    final: Chosen = Chosen()
    file: str = ""
    replaced: Mapping[Stage, Mapping[str, int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.both or self.draft or self.final)

    @property
    def scenes(self) -> tuple[str, ...]:
        """The scenes of which anything is chosen."""
        parts = (self.both, self.draft, self.final)
        return tuple(dict.fromkeys(name for part in parts for name in part.scenes))

    def of(self, stage: Stage) -> Chosen:
        """The choices for the draft alone, or for the final alone."""
        return self.draft if stage == "draft" else self.final

    def take(self, scene: str, stage: Stage) -> int | None:
        """The take that is chosen; None where none is."""
        return self.of(stage).takes.get(scene, self.both.takes.get(scene))

    def keeps(self, scene: str, stage: Stage) -> bool:
        """True if the scene is to keep its clip."""
        return scene in self.of(stage).keep or scene in self.both.keep

    def with_take(self, scene: str, stage: Stage, take: int | None) -> Choices:
        """These choices with another take of a scene for one stage; None: none is chosen here. The other stage keeps
        its own."""
        found = self
        if scene in self.both.takes:
            other: Stage = "final" if stage == "draft" else "draft"
            theirs = {scene: self.both.takes[scene], **self.of(other).takes}
            both = {name: number for name, number in self.both.takes.items() if name != scene}
            found = replace(found, both=replace(found.both, takes=both))._with(other, takes=theirs)
        ours = {name: number for name, number in found.of(stage).takes.items() if name != scene}
        return found._with(stage, takes=ours if take is None else {**ours, scene: take})

    def with_kept(self, scene: str, stage: Stage) -> Choices:
        """These choices, by which a scene keeps its clip in one stage, too."""
        return self if self.keeps(scene, stage) else self._with(stage, keep=(*self.of(stage).keep, scene))

    def without(self, scenes: Collection[str], stage: Stage | None = None) -> Choices:
        """These choices but for those of some scenes: for one stage alone, or all."""
        if stage is None:
            both, draft, final = (part.without(scenes) for part in (self.both, self.draft, self.final))
            return Choices(both, draft, final, self.file)
        return self._with(stage, **vars(self.of(stage).without(scenes)))

    def _with(self, stage: Stage, **changes: Any) -> Choices:
        part = replace(self.of(stage), **changes)
        return replace(self, draft=part) if stage == "draft" else replace(self, final=part)

    def note(self, stage_of: Callable[[str], Stage]) -> str:
        """A plan's words for those that it follows; empty where there are none. ``stage_of``: by scene."""
        stages = {scene: stage_of(scene) for scene in self.scenes}
        takes = {scene: self.take(scene, stage) for scene, stage in stages.items()}
        told = [
            f"scene '{scene}' uses take {take}{self._instead(scene, stages[scene])}"
            for scene, take in takes.items()
            if take is not None
        ]
        told += [
            f"scene '{scene}' keeps the clip that it has" for scene, stage in stages.items() if self.keeps(scene, stage)
        ]
        return f"{self.file}: {'; '.join(told)}" if told else ""

    def _instead(self, scene: str, stage: Stage) -> str:
        instead = self.replaced.get(stage, {}).get(scene)
        return "" if instead is None else f", not take {instead} of the production"


def beside(production: Path) -> Path:
    """The path of the choices beside a production file."""
    return production.with_name(f"{production.name}.takes.yaml")


def choices_of(production: Path) -> Choices:
    """The choices beside a production file; none where there is no such file. Raises ProductionError."""
    file = beside(production)
    if not file.is_file() or _says_nothing(file):
        return Choices()
    return _read(read_file(file), file.name)


def _says_nothing(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return all(not line.strip() or line.lstrip().startswith(b"#") for line in opened)
    except OSError:
        return False  # whoever reads it next says why it cannot be read


def applied(choices: Choices, production: Production) -> Production:
    """The production with its chosen takes. Raises ProductionError for a scene that it does not have."""
    if not choices.file:
        return production
    known = {scene.id: scene for scene in production.scenes}
    problems = [
        Problem(
            f"{choices.file}, '{group}'",
            f"there is no scene {shown(name)} in {production.title}",
            f"{rules.suggestion(name, known, 'scenes')}; or remove it there",
        )
        for group, names in _groups(choices)
        for name in names
        if name not in known
    ]
    if problems:
        raise ProductionError(problems)
    replaced = {
        stage: {
            name: scene.take_in(stage)
            for name, scene in known.items()
            if (take := choices.take(name, stage)) is not None
            and scene.says_take(stage)
            and scene.take_in(stage) != take
        }
        for stage in STAGES
    }
    found = production.model_copy(update={"scenes": tuple(_chosen(choices, scene) for scene in production.scenes)})
    found.choose(replace(choices, replaced=replaced))
    return found


def _groups(choices: Choices) -> Iterator[tuple[str, Collection[str]]]:
    """The scenes of each list in the file, with its place."""
    for prefix, part in (("", choices.both), ("draft.", choices.draft), ("final.", choices.final)):
        yield f"{prefix}takes", part.takes
        yield f"{prefix}keep", part.keep


def _chosen(choices: Choices, scene: Scene) -> Scene:
    """A scene with its chosen takes as if they were written in it: what is chosen for both counts before its own."""
    both, update = choices.both.takes.get(scene.id), dict[str, int | None]()
    if both is not None:
        update = {"take": both, "draft_take": None, "final_take": None}
    for stage in STAGES:
        if scene.id in choices.of(stage).takes:
            update[TAKES[stage]] = choices.of(stage).takes[scene.id]
    return scene.model_copy(update=update) if update else scene


def write_beside(production: Path, choices: Choices) -> None:
    """Write the choices beside a production file; without any, remove their file. Raises CannotWrite."""
    file = beside(production)
    try:
        if choices:
            write_atomic(file, _text(production.name, choices).encode("utf-8", "surrogatepass"))
        else:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(
            f"the choice cannot be written: {error.strerror or error}", place=str(file), where=str(file),
            hint="write draft_take: N or final_take: N into the scene yourself; nothing was changed",
        ) from None  # fmt: skip


def write_takes(production: Path, takes: Mapping[str, int], stages: Mapping[str, Stage]) -> dict[str, int]:
    """Write takes into a production file, at once for all scenes that have a place for it. Returns the others.

    ``stages``: what each scene's take is for. A file that may not be written is left alone: all takes are returned.
    Raises CannotWrite.
    """
    file = production.resolve()
    try:
        raw = file.read_bytes()
        if not os.access(file, os.W_OK) or not file.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
            return dict(takes)
        mark = BOM if raw.startswith(BOM) else b""
        text, left = raw[len(mark) :].decode("utf-8"), {}
        for scene, take in takes.items():
            edited = with_take(text, file.name, scene, take, TAKES[stages[scene]])
            if edited is None:
                left[scene] = take
            else:
                text = edited
        data = mark + text.encode("utf-8")
        if data != raw:
            with atomic(file) as part:
                part.write_bytes(data)
                shutil.copymode(file, part)
                if file.read_bytes() != raw:
                    raise BadInput(
                        "was changed by another program meanwhile", where=str(production), hint="choose again"
                    )
    except PermissionError:
        return dict(takes)  # its folder may not be written
    except OSError as error:
        raise CannotWrite(
            f"the take cannot be written: {error.strerror or error}", place=str(file), where=str(production),
            hint="nothing was changed",
        ) from None  # fmt: skip
    return left


def _text(production: str, choices: Choices) -> str:
    lines = [
        f"# Choices for {production}, which every plan and run of it follows. Written by `studio takes`;",
        "# remove a line, and what the production says counts again.",
    ]
    lines += _listed(choices.both, "")
    for stage in STAGES:
        if choices.of(stage):
            lines += [f"{stage}:", *_listed(choices.of(stage), "  ")]
    return "\n".join(lines) + "\n"


def _listed(part: Chosen, indent: str) -> Iterator[str]:
    if part.takes:
        yield f"{indent}takes:"
        yield from (f"{indent}  {json.dumps(scene)}: {take}" for scene, take in part.takes.items())
    if part.keep:
        yield f"{indent}keep:"
        yield from (f"{indent}  - {json.dumps(scene)}" for scene in part.keep)


def _read(reading: Reading, name: str) -> Choices:
    problems = list(reading.problems)

    def wrong(loc: tuple[str | int, ...], message: str, hint: str) -> None:
        line = next((found for end in range(len(loc), 0, -1) if (found := reading.lines.get(loc[:end]))), None)
        group = ".".join(str(part) for part in loc[: 2 if loc[0] in STAGES else 1])
        problems.append(Problem(f"{name}:{line}, '{group}'" if line else f"{name}, '{group}'", message, hint))

    def part(data: dict[str, Any], *within: str) -> Chosen:
        for unknown in data.keys() - {"takes", "keep", *(() if within else STAGES)}:
            known = "takes and keep are possible" if within else "takes, keep, draft and final are possible"
            wrong((*within, unknown), f"there is no field {shown(unknown)}", known)
        takes, keep = data.get("takes") or {}, data.get("keep") or []
        if not isinstance(takes, dict):
            wrong((*within, "takes"), "expected scenes with the number of a take each", "such as arrival: 2")
            takes = {}
        for scene, take in takes.items():
            if type(take) is not int or not 1 <= take <= MOST_TAKE:
                told = f"{shown(str(take))} is no take of scene {shown(scene)}"
                wrong((*within, "takes", scene), told, f"1 to {MOST_TAKE}")
        if not isinstance(keep, list) or not all(isinstance(scene, str | int) for scene in keep):
            wrong((*within, "keep"), "expected a list of scenes", "such as [arrival]")
            keep = []
        return Chosen(dict(takes), tuple(str(scene) for scene in keep))

    found = {"both": part(reading.data)}
    for stage in STAGES:
        inner = reading.data.get(stage) or {}
        if not isinstance(inner, dict):
            wrong((stage,), "expected takes and keep", "such as takes: {arrival: 2}")
            inner = {}
        found[stage] = part(inner, stage)
    if problems:
        raise ProductionError(problems)
    return Choices(found["both"], found["draft"], found["final"], name)
