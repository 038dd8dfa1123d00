"""report.html: the run on one page that needs nothing else: no network, no fonts, no files but the film beside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from studio.record import RunRecord, ShotOutcome, ShotRecord
from studio.report import formats
from studio.report.files import inside, reference, write_atomically
from studio.report.grades import Grade, grade
from studio.report.graph import graph
from studio.report.lanes import lanes
from studio.report.scenes import GRAVEST, MEANING, Scene, scenes
from studio.report.summary import NOT_BILLED, one_line
from studio.report.thumbnails import Thumbnails, poster

HERE = Path(__file__).parent
LONG_PROMPT = 260
MANY = 24  # scenes; beyond it the storyboard is set closer


@dataclass(frozen=True)
class Frames:
    """One shot on the film strip."""

    shot: ShotRecord
    ratio: str
    first: str | None
    last: str | None


@dataclass(frozen=True)
class Meeting:
    """Where two scenes meet: the last picture of one, the first of the next."""

    before: str
    after: str
    grade: Grade
    continued: bool
    ssim: str
    psnr: str
    left: str | None
    right: str | None
    ratio: str


@dataclass(frozen=True)
class Card:
    """One scene of the storyboard."""

    scene: Scene
    strips: tuple[Frames, ...]
    prompts: tuple[tuple[str, str], ...]  # (as much as fits, the whole where it is longer)
    camera: tuple[str, ...]
    made_with: tuple[str, ...]
    errors: tuple[str, ...]
    meeting: Meeting | None
    timecode: str
    starts: float


@dataclass(frozen=True)
class Piece:
    """One cut on the ruler beneath the film, in percent of its length."""

    scene: str
    outcome: ShotOutcome
    slate: bool
    left: float
    width: float
    starts: float
    meeting: Meeting | None


def write_report(record: RunRecord, out: Path) -> Path:
    """Write ``out/report.html``."""
    return write_atomically(out / "report.html", render(record, out).encode(errors="replace"))


def render(record: RunRecord, out: Path) -> str:
    """The page as text. ``out`` is where it will lie: references are relative to it."""
    told = scenes(record)
    pictures = Thumbnails(path for shot in record.shots for path in (shot.first_frame, shot.last_frame))
    meetings = _meetings(record, told, pictures)
    fps = record.film.fps if record.film else Fraction(24)
    cards = tuple(_card(scene, pictures, meetings.get(scene.id), fps) for scene in told)
    script = (HERE / "page_script.html").read_text(encoding="utf-8").strip()
    return (
        _environment()
        .get_template("page.html")
        .render(
            record=record,
            line=one_line(record),
            slates=any(cut.slate for cut in record.cuts),
            places=formats.decimals(
                amount for shot in record.shots for amount in (shot.cost, shot.reused, shot.refunded)
            ),
            not_billed=NOT_BILLED,
            cards=cards,
            many=len(told) > MANY,
            missing=[scene for scene in told if scene.missing],
            pieces=_pieces(record, told, meetings),
            meetings=list(meetings.values()),
            tally=_tally(meetings.values()),
            graph=graph([shot for scene in told for shot in scene.shots]),
            lanes=lanes(record),
            outcomes=[
                (name, MEANING[name]) for name in reversed(GRAVEST) if any(s.outcome == name for s in record.shots)
            ],
            film_source=_film_source(record, out),
            poster=poster(_opening(told)),
            beside=("costs.csv", "manifest.json", "timeline.otio"),
            script=Markup(script),  # noqa: S704 - a file of ours
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        finalize=_printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "usd": formats.usd,
        "usd_in": formats.usd_in,
        "opening": formats.opening,
        "seconds": formats.seconds,
        "span": formats.span,
        "rate": formats.rate,
        "size": formats.size,
        "utc": formats.utc,
        "iso": formats.iso,
        "short": formats.short,
        "told": formats.told,
        "slug": lambda word: word.replace(" ", "-"),
        "percent": lambda value: f"{value:.3f}%",
        "px": lambda value: f"{value:.1f}",
        "nothing": lambda amount: amount == Decimal(0),
    }
    return made


def _printable(value: object) -> object:
    """Every text on its way into the page, freed of what no page can hold."""
    return formats.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _card(scene: Scene, pictures: Thumbnails, meeting: Meeting | None, fps: Fraction) -> Card:
    return Card(
        scene=scene,
        strips=tuple(
            Frames(shot, _ratio(shot), pictures.uri(shot.first_frame), pictures.uri(shot.last_frame))
            for shot in scene.shots
        ),
        prompts=tuple(_prompt(text) for text in _once(shot.prompt for shot in scene.shots)),
        camera=_once(move for shot in scene.shots for move in shot.camera),
        made_with=_once(
            f"{shot.model} · {shot.resolution} · {shot.aspect_ratio} · {formats.seconds(shot.seconds)} s"
            + (f" · take {shot.take}" if shot.take > 1 else "")
            for shot in scene.shots
        ),
        errors=_once(shot.error for shot in scene.shots if shot.error),
        meeting=meeting,
        timecode=formats.timecode(scene.cut.start_frame, fps) if scene.cut else "",
        starts=float(scene.cut.start_frame / fps) if scene.cut else 0.0,
    )


def _prompt(text: str) -> tuple[str, str]:
    """What fits on a card, and the whole where that is less than all of it."""
    whole = formats.clean(text).strip()
    opening = " ".join(whole.split())
    if len(whole) <= LONG_PROMPT and whole.count("\n") <= 5:
        return whole, ""
    return opening[: LONG_PROMPT - 40].rstrip() + "…", whole


def _meetings(record: RunRecord, told: tuple[Scene, ...], pictures: Thumbnails) -> dict[str, Meeting]:
    """Every measured seam, by the scene that it leads into, in the order of the film."""
    by_name = {shot.id: (shot,) for shot in record.shots} | {scene.id: scene.shots for scene in told}
    found: dict[str, Meeting] = {}
    for scene in told:
        seam = scene.seam
        if seam is None:
            continue
        before, after = by_name.get(seam.before, ()), by_name.get(seam.after, ())
        found[scene.id] = Meeting(
            before=seam.before,
            after=seam.after,
            grade=grade(seam),
            continued=seam.continued,
            ssim=formats.ssim(seam.ssim),
            psnr=formats.psnr(seam.psnr),
            left=pictures.uri(before[-1].last_frame, small=True) if before else None,
            right=pictures.uri(after[0].first_frame, small=True) if after else None,
            ratio=_ratio(after[0]) if after else "16 / 9",
        )
    return found


def _tally(meetings: Iterable[Meeting]) -> str:
    """How many seams of each kind: ``3 continued: 1 good, 1 fair, 1 poor; 2 cuts.``"""
    grades = [meeting.grade for meeting in meetings]
    cuts = grades.count("cut")
    judged = [f"{grades.count(name)} {name}" for name in ("good", "fair", "poor") if name in grades]
    parts = [f"{len(grades) - cuts} continued: {', '.join(judged)}"] if judged else []
    return "; ".join([*parts, *([f"{cuts} cut{'' if cuts == 1 else 's'}"] if cuts else [])]) + "."


def _pieces(record: RunRecord, told: tuple[Scene, ...], meetings: dict[str, Meeting]) -> tuple[Piece, ...]:
    total = max([cut.start_frame + cut.frames for cut in record.cuts], default=0)
    if record.film is None or total == 0:
        return ()
    outcomes = {scene.id: scene.outcome for scene in told}
    return tuple(
        Piece(
            scene=cut.scene,
            outcome=outcomes[cut.scene],
            slate=cut.slate,
            left=100 * cut.start_frame / total,
            width=100 * cut.frames / total,
            starts=float(cut.start_frame / record.film.fps),
            meeting=meetings.get(cut.scene),
        )
        for cut in sorted(record.cuts, key=lambda cut: cut.start_frame)
    )


def _film_source(record: RunRecord, out: Path) -> str | None:
    """The film as the page can refer to it: only where it lies beside the page."""
    if record.film is None:
        return None
    if inside(record.film.path, out):
        return reference(record.film.path, out)
    beside = out / record.film.path.name
    return reference(beside, out) if beside.is_file() else None


def _opening(told: tuple[Scene, ...]) -> Path | None:
    return next((shot.first_frame for scene in told for shot in scene.shots if shot.first_frame), None)


def _ratio(shot: ShotRecord) -> str:
    """The picture's shape for CSS: as measured, as ordered, or 16 to 9."""
    if shot.width > 0 and shot.height > 0:
        return f"{shot.width} / {shot.height}"
    wide, _, high = shot.aspect_ratio.partition(":")
    return f"{wide} / {high}" if wide.isdigit() and high.isdigit() and int(wide) and int(high) else "16 / 9"


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
