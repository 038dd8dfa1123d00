"""Checks before a run's first order: its files can be written, and replace no files of other productions.

Folders are tested in practice: created, a file written in each, synced, removed. The space that a run needs is
estimated from the lengths and sizes of its clips.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import AssetError, SettingsError
from studio.money import ZERO
from studio.planning.film_items import frames_of, items_of, name_of
from studio.planning.plan import FPS, OF_A_FILE, Plan, Shot, ShotState
from studio.provenance.chosen import chosen_credential, is_signed
from studio.providers.registry import spec_of
from studio.remedies import Place, Words, joined, text_of
from studio.storage.film_store import STORED
from studio.storage.ownership import DELIVERIES, FILES, LINKED, check_ours, claim

if TYPE_CHECKING:
    from studio.execution.session import Session

KEPT = ("clips", "stills", "pieces", "exr", "assets")  # folders of STUDIO_HOME that a run writes into
# Bits per pixel of a frame: a clip of the sandbox has 0.28; clips of the service vary around it.
CLIP_BITS = Fraction(3, 10)
HDR = 2  # factor by which a clip in high dynamic range is larger
EXR_BYTES = 3  # bytes per pixel of an EXR frame: three halves, compressed
STILL_BYTES = 4_000_000
REPORT_BYTES, REPORT_SHOT_BYTES, REPORT_MOST = 150_000, 60_000, 4_000_000
PROBE_BYTES = 4096


def check_places(session: Session, plan: Plan, out: Path) -> None:
    """Check that a run's files can be written and replace no others, and claim the film's folder.

    ``out`` is the film's folder, or the session's home where no film is made. Raises SettingsError; test files are
    removed then. Blocks: call it from a thread.
    """
    home, made = session.home, []
    films = session.settings.films.absolute()
    ours: Words = "STUDIO_FILMS" if session.film_store is None else "STUDIO_HOME"
    option: Words = ours if out.is_relative_to(films) else Place("out")
    try:
        for folder in (home, *(home / name for name in KEPT if os.path.lexists(home / name))):
            made += _try_out(folder, "STUDIO_HOME")
        if out != home:
            for folder in (out, *(place for place in (out / LINKED, out / DELIVERIES) if os.path.lexists(place))):
                made += _try_out(folder, option)
            archives = [f"{shot.id}.exr.zip" for shot in plan.shots if shot.options.exr]
            names = (*FILES, *archives, *_deliveries(plan))
            check_ours(out, plan.production.slug, names, where=option, digests=session.kept.digests)
        _check_space(session, plan, out, option)
        if out != home:
            with _told_of(out, option):
                claim(out, plan.production.slug)
    except SettingsError:
        for folder in reversed(made):
            with contextlib.suppress(OSError):  # another process uses it by now
                folder.rmdir()
        raise


def check_transitions(plan: Plan) -> None:
    """Check that the ffmpeg in use knows the transitions of a film. Raises SettingsError. Blocks."""
    asked = {item.into.kind: name_of(item) for item in items_of(plan) if item.into is not None}
    if not asked:
        return
    from studio.media import ffmpeg  # loaded where it is needed: a plan needs none

    if missing := sorted(asked.keys() - ffmpeg.transitions()):
        raise SettingsError(
            f"{ffmpeg.binary()} knows no transition {missing[0]!r}", where=f"transition into {asked[missing[0]]}",
            hint=f"choose another kind, or use a newer ffmpeg ({ffmpeg.NEWER})",
        )  # fmt: skip


def check_deliveries(plan: Plan) -> None:
    """Check that the ffmpeg in use can encode what a film is delivered as. Raises SettingsError. Blocks."""
    asked = plan.production.film.deliveries
    if not asked:
        return
    from studio.delivery.presets import check_encoders  # loaded where it is needed: a plan needs none

    check_encoders(asked)


def check_signing(session: Session, plan: Plan) -> None:
    """Check that a film can be signed, where it is to be. Raises SettingsError, CannotWrite. Blocks."""
    wanted = plan.production.film.provenance
    if not is_signed(session.settings, wanted):
        return
    from studio.provenance.signing import check_can_sign, check_installed  # loaded where they are needed: an extra

    check_installed()
    credential = chosen_credential(session.settings, wanted)
    if credential is not None:
        check_can_sign(credential)


def _deliveries(plan: Plan) -> list[str]:
    """The files that a film is made into, by their names in its folder."""
    if not plan.production.film.deliveries:
        return []
    from studio.delivery.making import delivery_name

    slug = plan.production.slug
    return [f"{DELIVERIES}/{delivery_name(slug, preset)}" for preset in plan.production.film.deliveries]


def check_stores(session: Session, out: Path) -> None:
    """Check that the stores that machines share can be written and read. ``out``: as for ``check_places``.

    Raises SettingsError. Blocks: call it from a thread.
    """
    if session.shared is not None:
        session.shared.objects.check()
    store = session.film_store
    if store is not None and store.holds(out):
        store.objects.check()
        with _told_of(out, "STUDIO_HOME"):
            (out / STORED).unlink(missing_ok=True)  # of an earlier try of this run: what it uploads is new


def check_publishing(session: Session, plan: Plan) -> None:
    """Try out the place of published assets where this run will put frames of its own clips there, which it can only do
    after it has bought them. (Assets that are here already are published before anything is bought.)

    Raises SettingsError, AssetError. Blocks: call it from a thread.
    """
    new = (s for s in plan.shots if s.state is ShotState.NEW and s.api and not spec_of(s.api).takes_files)
    later = next((s for s in new if any(source.kind in (*OF_A_FILE, "frame") for source in s.sources)), None)
    if later is not None and not session.publisher.try_place() and session.service.realm == "luma":
        raise AssetError(
            "it begins or ends with a frame of another clip, which the service cannot read", where=f"shot '{later.id}'",
            hint="set STUDIO_PUBLISH_URL to a bucket (s3://…) or to a folder that the internet reads, and it is "
            "published there; nothing was bought",
        )  # fmt: skip


def free_shots(plan: Plan, *, billed: bool) -> tuple[str, ...]:
    """A note for each price table by which shots cost nothing, where the service is billed."""
    free: dict[str, set[str]] = {}
    for shot in plan.shots:
        if billed and shot.quote.usd == ZERO and not shot.generation and not shot.own:
            free.setdefault(shot.quote.table, set()).add(shot.key)
    return tuple(
        f"price table {table} says that {len(keys)} shot{'s' if len(keys) > 1 else ''} cost $0.00: the service "
        "may bill them, and no budget counts them"
        for table, keys in free.items()
    )


def _try_out(folder: Path, where: Words) -> list[Path]:
    """Create a folder and write and sync a file in it. Returns the folders that did not exist before."""
    with _told_of(folder, where):
        missing = [place for place in (*reversed(folder.parents), folder) if not place.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        try:
            with probe.open("xb") as file:
                file.write(bytes(PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)
    return missing


@contextlib.contextmanager
def _told_of(folder: Path, where: Words) -> Iterator[None]:
    """A block in which errors with a folder become SettingsError."""
    hint = text_of("name a folder that can be written (", where, "); nothing was ordered")
    try:
        yield
    except ValueError:
        raise SettingsError(f"{str(folder)!r} is no name of a folder", where=where, hint=hint) from None
    except OSError as error:
        for place in (folder, *folder.parents):
            # Not Path's own methods: these raise where a folder may not be read, or a name is too long.
            there = os.path.exists(place)  # noqa: PTH110
            if os.path.islink(place) and not there:  # noqa: PTH114
                raise SettingsError(f"{place} is a link that leads nowhere", where=where, hint=hint) from None
            if there and not os.path.isdir(place):  # noqa: PTH112
                raise SettingsError(f"{place} is a file, not a folder", where=where, hint=hint) from None
        told = f"{folder} cannot be written: {error.strerror or type(error).__name__}"
        raise SettingsError(told, where=where, hint=hint) from None


@dataclass
class _Need:
    """The bytes that are needed on one disk: their purpose, and a folder on it."""

    folder: Path
    where: list[Words]
    parts: dict[str, int]


def _check_space(session: Session, plan: Plan, out: Path, option: Words) -> None:
    """Compare the free space of each disk with the run's needs. Raises SettingsError with the figures."""
    sizes = {shot.id: _bytes_of(session, shot) for shot in plan.shots}
    fetched = sum(size for size, here in sizes.values() if not here)
    film = _film_bytes(plan, {shot: size for shot, (size, _) in sizes.items()})
    frames = sum(round(_pixels(s) * s.seconds * FPS * EXR_BYTES) for s in plan.shots if s.options.exr)
    shots = len(plan.shots)
    wanted: list[tuple[Path, Words, dict[str, int]]] = [
        (session.home, "STUDIO_HOME", {"clips": fetched, "EXR frames": frames})
    ]
    if out != session.home:
        report = min(REPORT_BYTES + shots * REPORT_SHOT_BYTES, REPORT_MOST)
        # Clips that cannot be copied as they are first become pieces of the film's form.
        wanted[0][2]["pieces of the film"] = film
        linked = sum(sizes[name][0] for name in dict.fromkeys(name for cut in plan.cuts for name in cut.shots))
        parts = {
            "the film": film,
            "its report": report,
            "clips of its timeline": linked,
            "copies of EXR frames": frames,
            "deliveries": _delivery_bytes(plan),
        }
        wanted.append((out, option, parts))
    disks: dict[int, _Need] = {}
    for folder, where, parts in wanted:
        need = disks.setdefault(folder.stat().st_dev, _Need(folder, [], {}))
        need.where.append(where)
        need.parts |= parts
    for need in disks.values():
        free, total = shutil.disk_usage(need.folder).free, sum(need.parts.values())
        if total > free:
            told = ", ".join(f"{what} {_size(size)}" for what, size in need.parts.items() if size)
            raise SettingsError(
                f"the disk of {need.folder} has {_size(free)} free, and this run needs about {_size(total)} ({told})",
                where=joined(", ", need.where),
                hint="make room there, or name a folder on another disk; nothing was ordered",
            )


def _bytes_of(session: Session, shot: Shot) -> tuple[int, bool]:
    """The size of a shot's file, and whether it is here already: then it is measured, else estimated."""
    if shot.state in (ShotState.CACHED, ShotState.STALE) and shot.order is not None and shot.order.clip:
        with contextlib.suppress(OSError):
            path = session.stills.find(shot.order.clip) if shot.is_still else session.store.path(shot.order.clip)
            if path is not None:
                return path.stat().st_size, True
    if shot.own:
        with contextlib.suppress(OSError):
            return session.store.path(shot.own.file.sha256).stat().st_size, True
    if shot.is_still:
        return STILL_BYTES, False
    return round(_pixels(shot) * shot.seconds * FPS * CLIP_BITS / 8) * (HDR if shot.options.hdr else 1), False


def _film_bytes(plan: Plan, sizes: Mapping[str, int]) -> int:
    """The size of the film: that of its cuts, each as long as it is in the film."""
    total = Fraction(0)
    for cut in plan.cuts:
        made = sum(plan.shot(name).seconds for name in cut.shots) * FPS
        share = Fraction(cut.frames) / made if cut.frames and made else Fraction(1)
        total += sum(sizes[name] for name in cut.shots) * share
    return round(total)


def _delivery_bytes(plan: Plan) -> int:
    """The size of what the film is delivered as, all presets together."""
    asked = plan.production.film.deliveries
    if not asked:
        return 0
    from studio.delivery.presets import PREVIEW_BYTES, bits_of

    film = sum(max(_pixels(plan.shot(name)) for name in cut.shots) * frames_of(plan, cut) for cut in plan.cuts)
    bits = {preset: bits_of(preset) for preset in asked}
    return round(sum(film * bits[preset] / 8 if bits[preset] else PREVIEW_BYTES for preset in asked))


def _pixels(shot: Shot) -> int:
    """Pixels of a frame, by the tier's 16:9 size."""
    tier = shot.resolution.lower()
    height = 2160 if tier == "4k" else int(tier.removesuffix("p")) if tier.removesuffix("p").isdecimal() else 1080
    return height * height * 16 // 9


def _size(count: int) -> str:
    """Format a number of bytes, in the unit that fits."""
    for unit, large in (("GB", 10**9), ("MB", 10**6)):
        if count >= large:
            return f"{count / large:.1f} {unit}"
    return f"{count / 1000:.0f} kB"
