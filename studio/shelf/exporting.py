"""Deliveries of a film that is there: made beside it, and added to its manifest."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

from studio.atomic import write_atomic
from studio.delivery.making import Finish, Finished, deliver, delivery_name
from studio.delivery.presets import check_encoders
from studio.delivery.values import DeliveryRecord
from studio.disk import disk_errors
from studio.errors import BadInput
from studio.media import ffmpeg
from studio.report.manifest import delivery
from studio.shelf.films import ShelvedFilm, read_manifest
from studio.shelf.package import AGAIN
from studio.storage.kept import Kept
from studio.storage.ownership import DELIVERIES, MANIFEST


def export(
    film: ShelvedFilm, presets: Sequence[str], *, home: Path, stop: ffmpeg.Stop | None = None,
    told: Callable[[DeliveryRecord], None] = lambda _: None, sign: Callable[[str], Finish | None] = lambda _: None,
) -> tuple[DeliveryRecord, ...]:  # fmt: skip
    """Make a finished film into what the presets say, in the folder ``deliveries`` beside it.

    What was made of it before is kept. The manifest lists all of them. ``told`` and ``stop`` are as for ``deliver``;
    ``sign`` gives what signs them, by what the film's production says of its provenance.
    Raises BadInput where the film was changed, its manifest is missing, or a file is in the way; SettingsError where
    ffmpeg cannot encode a preset; CannotWrite.
    """
    check_encoders(presets)
    try:
        found = read_manifest(film.folder)
        facts = found["film"]
        known = list(found.get("deliveries") or [])
        wanted = str(((found.get("production") or {}).get("film") or {}).get("provenance") or "auto")
        master = Finished(film.path, str(facts["sha256"]), int(facts["frames"]), Fraction(str(facts["fps"])))
    except (OSError, ValueError, TypeError, LookupError, ArithmeticError):
        raise BadInput("its run left no manifest that can be read", where=str(film.folder), hint=AGAIN) from None
    kept = Kept(home / "kept")
    if not kept.digests.is_sound(film.path, master.sha256):
        raise BadInput("the film was changed after it was made", where=str(film.path), hint=AGAIN)
    folder = film.folder / DELIVERIES
    for preset in presets:
        place = folder / delivery_name(film.slug, preset)
        if place.is_symlink() or (place.exists() and not place.is_file()) or folder.is_symlink():
            raise BadInput(f"{place} is in the way, and is no file of ours", hint="move it away; nothing was made")
    made = deliver(master, presets, folder, film.slug, kept=kept, stop=stop, told=told, finish=sign(wanted))
    there = [one for one in made if one.path is not None]
    others = [one for one in known if one.get("preset") not in {record.preset for record in there}]
    found["deliveries"] = [*others, *(delivery(one, film.folder) for one in there)]
    text = json.dumps(found, indent=2, ensure_ascii=True, allow_nan=False)
    with disk_errors("the manifest", film.folder):
        write_atomic(film.folder / MANIFEST, f"{text}\n".encode())
    return made
