"""Rules between the parts of a production. Each broken rule names its place; all are checked at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING

from studio.errors import Problem
from studio.production.capabilities import abilities, generation_ids
from studio.production.chains import no_neighbour, shared_findings
from studio.production.field_types import (
    bad_url,
    generation_in,
    is_path,
    is_url,
    shown,
    url_hint,
)
from studio.production.locations import Finding, Loc, Places
from studio.production.near_fields import other_field
from studio.production.normalize import USAGES
from studio.production.own_clips import clip_rules
from studio.production.paths import is_file_url
from studio.production.prompts import camera_slips, prompt_length
from studio.production.sound_rules import sound_findings
from studio.production.synonyms import meant_by
from studio.production.transitions import CUT
from studio.spelling import nearest

if TYPE_CHECKING:
    from studio.production.model import Production
    from studio.production.scene import Scene

MOST_SCENES = 2000
LOC_OF_OPENING: Loc = ("film", "titles", "opening", "transition")
MOST_STEPS = 12


def check(production: Production, places: Places, *, also_known: Collection[str] = ()) -> list[Problem]:
    """Every broken rule. ``also_known`` are ids whose own definition is faulty: references to them are not reported."""
    findings = [
        *_scenes(production),
        *_unique("scenes", [s.id for s in production.scenes]),
        *_unique("assets", [a.id for a in production.assets]),
        *_unique("characters", [c.id for c in production.characters]),
        *_assets(production),
        *_references(production, frozenset(also_known)),
        *_cycles(production),
        *_film(production),
        *sound_findings(production, suggestion),
        *shared_findings(production, also_known, suggestion),
    ]
    return places.problems(findings)


def suggestion(word: str, known: Iterable[str], what: str = "there are") -> str:
    """The hint for an unknown word: the known one that is near in spelling or meaning, or else the whole list."""
    some = list({k.lower(): k for k in known}.values())
    if near := nearest(word, some) or meant_by(word, some):
        return f"did you mean '{near}'?"
    return f"{what}: {', '.join(some[:40])}{', …' if len(some) > 40 else ''}" if some else ""


def _film(production: Production) -> Iterator[Finding]:
    if not production.scenes:
        yield Finding(("scenes",), "a film needs at least one scene", "add a scene with an id and a prompt")
    if len(production.scenes) > MOST_SCENES:
        yield Finding(("scenes",), f"{len(production.scenes)} scenes are more than {MOST_SCENES}", "split it")
    yield from _first_transition(production)
    if production.film.fps != 24:
        yield Finding(("film", "fps"), f"{production.film.fps} frames per second cannot be made", "write 24")
    if (production.width is None) != (production.height is None):
        given, other = ("width", "height") if production.height is None else ("height", "width")
        yield Finding((given,), f"is given without {other}", f"add {other}, or use aspect_ratio and resolution instead")
    elif production.width is not None:
        size = f"{production.width}x{production.height}"
        yield Finding(
            ("width",),
            f"{size} contradicts aspect_ratio {production.aspect_ratio} and resolution {production.resolution}",
            "remove width and height, or aspect_ratio and resolution",
        )


def _first_transition(production: Production) -> Iterator[Finding]:
    """A transition into what the film begins with, before which nothing is seen."""
    titles, first = production.film.titles, next(iter(production.scenes), None)
    opening = titles.opening if titles is not None else None
    card = first.card if first is not None else None
    begins, loc = (opening, LOC_OF_OPENING) if opening is not None else (card, ("scenes", 0, "card", "transition"))
    if begins is not None:
        into, told = begins.transition, "there is nothing before this card"
    else:
        loc, told = ("scenes", 0, "transition"), "there is no scene before the first one"
        into = first.transition if first is not None else None
    if into is not None and into.kind != CUT:
        yield Finding(loc, told, "remove it; for a film that comes out of black, write fade_in under film")


def _unique(field: str, ids: Sequence[str]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for i, name in enumerate(ids):
        first = seen.get(name.lower())
        seen.setdefault(name.lower(), name)
        if first == name:
            yield Finding((field, i, "id"), f"'{name}' is there twice", "give each an id of its own")
        elif first is not None:
            hint = "some file systems cannot tell them apart; give each an id of its own"
            yield Finding((field, i, "id"), f"'{name}' and '{first}' differ only in case", hint)


def _assets(production: Production) -> Iterator[Finding]:
    for i, asset in enumerate(production.assets):
        if (asset.path is None) == (asset.url is None):
            found = "neither" if asset.path is None else "both"
            yield Finding(("assets", i), f"needs a path or a url, and has {found}", "give exactly one of them")
        elif asset.path is not None and is_url(asset.path):
            local = is_file_url(asset.path) and bad_url(asset.path)
            told = (local, url_hint(asset.path)) if local else ("is a URL", "write it as url")
            yield Finding(("assets", i, "path"), *told)
        elif asset.url is not None and (wrong := bad_url(asset.url)):
            yield Finding(("assets", i, "url"), wrong, url_hint(asset.url))


def _scenes(production: Production) -> Iterator[Finding]:
    for i, scene in enumerate(production.scenes):
        for finding in _of_scene(production, scene):
            yield Finding(("scenes", i, *finding.loc), finding.message, finding.hint)


def _of_scene(production: Production, scene: Scene) -> Iterator[Finding]:
    yield from clip_rules(scene)
    yield from prompt_length(scene)
    if scene.clip is not None:
        return  # no model makes it
    yield from camera_slips(scene)
    yield from _frames(production, scene)
    yield from generation_ids(production, scene)
    yield from abilities(production, scene)


def _frames(production: Production, scene: Scene) -> Iterator[Finding]:
    """Checks of the first and the last frame (by the table of keyframes that Luma accepts)."""
    for j, ref in enumerate(scene.seed_asset_refs):
        field = USAGES.get(ref.usage)
        if field is None:
            hint = f"{suggestion(ref.usage, USAGES, 'use')}; for a person use characters"
            yield Finding(("seed_asset_refs", j, "usage"), f"{shown(ref.usage)} is not built", hint)
        elif not (ref.url or ref.asset):
            yield Finding(("seed_asset_refs", j), "names no picture", "add asset or url")
        else:
            hint = f"a clip has one; keep one of the seed_asset_refs with usage {ref.usage}, and no {field} beside it"
            yield Finding(("seed_asset_refs", j), f"the {field} is given twice", hint)
    if scene.continue_from is not None and scene.start_image is not None:
        yield Finding(("start_image",), "stands beside continue_from, and a clip has one first frame", "remove one")
    if scene.lead_into is not None and scene.end_image is not None:
        yield Finding(("end_image",), "stands beside lead_into, and a clip has one last frame", "remove one")
    if scene.strength is not None and scene.modify is None:
        yield Finding(("strength",), "says how much modify may change, and there is none", "add modify")
    if not scene.loop:
        return
    for field, there in (("end_image", scene.end_image), ("lead_into", scene.lead_into)):
        if there is not None:
            yield Finding(("loop",), f"cannot be combined with {field}", "a loop ends where it starts: remove one")


def _references(production: Production, also_known: frozenset[str]) -> Iterator[Finding]:
    scenes, assets = dict.fromkeys(s.id for s in production.scenes), dict.fromkeys(a.id for a in production.assets)
    characters = [c.id for c in production.characters]
    finished = {s.id: shown(PurePath(s.clip.partition("?")[0]).name) for s in production.scenes if s.clip is not None}
    for i, scene in enumerate(production.scenes):
        for field in ("continue_from", "lead_into"):
            name = getattr(scene, field)
            if name is not None and name not in scenes and name not in also_known and not generation_in(name):
                found = no_neighbour(field, name, first=i == 0, last=i == len(production.scenes) - 1)
                found = found or (f"there is no scene {shown(name)}", suggestion(name, scenes, "scenes"))
                yield Finding(("scenes", i, field), *found)
        name = scene.character
        if name is not None and name not in characters and name not in also_known:
            hint = suggestion(name, characters, "characters") or "add it under characters"
            yield Finding(("scenes", i, "character"), f"there is no character {shown(name)}", hint)
        for field, known in (
            ("start_image", assets),
            ("end_image", assets),
            ("modify", assets | scenes),
            ("clip", assets),
        ):
            said = getattr(scene, field)
            for wrong, hint in _picture(said, known, also_known):
                other = other_field(type(scene), field, said)
                yield Finding(("scenes", i, field), wrong, f"did you mean the field '{other}'?" if other else hint)
        for j, guide in enumerate(scene.guides):
            for wrong, hint in _picture(guide.image, assets, also_known):
                yield Finding(("scenes", i, "guides", j, "image"), wrong, hint)
        if (file := finished.get(scene.modify or "")) and scene.modify not in assets:
            told = f"{shown(scene.modify or '')} shows a finished clip, and modify takes the file itself"
            yield Finding(("scenes", i, "modify"), told, f"write modify: and its file, {file}")
        if scene.modify in assets and scene.modify in scenes:
            yield Finding(("scenes", i, "modify"), f"{shown(scene.modify)} is an asset and a scene", "rename one")
    for i, character in enumerate(production.characters):
        for j, image in enumerate(character.images):
            for wrong, hint in _picture(image, assets, also_known):
                yield Finding(("characters", i, "images", j), wrong, hint)


def _picture(name: str | None, known: Collection[str], also_known: frozenset[str]) -> Iterator[tuple[str, str]]:
    if name is None or name in known or name in also_known:
        return
    if is_url(name):
        if wrong := bad_url(name):
            yield wrong, url_hint(name)
    elif not is_path(name):
        hint = suggestion(name, known, "assets") or "add it under assets, or give a path"
        yield f"there is no asset {shown(name)}", hint


def _cycles(production: Production) -> Iterator[Finding]:
    """Scenes that wait for each other: each needs its parent, the scene that it leads into, and the footage that it
    changes."""
    index = {scene.id: i for i, scene in enumerate(production.scenes)}
    needs: dict[str, dict[str, str]] = {}
    implied: set[tuple[str, str]] = set()
    for before, scene in zip((None, *production.scenes), production.scenes, strict=False):
        parent = scene.continue_from
        if parent is None and production.chain and (parent := chained_to(before, scene)) is not None:
            implied.add((scene.id, parent))
        fields = {"modify": scene.modify, "lead_into": scene.lead_into, "continue_from": parent}
        needs[scene.id] = {name: field for field, name in fields.items() if name in index}
    for cycle in _loops(needs):
        links = list(pairwise((*cycle, cycle[0])))
        place = ("scenes", index[cycle[0]], needs[links[0][0]][links[0][1]])
        if len(cycle) == 1:
            yield Finding(place, "is the scene itself", "name another scene, or remove it")
            continue
        steps = ", ".join(_step(a, b, needs[a][b]) for a, b in links[:MOST_STEPS])
        more = f" and {len(links) - MOST_STEPS} more" if len(links) > MOST_STEPS else ""
        chained = "; `chain: true` makes each scene continue the one before" if implied.intersection(links) else ""
        yield Finding(place, f"goes in a circle: {steps}{more}", f"one of them must be able to start{chained}")


def chained_to(before: Scene | None, scene: Scene) -> str | None:
    """The scene that a scene without ``continue_from`` continues by ``chain``."""
    if (
        before is None
        or scene.clip is not None
        or scene.start_image is not None
        or scene.modify is not None
        or before.lead_into == scene.id
    ):
        return None
    return before.id


def _step(scene: str, other: str, field: str) -> str:
    said = {"continue_from": "continues from", "lead_into": "leads into", "modify": "changes"}
    return f"'{scene}' {said[field]} '{other}'"


def _loops(needs: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """Cycles of a graph, none sharing a scene, each once, by depth-first search without recursion."""
    done: set[str] = set()
    for root in needs:
        stack = [(root, iter(needs[root]))] if root not in done else []
        path = {root: None} if stack else {}
        while stack:
            name, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                done.add(name)
                stack.pop()
                path.popitem()
            elif step in path:
                names = list(path)
                yield tuple(names[names.index(step) :])
            elif step not in done:
                stack.append((step, iter(needs[step])))
                path[step] = None
