"""Drawing a plan: one walk through a production's scenes, parents first. Pure: it reads no file, clock or network."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from studio.assets import SeedImage, source_key
from studio.models import DRAFT_MODEL, DRAFT_RESOLUTION, VideoModel, clip_lengths, video_model
from studio.plan import API, FPS, Cut, Keyframe, Plan, Shot, ShotState, canonical_json
from studio.pricing import PriceTable
from studio.production import Production, Scene


def draft(production: Production) -> Production:
    """The same production at the cheapest tier."""
    tier = {"model": DRAFT_MODEL, "resolution": DRAFT_RESOLUTION}
    scenes = tuple(s.model_copy(update={"model": None, "resolution": None}) for s in production.scenes)
    return production.model_copy(update={**tier, "scenes": scenes})


def draw_plan(
    production: Production,
    *,
    prices: PriceTable,
    images: Mapping[str, SeedImage],
    seller: str,
    takes: Mapping[str, int] | None = None,
    only: tuple[str, ...] = (),
) -> Plan:
    """Every shot in topological order, with its price and the key of its purchase; states follow by ``seen_in``.

    ``takes`` overrides scenes' takes. ``only`` keeps those scenes in the film, and what they are made from in the
    shots. Raises BadInput for what no model or price covers.
    """
    drawing = _Drawing(production, prices, images, seller, takes or {})
    wanted = [s for s in production.scenes if not only or s.id in only]
    for scene in wanted:
        drawing.draw(scene)
    return Plan(
        production, seller, tuple(drawing.shots.values()), tuple(drawing.cut(s) for s in wanted), tuple(drawing.notes)
    )


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


class _Drawing:
    """The state of one walk through a production's scenes, parents first."""

    def __init__(
        self,
        production: Production,
        prices: PriceTable,
        images: Mapping[str, SeedImage],
        seller: str,
        takes: Mapping[str, int],
    ) -> None:
        self.production, self.prices, self.images = production, prices, images
        self.seller, self.takes = seller, takes
        self.shots: dict[str, Shot] = {}
        self.notes: list[str] = []
        self._drawn: dict[str, list[Shot]] = {}
        self._scenes = {s.id: s for s in production.scenes}
        self._parent = {s.id: production.parent_of(s) for s in production.scenes}
        self._continued = set(self._parent.values())
        self._led_into = {s.lead_into for s in production.scenes}

    def draw(self, scene: Scene) -> list[Shot]:
        """The scene's shots, after those that it is made from. (The production has no cycles: it was checked.)"""
        # An explicit stack: a chain of a thousand scenes must not exhaust Python's.
        waiting = [scene]
        while waiting:
            current = waiting[-1]
            missing = [p for p in self._made_from(current) if p not in self._drawn]
            if missing:
                waiting.extend(self._scenes[p] for p in missing)
                continue
            waiting.pop()
            if current.id not in self._drawn:
                self._drawn[current.id] = shots = self._shots(current)
                self.shots.update({s.id: s for s in shots})
        return self._drawn[scene.id]

    def cut(self, scene: Scene) -> Cut:
        """Where the scene stands in the film, and what is cut off to make it last as long as the producer said."""
        shots = self._drawn[scene.id]
        whole = Cut(scene.id, tuple(s.id for s in shots), None, continues=self._parent[scene.id], leads=scene.lead_into)
        if scene.generation:
            frames = None if scene.duration is None else round(self.production.duration_of(scene) * FPS)
            return replace(whole, frames=frames)
        made = sum(s.seconds for s in shots) * FPS
        wanted = max(1, round(self.production.duration_of(scene) * FPS))
        if scene.loop and wanted > made:
            return replace(whole, frames=wanted, repeat=True)
        if wanted == made:
            return whole
        tail_tied = bool(shots[-1].end) or scene.id in self._continued
        head_tied = bool(shots[0].start) or scene.id in self._led_into
        if tail_tied and head_tied:
            lasts, cut_off = f"{made / FPS:g} s", f"{(made - wanted) / FPS:g} s"
            self.notes.append(
                f"scene '{scene.id}': its clips last {lasts}, and {cut_off} are cut off at its end, which other scenes "
                f"hold on to: that seam will jump; a duration of {made / FPS:g} keeps it"
            )
        return replace(whole, frames=wanted, trim="head" if tail_tied and not head_tied else "tail")

    def _made_from(self, scene: Scene) -> list[str]:
        if scene.generation:
            return []
        parent = self._parent[scene.id]
        return [name for name in (parent, scene.lead_into) if name is not None]

    def _shots(self, scene: Scene) -> list[Shot]:
        model = video_model(self.production.model_of(scene))
        resolution = self.production.resolution_of(scene)

        def price(seconds: int) -> Decimal:
            return self.prices.quote(model.name, resolution, seconds).usd

        wanted = self.production.duration_of(scene)
        lengths = clip_lengths(model, wanted, price)
        if scene.loop or scene.generation:
            # A loop is bought once and played again; an existing generation is what it is.
            lengths = (_whole_clip(model, wanted),)
        start, end = self._start(scene), self._end(scene)
        shots: list[Shot] = []
        for number, seconds in enumerate(lengths, 1):
            first, last = number == 1, number == len(lengths)
            shot = Shot(
                id=scene.id if len(lengths) == 1 else f"{scene.id}.{number}",
                scene=scene.id,
                model=model.name,
                resolution=resolution,
                aspect_ratio=self.production.aspect_ratio,
                seconds=seconds,
                prompt=self.production.prompt_of(scene),
                camera=self.production.camera_of(scene),
                loop=scene.loop,
                start=start if first else Keyframe("shot", shots[-1].id),
                end=end if last else None,
                take=self.takes.get(scene.id, scene.take),
                seller=self.seller,
                quote=self.prices.quote(model.name, resolution, seconds),
                request={},
                generation=scene.generation,
            )
            shots.append(self._named(shot, {s.id: s for s in shots}))
        return shots

    def _start(self, scene: Scene) -> Keyframe | None:
        parent = self._parent[scene.id]
        if parent is not None:
            return self._generation(self._drawn[parent][-1])
        return self._image(scene, self.production.start_image_of(scene))

    def _end(self, scene: Scene) -> Keyframe | None:
        if scene.lead_into is not None:
            return self._generation(self._drawn[scene.lead_into][0])
        return self._image(scene, self.production.end_image_of(scene))

    def _image(self, scene: Scene, asset: Any) -> Keyframe | None:
        return None if asset is None or scene.generation else Keyframe("image", self.images[source_key(asset)].sha256)

    @staticmethod
    def _generation(shot: Shot) -> Keyframe:
        return Keyframe("generation", shot.generation) if shot.generation else Keyframe("shot", shot.id)

    def _named(self, shot: Shot, siblings: Mapping[str, Shot]) -> Shot:
        """The shot with its canonical request and the key of its purchase."""
        if shot.generation:
            key = _digest({"seller": shot.seller, "generation": shot.generation})
            return replace(shot, request={"generation": shot.generation}, key=key, family=key, state=ShotState.PINNED)

        def canonical(frame: Keyframe) -> dict[str, str]:
            if frame.kind == "image":
                return {"type": "image", "sha256": frame.ref}
            if frame.kind == "generation":
                return {"type": "generation", "id": frame.ref}
            parent = siblings.get(frame.ref) or self.shots[frame.ref]
            return {"type": "generation", "order": parent.key}

        request: dict[str, Any] = {
            "model": shot.model,
            "prompt": shot.prompt,
            "aspect_ratio": shot.aspect_ratio,
            "resolution": shot.resolution,
            "duration": f"{shot.seconds}s",
        }
        if shot.loop:
            request["loop"] = True
        if shot.camera:
            request["concepts"] = [{"key": key} for key in shot.camera]
        frames = {name: canonical(k) for name, k in (("frame0", shot.start), ("frame1", shot.end)) if k is not None}
        if frames:
            request["keyframes"] = frames
        bought = {"version": 1, "seller": shot.seller, "api": API, "endpoint": shot.endpoint, "request": request}
        return replace(shot, request=request, family=_digest(bought), key=_digest({**bought, "take": shot.take}))


def _whole_clip(model: VideoModel, wanted: Fraction) -> int:
    """The one clip that lasts long enough, or that fills the time without a rest when it is played again, or the
    longest."""
    enough = [n for n in model.lengths if n >= wanted] or [n for n in model.lengths if (wanted / n).denominator == 1]
    return enough[0] if enough else model.lengths[-1]
