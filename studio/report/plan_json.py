"""A plan as JSON: for programs that ask for it, and as the result of a run that only plans. Money is text in USD."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.money import plain
from studio.planning.length import wished_frames
from studio.planning.overview import buying_order, overview_of
from studio.planning.plan import Plan


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan: its price, its shots in the order in which they are made, its film and notes."""
    buying = buying_order(plan)
    return {
        "title": plan.production.title,
        "project": plan.production.budget_name,
        "service": plan.realm,
        "to_pay_usd": plain(plan.to_pay),
        "total_usd": plain(plan.total),
        "shots": [
            {
                "id": s.id, "scene": s.scene, "parents": list(s.made_from), "state": s.state.value, "order": s.key,
                "price_usd": plain(s.quote.usd), "to_pay_usd": plain(s.to_pay), "price_table": s.quote.table,
                "at_most": s.quote.at_most, "request": dict(s.request), "buy": buying.get(s.id), "model": s.model,
                "resolution": s.resolution, "aspect_ratio": s.aspect_ratio, "seconds": float(s.seconds),
                "form": s.form,
            }
            for s in plan.shots
        ],
        "notes": list(dict.fromkeys(str(note) for note in plan.all_notes)),
        **film_json(plan),
    }  # fmt: skip


def film_json(plan: Plan) -> dict[str, Any]:
    """The film of a plan, and its alternatives. Lengths in seconds and frames, money as text."""
    film, wished = overview_of(plan), wished_frames(plan)
    return {
        "film": {
            "frames": film.frames, "seconds": float(round(film.seconds, 3)), "exact": film.exact,
            "wished_frames": wished, "wished_seconds": None if wished is None else float(plan.production.length or 0),
            "aspect_ratio": film.ratio, "forms": list(film.forms),
            "scenes": [
                {"id": s.scene, "start_frame": s.start, "frames": s.frames, "clip_frames": s.whole,
                 "seam": None if s.seam is None else s.seam.value}
                for s in film.scenes
            ],
            "titles": [
                {"kind": one.card.kind, "before": one.card.before or None, "text": one.card.said,
                 "start_frame": one.start, "frames": one.card.frames}
                for one in film.cards
            ],
            "seams": {kind.value: count for kind, count in film.seams.items()},
            "sound": sound_json(plan, {scene.scene: scene.start for scene in film.scenes}),
        },
        "alternatives": [
            {"what": other.what, "to_pay_usd": plain(other.to_pay), "instead_of_usd": plain(other.instead_of),
             "frames": other.frames}
            for other in plan.alternatives
        ],
    }  # fmt: skip


def sound_json(plan: Plan, starts: Mapping[str, int]) -> dict[str, Any]:
    """The voices, captions and music of a plan, with their frames in the film. ``starts``: those of its scenes."""
    sound = plan.sound
    return {
        "language": sound.language or None,
        "loudness_lufs": sound.loudness,
        "narration": [
            {"scene": scene, "start_frame": starts[scene] + one.start, "frames": one.frames, "voice": one.told,
             "text": " ".join(said.text for said in one.said)}
            for scene, one in sound.speech.items()
        ],
        "captions": [
            {"scene": scene, "start_frame": starts[scene] + one.start, "frames": one.frames, "text": one.text}
            for scene, captions in sound.captions.items() for one in captions
        ],
        "music": [
            {"file": one.path.name, "from": one.first or None, "to": one.last or None, "level_db": float(one.level)}
            for one in sound.music
        ],
    }  # fmt: skip
