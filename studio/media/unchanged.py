"""Notes on finished clips that a film cannot copy: the reason, and the command that mends it.

A plan says it before anything is bought, and the film in the same words. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote

from studio.media.form import Candidate, Form, Wanted, differing, names_in_words, rate_in_words, to_copy, unfit

SAME_SHAPE = 0.02  # share by which two shapes may differ and be scaled into each other


@dataclass(frozen=True)
class FinishedClip:
    """A finished clip in a film: its name there, its file's name, and its form."""

    name: str
    file: str
    clip: Candidate


def encoded_again(clips: Mapping[int, FinishedClip], wanted: Wanted) -> list[str]:
    """A note on the finished clips that a film of several forms encodes again, one for all with the same reasons."""
    copied = to_copy({n: found.clip for n, found in clips.items()}, wanted)
    model = clips[min(copied)] if copied else None
    by_reason: dict[tuple[str, ...], list[FinishedClip]] = {}
    for number, found in clips.items():
        if number in copied:
            continue
        reasons = unfit(found.clip, wanted)
        if not reasons and model is not None:
            reasons = (f"its {differing(found.clip.form, model.clip.form)} differ from those of {model.name}",)
        by_reason.setdefault(reasons, []).append(found)
    return [_note(reasons, found, wanted, model) for reasons, found in by_reason.items()]


def _note(reasons: tuple[str, ...], found: list[FinishedClip], wanted: Wanted, model: FinishedClip | None) -> str:
    names = names_in_words(list(dict.fromkeys(one.name for one in found)))
    each = "each: " if len({one.name for one in found}) > 1 else ""
    told = f"{names} encoded again: {each}{'; '.join(reasons)}" if reasons else f"{names} encoded again"
    remedy = _remedy(found[0], wanted, model)
    return f"{told}. To keep {'their' if each else 'its'} frames: {remedy}" if remedy else told


def _remedy(found: FinishedClip, wanted: Wanted, model: FinishedClip | None) -> str:
    """The way to make a clip fit, with the command for its file; empty where it needs bars or a crop anyhow."""
    clip = found.clip
    if clip.overlaps or clip.covered or abs(clip.width * wanted.height / (clip.height * wanted.width) - 1) > SAME_SHAPE:
        return ""
    exporting = _exporting(found.file, wanted, part=not clip.whole)
    if model is None:
        return exporting
    if not unfit(clip, wanted) and differing(clip.form, model.clip.form) == "colour tags":
        return f"if its colours are those of {model.name}, tag it: {_tagging(found.file, model.clip.form)}"
    return f"export it with the settings of {model.name}, or put both through {exporting}"


def _tagging(file: str, form: Form) -> str:
    _, primaries, transfer, matrix = form.colors
    tags = f"colour_primaries={primaries}:transfer_characteristics={transfer}:matrix_coefficients={matrix}"
    return f"ffmpeg -i {quote(file)} -c copy -bsf:v h264_metadata={tags}:video_full_range_flag=0 {_new(file)}"


def _exporting(file: str, wanted: Wanted, *, part: bool) -> str:
    cut = "-ss IN -to OUT " if part else ""
    form = f"scale={wanted.width}:{wanted.height},fps={rate_in_words(wanted.fps)},setsar=1,format=yuv420p"
    return f"ffmpeg -i {quote(file)} {cut}-vf {form} -c:v libx264 -crf 12 {_new(file)}"


def _new(file: str) -> str:
    return quote(f"{file.rpartition('.')[0] or file}-fit.mp4")
