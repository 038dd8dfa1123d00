"""The seed assets that the scenes of a production use, and the notes on them for the producer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from studio.assets import AssetSource, SeedImage, ratio_note, source_key
from studio.errors import AssetError
from studio.planning.context import Seed
from studio.planning.plan import Plan
from studio.production import Production, Scene

SCENES_TOLD = 6  # scenes that a note on an asset names


def assets_of(production: Production) -> tuple[dict[str, AssetSource], dict[str, AssetSource]]:
    """The images and the footage that a production's scenes are made from, by ``source_key``. Raises AssetError where
    one file is used as both."""
    images: dict[str, AssetSource] = {}
    footage: dict[str, AssetSource] = {}
    for scene in production.scenes:
        pictures, changed = assets_of_scene(production, scene)
        images |= {source_key(asset): asset for asset in pictures}
        footage |= {source_key(asset): asset for asset in changed}
    both = next((footage[key] for key in footage if key in images), None)
    if both is not None:
        raise AssetError(
            "is wanted as a picture by one scene and as footage by another", where=f"asset '{both.id}'",
            hint="modify takes footage; start_image, end_image, guides and characters take pictures",
        )  # fmt: skip
    return images, footage


def assets_of_scene(production: Production, scene: Scene) -> tuple[list[AssetSource], list[AssetSource]]:
    """The pictures and the footage that one scene is made from."""
    if scene.generation or scene.clip is not None:
        return [], []
    character, changed = production.character_of(scene), production.footage_of(scene)
    pictures = [production.start_image_of(scene), production.end_image_of(scene)]
    pictures += [production.asset(guide.image) for guide in scene.guides]
    pictures += [production.asset(image) for image in character.images] if character else []
    return [asset for asset in pictures if asset is not None], [changed] if changed is not None else []


def own_clips_of(production: Production) -> dict[str, tuple[AssetSource, str]]:
    """The finished files that a production's scenes show, by ``source_key``, each with the first place that names
    it."""
    found: dict[str, tuple[AssetSource, str]] = {}
    for scene in production.scenes:
        asset = production.clip_of(scene)
        if asset is not None:
            found.setdefault(source_key(asset), (asset, f"scene '{scene.id}', field 'clip'"))
    return found


def notes_on(plan: Plan, seeds: Mapping[str, Seed]) -> tuple[str, ...]:
    """Notes for a producer on the seed assets (by ``source_key``), each with the scenes that use it: what is
    sent in place of its file, what is transparent, and how much of a frame does not fit the film."""
    planned = {shot.scene for shot in plan.shots}
    users: dict[str, tuple[AssetSource, list[str]]] = {}
    for scene in plan.production.scenes:
        for asset in chain(*assets_of_scene(plan.production, scene)):
            if scene.id in planned and source_key(asset) in seeds:
                scenes = users.setdefault(asset.id, (asset, []))[1]
                scenes += [] if scene.id in scenes else [scene.id]
    changed, shapes, through = list[str](), list[str](), list[str]()
    for name, (asset, scenes) in users.items():
        seed = seeds[source_key(asset)]
        if seed.notes:
            changed.append(f"asset '{name}' ({scenes_in_words(scenes)}) is sent {', '.join(seed.notes)}")
        if isinstance(seed, SeedImage) and seed.transparent:
            through.append(
                f"asset '{name}' ({scenes_in_words(scenes)}) is partly transparent, and is sent so: on what the "
                "service lays it is not documented (the sandbox: on what the prompt asks for, else on white); to be "
                "sure, lay it on a ground of your own"
            )
        ratios: dict[str, list[str]] = {}
        for shot in plan.shots:
            frames = [frame.ref for frame in (shot.start, shot.end) if frame is not None]
            if shot.scene in scenes and seed.sha256 in frames:
                ratios.setdefault(shot.aspect_ratio, []).append(shot.scene)
        notes = (ratio_note(seed, ratio, f"'{name}' ({scenes_in_words(used)})") for ratio, used in ratios.items())
        shapes += [note for note in notes if note]
    return (*changed, *through, *shapes)


def scenes_in_words(scenes: Sequence[str]) -> str:
    """Scenes for a note: ``scene 'a'``, ``scenes 'a', 'b'``; of many, the first ones and how many more."""
    names = list(dict.fromkeys(scenes))
    told = ", ".join(f"'{name}'" for name in names[:SCENES_TOLD])
    more = f" and {len(names) - SCENES_TOLD} more" if len(names) > SCENES_TOLD else ""
    return f"{'scene' if len(names) == 1 else 'scenes'} {told}{more}"
