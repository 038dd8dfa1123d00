"""Takes that were chosen for a production, and clips that are to be kept: in its file, or in a small file beside it.

``coffee.yaml.takes.yaml`` lies beside ``coffee.yaml``, and every plan and run of that file follows it::

    takes: {arrival: 2}   # the film uses take 2, whatever the production says
    keep: [harbour]       # this scene keeps its clip when a scene that it is made from was edited
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.atomic import atomic, write_atomic
from studio.errors import BadInput, CannotWrite, Problem, ProductionError
from studio.production import rules
from studio.production.field_types import shown
from studio.production.take_edit import with_take
from studio.production.yaml_builder import Reading
from studio.production.yaml_source import read_file

if TYPE_CHECKING:
    from studio.production.model import Production

MOST_TAKE = 1000
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Choices:
    """The choices beside a production. ``file`` is the name of their file; empty: there is none.

    takes:    the take of each scene, by id
    keep:     scenes that keep their clips when what they are made from was edited
    replaced: the takes that the production itself says for the scenes of ``takes``, where these are others
    """

    takes: Mapping[str, int] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    file: str = ""
    replaced: Mapping[str, int] = field(default_factory=dict)

    @property
    def note(self) -> str:
        """The plan's words for them; empty where there are none."""
        told = [f"scene '{scene}' uses take {take}" + self._instead(scene) for scene, take in self.takes.items()] + [
            f"scene '{scene}' keeps the clip that it has" for scene in self.keep
        ]
        return f"{self.file}: {'; '.join(told)}" if told else ""

    def _instead(self, scene: str) -> str:
        return f", not take {self.replaced[scene]} of the production" if scene in self.replaced else ""


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
        for group, names in (("takes", choices.takes), ("keep", choices.keep))
        for name in names
        if name not in known
    ]
    if problems:
        raise ProductionError(problems)
    scenes = tuple(
        scene.model_copy(update={"take": choices.takes[scene.id]}) if scene.id in choices.takes else scene
        for scene in production.scenes
    )
    written = {name: known[name].take for name in choices.takes if "take" in known[name].model_fields_set}
    replaced = {name: take for name, take in written.items() if take != choices.takes[name]}
    found = production.model_copy(update={"scenes": scenes})
    found.choose(replace(choices, replaced=replaced))
    return found.noted(filter(None, (*production.notes, found.choices.note)))


def write_beside(production: Path, choices: Choices) -> None:
    """Write the choices beside a production file; without any, remove their file. Raises CannotWrite."""
    file = beside(production)
    try:
        if choices.takes or choices.keep:
            write_atomic(file, _text(production.name, choices).encode("utf-8", "surrogatepass"))
        else:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(
            f"the choice cannot be written: {error.strerror or error}", place=str(file), where=str(file),
            hint="write take: N into the scene yourself; nothing was changed",
        ) from None  # fmt: skip


def write_takes(production: Path, takes: Mapping[str, int]) -> dict[str, int]:
    """Write takes into a production file, at once for all scenes that have a place for it. Returns the others.

    A file that may not be written is left alone: all takes are returned. Raises CannotWrite.
    """
    file = production.resolve()
    try:
        raw = file.read_bytes()
        if not os.access(file, os.W_OK) or not file.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
            return dict(takes)
        mark = BOM if raw.startswith(BOM) else b""
        text, left = raw[len(mark) :].decode("utf-8"), {}
        for scene, take in takes.items():
            edited = with_take(text, file.name, scene, take)
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


def forgotten(choices: Choices, scenes: Collection[str]) -> Choices:
    """The choices without those of some scenes."""
    takes = {name: take for name, take in choices.takes.items() if name not in scenes}
    return replace(choices, takes=takes, keep=tuple(name for name in choices.keep if name not in scenes))


def _text(production: str, choices: Choices) -> str:
    lines = [
        f"# Choices for {production}, which every plan and run of it follows. Written by `studio takes`;",
        "# remove a line, and what the production says counts again.",
    ]
    if choices.takes:
        lines += ["takes:", *(f"  {json.dumps(scene)}: {take}" for scene, take in choices.takes.items())]
    if choices.keep:
        lines += ["keep:", *(f"  - {json.dumps(scene)}" for scene in choices.keep)]
    return "\n".join(lines) + "\n"


def _read(reading: Reading, name: str) -> Choices:
    problems = list(reading.problems)

    def wrong(field_: str, message: str, hint: str, *loc: str | int) -> None:
        line = reading.lines.get((field_, *loc)) or reading.lines.get((field_,))
        problems.append(Problem(f"{name}:{line}, '{field_}'" if line else f"{name}, '{field_}'", message, hint))

    data: dict[str, Any] = reading.data
    for unknown in data.keys() - {"takes", "keep"}:
        wrong(unknown, f"there is no field {shown(unknown)}", "takes and keep are possible")
    takes, keep = data.get("takes") or {}, data.get("keep") or []
    if not isinstance(takes, dict):
        wrong("takes", "expected scenes with the number of a take each", "such as arrival: 2")
        takes = {}
    for scene, take in takes.items():
        if type(take) is not int or not 1 <= take <= MOST_TAKE:
            wrong("takes", f"{shown(str(take))} is no take of scene {shown(scene)}", f"1 to {MOST_TAKE}", scene)
    if not isinstance(keep, list) or not all(isinstance(scene, str | int) for scene in keep):
        wrong("keep", "expected a list of scenes", "such as [arrival]")
        keep = []
    if problems:
        raise ProductionError(problems)
    return Choices(dict(takes), tuple(str(scene) for scene in keep), name)
