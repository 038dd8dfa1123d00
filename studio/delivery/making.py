"""Making the deliveries of a film: two at a time, each in its own file, which appears only when it is what was asked.

One that fails is recorded with its reason, and neither the film nor the other deliveries are touched by it.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from studio.atomic import atomic, copy, digest, is_sound
from studio.delivery.burnt import overlay
from studio.delivery.measuring import check, master_of
from studio.delivery.presets import VERSION, encoding, form_of, has_captions, suffix_of
from studio.delivery.values import DeliveryRecord, Master
from studio.disk import disk_errors
from studio.errors import CannotWrite, MediaError, NotDelivered
from studio.lettering import captions
from studio.media import ffmpeg
from studio.remedies import joined, text_of
from studio.storage.kept import MADE_FROM, Kept

AT_ONCE = 2  # encodes; each uses several threads


@dataclass(frozen=True)
class Finished:
    """A finished film: its file, as it was recorded when it was named."""

    path: Path
    sha256: str
    frames: int
    fps: Fraction


class Finish(Protocol):
    """A step that adds something to a complete delivery, such as its signature."""

    @property
    def made_from(self) -> tuple[str, ...]:
        """All that decides what is added."""
        ...

    def __call__(self, delivery: Path, suffix: str) -> None:
        """Add it to the file, whose name will end with ``suffix``. Raises MediaError, OSError."""
        ...


def delivery_name(slug: str, preset: str) -> str:
    """The name of a delivery's file: ``keepers-light.web.mp4``."""
    return f"{slug}.{preset}{suffix_of(preset)}"


def deliver(
    film: Finished, presets: Sequence[str], folder: Path, slug: str, *, kept: Kept, stop: ffmpeg.Stop | None = None,
    told: Callable[[DeliveryRecord], None] = lambda _: None, finish: Finish | None = None,
    fonts: Sequence[Path] = (),
) -> tuple[DeliveryRecord, ...]:  # fmt: skip
    """Make the deliveries of a film in ``folder``, in the order of ``presets``; those made before are copied.

    ``told`` hears of each as it ends, from other threads; ``finish`` completes each file before it is measured.
    ``fonts``: files of fonts for captions that are drawn, before all others.
    ``stop`` ends the work when it becomes true: then FfmpegError is raised. A delivery that fails has its ``error``,
    and no file. Raises BadClip where the film cannot be read, CannotWrite where ``folder`` cannot be made.
    """
    with disk_errors("the deliveries", folder.parent):
        folder.mkdir(parents=True, exist_ok=True)
    master = master_of(film.path, film.sha256, frames=film.frames, fps=film.fps)
    broken = threading.Event()

    def stopped() -> bool:
        return broken.is_set() or (stop is not None and stop())

    def one(preset: str) -> DeliveryRecord:
        record = _delivered(master, preset, folder / delivery_name(slug, preset), kept, stopped, finish, fonts)
        told(record)
        return record

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delivery") as pool:
        jobs = [pool.submit(one, preset) for preset in presets]
        try:
            return tuple(job.result() for job in jobs)
        except BaseException:
            broken.set()
            pool.shutdown(cancel_futures=True)
            raise


def undelivered(made: Sequence[DeliveryRecord], film: Path) -> NotDelivered | None:
    """The error for a film of which some deliveries were not made; None where all were."""
    reasons = {one.preset: one.error for one in made if one.error is not None}
    if not reasons:
        return None
    return NotDelivered(
        text_of(f"the film is made, and not delivered as {', '.join(reasons)}\n",
                joined("\n", dict.fromkeys(reasons.values()))),
        hint=f"nothing is lost: the film is {film}",
    )  # fmt: skip


def _delivered(
    master: Master, preset: str, out: Path, kept: Kept, stop: ffmpeg.Stop, finish: Finish | None,
    fonts: Sequence[Path],
) -> DeliveryRecord:  # fmt: skip
    try:
        form = form_of(preset, master)
        made_from = [*_made_from(master, preset, fonts), *(finish.made_from if finish else ())]
        with disk_errors("a delivery", out.parent):
            if (known := _kept(made_from, preset, out, kept)) is not None:
                return known
            with atomic(out) as part:
                frames = form.frames + 100
                with ExitStack() as pictures:
                    over = None
                    if has_captions(preset):
                        folder = tempfile.TemporaryDirectory(dir=out.parent, prefix=".captions-")
                        over = overlay(master, Path(pictures.enter_context(folder)), fonts)
                    ffmpeg.run(encoding(form, master, f"file:{part}", over), timeout=600 + 5 * frames, stop=stop)
                if finish is not None:
                    finish(part, form.suffix)
                told = check(part, form)
                record = DeliveryRecord(preset, out, digest(part), part.stat().st_size, told)
        _keep(record, made_from, kept)
        return record
    except (MediaError, CannotWrite) as error:
        if stop():
            raise
        if isinstance(error, MediaError):
            error.where = f"delivery '{preset}'"
        return DeliveryRecord(preset, error=error.text)


def _made_from(master: Master, preset: str, fonts: Sequence[Path]) -> MADE_FROM:
    """All that decides a delivery: the film's bytes, the preset, and what encodes it."""
    found = [VERSION, preset, master.sha256, *ffmpeg.builds()]
    if has_captions(preset):
        found += ["captions", captions.VERSION, *(digest(font) for font in fonts if font.is_file())]
    return found


def _keep(record: DeliveryRecord, made_from: MADE_FROM, kept: Kept) -> None:
    facts = {"path": str(record.path), "sha256": record.sha256, "bytes": record.bytes, "form": record.form}
    kept.put("deliveries", made_from, json.dumps(facts).encode())


def _kept(made_from: MADE_FROM, preset: str, out: Path, kept: Kept) -> DeliveryRecord | None:
    """The delivery that was made before, copied to ``out``; None where there is none, or it was changed or deleted."""
    found = kept.get("deliveries", made_from)
    if found is None:
        return None
    facts = json.loads(found)
    source = Path(facts["path"])
    record = DeliveryRecord(preset, out, facts["sha256"], facts["bytes"], facts["form"], kept=True)
    if source == out:
        return record if kept.digests.is_sound(out, record.sha256) else None
    with suppress(FileNotFoundError):  # it was removed
        if source.stat().st_size != record.bytes:
            return None
        with atomic(out) as part:
            copy(source, part)
            if not is_sound(part, record.sha256):
                raise FileNotFoundError(source)
        _keep(record, made_from, kept)
        return record
    return None
