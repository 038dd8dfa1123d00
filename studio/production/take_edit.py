"""The number of a take written into a production's text, of which every other character stays as it is.

The one line is found by the positions that the YAML parser gives. What was written is then read again: unless it says
exactly what the text said before, and the take, the text has no place for it, and is left alone.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from studio.errors import ProductionError
from studio.production.locations import Loc
from studio.production.normalize import SCENE_WORDS
from studio.production.yaml_source import read_text

#: Fields of a production that hold scenes.
GROUPS = ("scenes", "chains")
IDS = ("id", *(word for word, field in SCENE_WORDS.items() if field == "id"))


def with_take(text: str, name: str, scene: str, take: int, field: str = "take") -> str | None:
    """The text of a production file with ``take`` written in a scene's ``field``; None where it has no place for it.

    ``name``, the file's, decides between YAML and JSON.
    """
    try:
        before = read_text(text, name).data
        (found,) = _places(before, scene)
        # A tab of JSON stands between values alone; to the YAML parser it must be a space there.
        spaced = text.replace("\t", " ") if name.lower().endswith(".json") else text
        edited = _edited(text, _node(spaced, found), take, field)
        if edited is None or read_text(edited, name).data != _expected(before, found, take, field):
            return None
    except (ProductionError, YAMLError, ValueError, TypeError):
        return None  # it cannot be read, or the scene is there not once
    return edited


def _places(data: Any, scene: str) -> list[Loc]:
    """The places of a scene's fields in the data."""
    groups = {name: data.get(name) for name in GROUPS} if isinstance(data, Mapping) else {}
    return [loc for name, part in groups.items() for loc in _within(part, scene, (name,))]


def _within(part: Any, scene: str, loc: Loc) -> Iterator[Loc]:
    if isinstance(part, Mapping):
        named = [str(part[name]).strip() for name in IDS if name in part]
        if scene in named:
            yield loc
        for key, inner in part.items():
            by_key = loc[-1] == "scenes" and str(key).strip() == scene
            if by_key and isinstance(inner, Mapping) and not any(name in inner for name in IDS):
                yield (*loc, key)
            yield from _within(inner, scene, (*loc, key))
    elif isinstance(part, list):
        for number, inner in enumerate(part):
            yield from _within(inner, scene, (*loc, number))


def _expected(data: Any, loc: Loc, take: int, field: str) -> Any:
    """The data with the take in that one place, also where the text shares the place by an anchor."""
    copied = copy.copy(data)
    if not loc:
        return {**copied, field: str(take) if isinstance(copied.get(field), str) else take}
    copied[loc[0]] = _expected(copied[loc[0]], loc[1:], take, field)
    return copied


def _node(text: str, loc: Loc) -> MappingNode:
    node: Node = YAML(typ="safe", pure=True).compose(text)
    for step in loc:
        if isinstance(node, SequenceNode):
            node = node.value[step]
        else:
            (node,) = [value for key, value in node.value if key.value == step]
    if not isinstance(node, MappingNode) or not node.value:
        raise ValueError("no fields are written there")
    return node


def _edited(text: str, scene: MappingNode, take: int, field: str) -> str | None:
    pairs: list[tuple[ScalarNode, Node]] = scene.value
    for key, value in pairs:
        if key.value == field:
            return _replaced(text, key, value, take)
    if scene.flow_style:
        quote = '"' if pairs[0][0].style == '"' else ""
        return _in_braces(text, pairs, f"{quote}{field}{quote}: {take}")
    return _on_a_line(text, pairs, f"{field}: {take}")


def _replaced(text: str, key: ScalarNode, value: Node, take: int) -> str | None:
    start, end = value.start_mark.index, value.end_mark.index
    if not isinstance(value, ScalarNode) or value.style in ("|", ">"):
        return None
    if value.style:
        quote = text[start]
        return f"{text[:start]}{quote}{take}{quote}{text[end:]}"
    if value.value:
        return f"{text[:start]}{take}{text[end:]}"
    colon = text.index(":", key.end_mark.index) + 1
    return f"{text[:colon]} {take}{text[colon:]}"


def _in_braces(text: str, pairs: list[tuple[ScalarNode, Node]], field: str) -> str:
    """The field behind the scene's id, with the comma and the space that stand between its fields already."""
    ids = [number for number, (key, _) in enumerate(pairs) if key.value in IDS]
    number = ids[0] if ids else len(pairs) - 1
    end = pairs[number][1].end_mark.index
    between = ", "
    if len(pairs) > 1:
        first = min(number, len(pairs) - 2)
        between = text[pairs[first][1].end_mark.index : pairs[first + 1][0].start_mark.index]
    if not re.fullmatch(r"\s*,\s*", between):  # a comment is in it
        between = ", "
    return f"{text[:end]}{between}{field}{text[end:]}"


def _on_a_line(text: str, pairs: list[tuple[ScalarNode, Node]], field: str) -> str | None:
    """The field in a line of its own: below the scene's id, else above its first field."""
    column = pairs[0][0].start_mark.column
    for key, value in pairs:
        if key.value not in IDS or key.start_mark.line != value.end_mark.line:
            continue
        line = re.compile(r"[^\r\n]*(\r\n|\r|\n)?").match(text, value.end_mark.index)
        assert line is not None  # noqa: S101 - it matches anything
        if line[1]:
            return f"{text[: line.end()]}{' ' * column}{field}{line[1]}{text[line.end() :]}"
        return f"{text[: line.end()]}{_ending(text)}{' ' * column}{field}{text[line.end() :]}"
    start = pairs[0][0].start_mark.index - column
    if text[start : start + column].strip(" "):
        return None
    return f"{text[:start]}{' ' * column}{field}{_ending(text)}{text[start:]}"


def _ending(text: str) -> str:
    """The line ending of the text's first line."""
    found = re.search(r"\r\n|\r|\n", text)
    return found[0] if found else "\n"
