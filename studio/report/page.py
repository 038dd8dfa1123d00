"""report.html: the run on one self-contained page: no network, no fonts, no files but the film beside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from studio.money import usd
from studio.production.scene import TAKES
from studio.remedies import IN_TERMINAL, Aside, Produce, Reconcile, Remedy, Settling, Text, option
from studio.report import formats, labels, storyboard
from studio.report import takes as takes_shown
from studio.report.files import inside, reference, write_atomically
from studio.report.gantt import lanes
from studio.report.graph import graph
from studio.report.media import copies, linked, played
from studio.report.records import RunRecord, ShotOutcome
from studio.report.scenes import MEANING, STALE_MEANING, Scene, scenes
from studio.report.seams import MANY, Meeting, meetings, met_frames, tally
from studio.report.shot_kinds import GRAVEST, kind_of
from studio.report.sound import in_words, loudness_of
from studio.report.summary import NOT_BILLED, one_line
from studio.report.thumbnails import Thumbnails, poster
from studio.report.transcripts import transcripts
from studio.storage.kept import Kept
from studio.storage.ownership import LINKED, TIMELINES

HERE = Path(__file__).parent
#: What a budget is for. One of a film or a project counts what was spent by all runs and for all versions.
HELD_TO = {"production": "the film", "project": "the project", "run": "this run", "batch": "the films of its table"}


@dataclass(frozen=True)
class Piece:
    """One cut on the ruler below the film, in percent of its length."""

    scene: str
    outcome: ShotOutcome
    slate: bool
    left: float
    width: float
    starts: float
    meeting: Meeting | None


@dataclass(frozen=True)
class CardPiece:
    """One card on that ruler: its first line, and its place."""

    text: str
    left: float
    width: float
    starts: float


def write_report(record: RunRecord, out: Path, kept: Kept | None = None) -> Path:
    """Write ``out/report.html``. Thumbnails that earlier reports made are in ``kept``."""
    kept = kept or Kept()
    shown, clips = linked(record, out, kept.digests), played(record, out, kept.digests)
    return write_atomically(out / "report.html", render(record, out, kept, clips, shown).encode(errors="replace"))


def render(
    record: RunRecord, out: Path, kept: Kept, clips: Mapping[str, Path], shown: Mapping[Path, Path]
) -> str:  # fmt: skip
    """The page as text, for a file in ``out``: references are relative to it.

    ``clips``: of takes, by their orders; ``shown``: of the film, the files in or below ``out``, by their own paths.
    """
    told = scenes(record)
    sources = {path: reference(near, out) for path, near in shown.items()}
    small = (*takes_shown.shown_frames(told), *met_frames(record, told))
    pictures = Thumbnails(storyboard.shown_frames(told), small, kept=kept)
    met = meetings(record, told, pictures, kept)
    fps = record.film.fps if record.film else Fraction(24)
    cards = tuple(storyboard.card(scene, pictures, met.get(scene.id), fps, sources) for scene in told)
    takes = takes_shown.choices(told, pictures, {order: reference(path, out) for order, path in clips.items()})
    sound = loudness_of(record, kept)
    kinds = {kind_of(shot) for shot in record.shots}
    script = (HERE / "page_script.html").read_text(encoding="utf-8").strip()
    return (
        environment()
        .get_template("page.html")
        .render(
            record=record,
            line=one_line(record),
            slates=any(cut.slate for cut in record.cuts),
            places=formats.decimals(
                amount for shot in record.shots for amount in (shot.cost, shot.reused, shot.refunded)
            ),
            not_billed=NOT_BILLED,
            held_to=HELD_TO,
            cards=cards,
            many=len(told) > MANY,  # with smaller cards
            missing=[scene for scene in told if scene.missing],
            transcripts=transcripts(record),
            pieces=_pieces(record, told, met),
            card_pieces=_card_pieces(record),
            meetings=list(met.values()),
            tally=tally(scene.seam for scene in told if scene.seam is not None),
            blends=any(meeting.transition for meeting in met.values()),
            choices=takes,
            unused=takes_shown.unused(told),
            sound="" if sound is None else in_words(sound),
            pins=any(take.pin for choice in takes for take in choice.takes),
            kinds={"still": "still" in kinds, "step": any(shot.finishes for shot in record.shots)},
            stale=[scene for scene in told if scene.stale],
            stale_meaning=STALE_MEANING,
            apis=labels.apis(record),
            graph=graph([shot for scene in told for shot in scene.shots]),
            lanes=lanes(record),
            outcomes=[
                (name, MEANING[name]) for name in reversed(GRAVEST) if any(s.outcome == name for s in record.shots)
            ],
            film_source=_film_source(record, out),
            deliveries={made.preset: reference(made.path, out) for made in record.deliveries if made.path},
            poster=poster(_opening(told), kept),
            option=option,
            produce=partial(Produce, version=record.version_options),
            plan=str(Produce(plan=True, version=record.version_options)),
            all_at_once=Aside(" (or ", option("renew", "all"), ")"),
            adopt=lambda order: Reconcile(Settling.ADOPT, order),
            release=lambda order: Reconcile(Settling.RELEASE, order),
            in_terminal=IN_TERMINAL,
            beside=("costs.csv", "manifest.json", *TIMELINES),
            clips=LINKED if copies(record, out) else "",
            take_fields=_take_fields(record, {choice.number for choice in takes}, told),
            script=Markup(script),  # noqa: S704 - a file of ours
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def _take_fields(record: RunRecord, numbers: set[int], told: tuple[Scene, ...]) -> tuple[str, ...]:
    """The fields of a production that keep to a take, for those of these scenes."""
    draft = set(record.from_draft)
    if record.version.endswith("draft"):
        draft = {scene.id for scene in told}
    shown = [scene.id for scene in told if scene.number in numbers]
    return labels.once(TAKES["draft" if scene in draft else "final"] for scene in shown)


def environment() -> Environment:
    """The templates of pages, with the words and numbers that these are written with."""
    made = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        finalize=_printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "usd": usd,
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
        "bought": labels.bought,
        "breakable": _breakable,
        "slug": lambda word: word.replace(" ", "-"),
        "percent": lambda value: f"{value:.3f}%",
        "px": lambda value: f"{value:.1f}",
        "nothing": lambda amount: amount == Decimal(0),
    }
    return made


def _printable(value: object) -> object:
    """Remove from every text what an HTML page cannot hold."""
    value = str(value) if isinstance(value, Text | Remedy) else value
    return formats.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _breakable(name: str) -> Markup:
    """A shot's name that may break after its dots."""
    return Markup("<wbr>").join(f"{part}." for part in formats.clean(name).split("."))[:-1]


def _pieces(record: RunRecord, told: tuple[Scene, ...], met: dict[str, Meeting]) -> tuple[Piece, ...]:
    cuts = (*record.cuts, *(card.place for card in record.titles.cards))
    total = max([cut.start_frame + cut.frames for cut in cuts], default=0)
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
            meeting=met.get(cut.scene),
        )
        for cut in sorted(record.cuts, key=lambda cut: cut.start_frame)
    )


def _card_pieces(record: RunRecord) -> tuple[CardPiece, ...]:
    total = record.film.frames if record.film is not None else 0
    return tuple(
        CardPiece(
            text=card.heading,
            left=100 * card.place.start_frame / total,
            width=100 * card.place.frames / total,
            starts=float(card.place.start_frame / record.film.fps),
        )
        for card in record.titles.cards
        if record.film is not None and total
    )


def _film_source(record: RunRecord, out: Path) -> str | None:
    """The reference to the film; None where the film is not inside the page's folder."""
    if record.film is None:
        return None
    if inside(record.film.path, out):
        return reference(record.film.path, out)
    beside = out / record.film.path.name
    return reference(beside, out) if beside.is_file() else None


def _opening(told: tuple[Scene, ...]) -> Path | None:
    """The film's first picture: of its first clip as the film shows it, or else as it was first made."""
    shown = [shot for scene in told for versions in scene.versions for shot in reversed(versions)]
    return next((shot.first_frame for shot in shown if shot.first_frame), None)
