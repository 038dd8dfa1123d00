"""manifest.json: the whole run for programs: orders, requests, generation ids, hashes.

Amounts are exact, as strings. Times are ISO 8601 in UTC. Paths are relative to the manifest inside its folder, else
absolute. A rate is a rational in a string (``24``, ``24000/1001``). ``psnr`` is null where it is infinite;
``identical`` says so. ``ssim`` and ``psnr`` are both null for a cut that nobody asked to measure. ``takes`` has all
takes of a shot where there is more than one. ``colors`` has mean ΔE2000 where clips go on from each other.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from studio.media.mix_values import Laid
from studio.money import plain
from studio.report.files import relative_name, write_atomically
from studio.report.formats import iso, told
from studio.report.records import (
    ColorSeam,
    DeliveryRecord,
    FilmCut,
    FilmRecord,
    RunRecord,
    SeamRecord,
    ShotRecord,
    TakeRecord,
)
from studio.report.seams import grade
from studio.report.shot_kinds import kind_of

SCHEMA_VERSION = 1


def write_manifest(record: RunRecord, out: Path) -> Path:
    """Write ``out/manifest.json``."""
    found = manifest(record, out)
    text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half a surrogate pair in a prompt can only be written as an escape
        data = json.dumps(found, indent=2, ensure_ascii=True, allow_nan=False).encode()
    return write_atomically(out / "manifest.json", data + b"\n")


def manifest(record: RunRecord, out: Path) -> dict[str, Any]:
    """The manifest's contents, as plain JSON values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "title": record.title,
        "slug": record.slug,
        "version": record.version,
        "film_slug": record.film_slug or record.slug,
        "from_draft": list(record.from_draft),
        "project": record.project or record.film_slug or record.slug,
        "run": {
            "id": record.run_id,
            "started_at": iso(record.started_at),
            "finished_at": iso(record.finished_at),
            "seconds": (record.finished_at - record.started_at).total_seconds(),
        },
        "service": {"name": record.service, "billed": record.billed},
        "cost": {
            "new_usd": plain(record.cost),
            "reused_usd": plain(record.reused),
            "refunded_usd": plain(record.refunded),
            "budget_usd": None if record.budget is None else plain(record.budget),
        },
        "film": _film(record.film, out) if record.film else None,
        "deliveries": [delivery(made, out) for made in record.deliveries],
        "cuts": [
            {
                "scene": cut.scene,
                "shots": list(cut.shots),
                "start_frame": cut.start_frame,
                "frames": cut.frames,
                "slate": cut.slate,
                "transition": _transition(cut),
            }
            for cut in record.cuts
        ],
        "titles": {
            "cards": [
                {
                    "kind": card.kind,
                    "before": card.before or None,
                    "text": card.text,
                    "start_frame": card.place.start_frame,
                    "frames": card.place.frames,
                    "transition": _transition(card.place),
                }
                for card in record.titles.cards
            ],
            "lower_thirds": [
                {"scene": text.scene, "text": text.text, "start_frame": text.start, "frames": text.frames}
                for text in record.titles.texts
            ],
            "fade_in_frames": record.titles.fade_in,
            "fade_out_frames": record.titles.fade_out,
        },
        "sound": sound(record, out),
        "captions": [
            {"language": one.language, "cues": len(one.cues), "files": [relative_name(path, out) for path in one.files]}
            for one in record.captions
        ],
        "chapters": [
            {"title": one.title, "start_frame": one.start, "frames": one.end - one.start} for one in record.chapters
        ],
        "shots": [_shot(shot, out) for shot in record.shots],
        "seams": [_seam(seam) for seam in record.seams],
        "colors": [_colors(seam) for seam in record.colors],
        "production": _json(record.production),
        "notes": [told(note) for note in record.notes],
    }


def sound(record: RunRecord, out: Path) -> dict[str, Any]:
    """The voices and the music of the film, with frames of it."""
    mix = record.mix

    def laid(one: Laid) -> dict[str, Any]:
        return {
            "name": one.name, "file": relative_name(one.path, out), "sha256": one.sha256, "start_frame": one.start,
            "frames": one.frames, "from_seconds": _number(one.begins), "gain_db": round(one.gain, 2),
            "fade_in_frames": one.fade_in, "fade_out_frames": one.fade_out,
        }  # fmt: skip

    return {
        "loudness_lufs": None if mix is None else mix.loudness,
        "clips_gain_db": 0.0 if mix is None else mix.clips_gain,
        "voice": [laid(one) for one in mix.voice] if mix is not None else [],
        "music": [laid(one) for one in mix.under] if mix is not None else [],
    }


def _transition(cut: FilmCut) -> dict[str, Any] | None:
    return None if cut.into is None else {"kind": cut.into.kind, "frames": cut.into.frames}


def _film(film: FilmRecord, out: Path) -> dict[str, Any]:
    return {
        "path": relative_name(film.path, out),
        "sha256": film.sha256,
        "bytes": film.bytes,
        "frames": film.frames,
        "fps": str(film.fps),
        "seconds": _number(film.duration),
        "width": film.width,
        "height": film.height,
        "has_audio": film.has_audio,
        "method": film.method,
        "notes": [told(note) for note in film.notes],
    }


def delivery(made: DeliveryRecord, out: Path) -> dict[str, Any]:
    """A delivery as a manifest lists it."""
    return {
        "preset": made.preset,
        "path": relative_name(made.path, out) if made.path else None,
        "sha256": made.sha256 or None,
        "bytes": made.bytes,
        "form": made.form,
        "error": told(made.error) if made.error else None,
    }


def _shot(shot: ShotRecord, out: Path) -> dict[str, Any]:
    return {
        "id": shot.id,
        "scene": shot.scene,
        "take": shot.take,
        "outcome": shot.outcome,
        "kind": kind_of(shot),
        "api": shot.api,
        "endpoint": shot.endpoint,
        "finishes": shot.finishes or None,
        "stale": shot.stale or None,
        "parents": list(shot.parents),
        "order": shot.order,
        "generation_id": shot.generation_id,
        "prompt": shot.prompt,
        "camera": list(shot.camera),
        "model": shot.model,
        "resolution": shot.resolution,
        "aspect_ratio": shot.aspect_ratio,
        "seconds": _number(shot.seconds),
        "request": _json(shot.request),
        "cost": {
            "new_usd": plain(shot.cost),
            "reused_usd": plain(shot.reused),
            "refunded_usd": plain(shot.refunded),
            "price_table": shot.price_table,
        },
        "attempts": shot.attempts,
        "submitted_at": iso(shot.submitted_at) or None,
        "completed_at": iso(shot.completed_at) or None,
        "downloaded_at": iso(shot.downloaded_at) or None,
        "clip": {
            "path": relative_name(shot.clip, out),
            "sha256": shot.sha256,
            "bytes": shot.bytes,
            "frames": shot.frames,
            "width": shot.width,
            "height": shot.height,
        }
        if shot.clip
        else None,
        "still": {"path": relative_name(shot.still, out), "sha256": shot.sha256} if shot.still else None,
        "first_frame": relative_name(shot.first_frame, out) if shot.first_frame else None,
        "last_frame": relative_name(shot.last_frame, out) if shot.last_frame else None,
        "takes": [_take(take, out) for take in shot.takes],
        "error": told(shot.error) if shot.error else None,
    }


def _take(take: TakeRecord, out: Path) -> dict[str, Any]:
    return {
        "take": take.take,
        "order": take.order,
        "generation_id": take.generation_id,
        "price_usd": plain(take.price),
        "used": take.used,
        "clip": relative_name(take.clip, out) if take.clip else None,
        "still": relative_name(take.still, out) if take.still else None,
    }


def _seam(seam: SeamRecord) -> dict[str, Any]:
    return {
        "before": seam.before,
        "after": seam.after,
        "continued": seam.continued,
        "ssim": _finite(seam.ssim),
        "psnr": _finite(seam.psnr),
        "identical": seam.psnr == math.inf,
        "grade": grade(seam),
        "expected": seam.expected,
    }


def _colors(seam: ColorSeam) -> dict[str, Any]:
    return {
        "before": seam.before,
        "after": seam.after,
        "scene": seam.scene,
        "chain_from": seam.first,
        "delta_e_as_made": _places(seam.as_made),
        "delta_e_shown": _places(seam.shown),
        "delta_e_from_chain_start": _places(seam.drifted),
        "colors": seam.how,
        "why": seam.why,
    }


def _places(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else round(float(value), 6)


def _json(value: Any) -> Any:
    """Convert any value of a request or a production for JSON: a type that JSON does not have becomes a string."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return plain(value) if value.is_finite() else str(value)
        case datetime():
            return iso(value)
        case Path():
            return value.as_posix()
        case Mapping():
            return {str(key): _json(entry) for key, entry in value.items()}
        case Iterable():
            return [_json(entry) for entry in value]
        case _:
            return str(value)
