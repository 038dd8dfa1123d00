"""Titles of a planned film: cards between its scenes, texts over them, fades at its ends. They cost nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from studio.errors import BadInput
from studio.planning.asset_use import scenes_in_words
from studio.planning.film_items import Item, frames_of, is_guessed, items_of
from studio.planning.length import in_seconds
from studio.planning.plan import FPS, Plan, SceneEdit
from studio.planning.title_edits import CardEdit, TextEdit, TitleEdits
from studio.production import Production
from studio.production.title_check import fonts_of
from studio.production.titles import LOWER_THIRD_FADE, LOWER_THIRD_FROM, LOWER_THIRD_SECONDS, LowerThird

LEAST = FPS // 2  # frames for which a text is seen


def with_cards(plan: Plan) -> Plan:
    """The plan with the cards that its production asks for.

    Those of the whole film, at its start and end, are left out where only some of its scenes are made.
    """
    return replace(plan, titles=TitleEdits(cards=tuple(_cards(plan))))


def _cards(plan: Plan) -> Iterator[CardEdit]:
    production = plan.production
    titles, written = production.film.titles, {scene.id: scene for scene in production.scenes}
    whole = _is_whole(plan)
    if whole and titles is not None and titles.opening is not None:
        opening = titles.opening
        yield CardEdit("opening", _frames(opening.lasts), plan.cuts[0].scene, opening.text)
    for cut in plan.cuts:
        if (card := written[cut.scene].card) is not None:
            yield CardEdit("card", _frames(card.lasts), cut.scene, card.text)
    if whole and titles is not None and titles.closing is not None:
        yield CardEdit("closing", _frames(titles.closing.lasts), text=titles.closing.text)
    if whole and titles is not None and titles.credits is not None:
        credits = titles.credits
        yield CardEdit("credits", _frames(credits.lasts), lines=credits.rows, roll=credits.roll)


def _is_whole(plan: Plan) -> bool:
    """True if all scenes of the production are made."""
    return len(plan.cuts) == len(plan.production.scenes)


def with_texts(plan: Plan) -> Plan:
    """The plan, whose scenes have their lengths by now, with texts over scenes, fades, and notes on all titles.

    Raises BadInput for a text that comes after its scene's end, and for fades that are longer than what they darken;
    where only some scenes are made, which are cut otherwise then, these are as long as they can be.
    """
    written = {scene.id: scene.lower_third for scene in plan.production.scenes}
    cuts = []
    for cut in plan.cuts:
        third = written[cut.scene]
        cuts.append(cut if third is None else replace(cut, lower_third=_text(plan, cut, third)))
    film = plan.production.film
    titles = replace(plan.titles, fade_in=_frames(film.fade_in, 0), fade_out=_frames(film.fade_out, 0))
    plan = replace(plan, cuts=tuple(cuts), titles=titles)
    if _is_whole(plan):
        _check_fades(plan)
    return replace(plan, notes=(*plan.notes, *_notes(plan)))


def _text(plan: Plan, cut: SceneEdit, third: LowerThird) -> TextEdit:
    has, start = frames_of(plan, cut), _frames(LOWER_THIRD_FROM if third.from_ is None else third.from_, 0)
    seconds = LOWER_THIRD_SECONDS if third.seconds is None else third.seconds
    frames, left = _frames(seconds), has - start
    late = left < (LEAST if third.seconds is None else frames)
    if late and _is_whole(plan) and not is_guessed(plan, cut):
        wanted = "" if third.seconds is None else f" for {in_seconds(frames)} s"
        raise BadInput(
            f"comes at {in_seconds(start)} s{wanted}, and the scene lasts {in_seconds(has)} s",
            where=f"scene '{cut.scene}', field 'lower_third'",
            hint="let it come earlier (from), or for fewer seconds; nothing was ordered",
        )
    frames = frames if late else min(frames, left)
    return TextEdit(third.text, start, frames, min(_frames(LOWER_THIRD_FADE), frames // 2))


def _check_fades(plan: Plan) -> None:
    items, titles = items_of(plan), plan.titles
    for field, frames, ends in (("fade_in", titles.fade_in, items[:2]), ("fade_out", titles.fade_out, items[-2:])):
        of = ends[0] if field == "fade_in" else ends[-1]
        overlap = ends[-1].into if len(ends) > 1 else None
        alone = frames_of(plan, of) - (overlap.frames if overlap else 0)
        both = titles.fade_in + titles.fade_out if len(items) == 1 else frames
        if frames and both > alone and not (isinstance(of, SceneEdit) and is_guessed(plan, of)):
            what = f"'{of.scene}'" if isinstance(of, SceneEdit) else of.name
            raise BadInput(
                f"fades take {in_seconds(both)} s, and {what} is seen alone for {in_seconds(alone)} s",
                where=f"field 'film.{field}'", hint="make it shorter; nothing was ordered",
            )  # fmt: skip


def _notes(plan: Plan) -> Iterator[str]:
    titles = plan.titles
    if titles.cards:
        each = ", ".join(f"{card.name} {in_seconds(card.frames)} s" for card in titles.cards[:6])
        more = f" and {len(titles.cards) - 6} more" if len(titles.cards) > 6 else ""
        overlaps = sum(item.into.frames for item in _met(items_of(plan)) if item.into)
        total = sum(card.frames for card in titles.cards) - overlaps
        less = f", less {in_seconds(overlaps)} s in which transitions show two at once" if overlaps else ""
        yield f"cards add {in_seconds(total)} s to the film: {each}{more}{less}"
    over = [cut.scene for cut in plan.cuts if cut.lower_third is not None]
    if over:
        yield f"a text is seen over {scenes_in_words(over)}; nothing is bought for it"
    film = plan.production.film
    if (titles.cards or over) and (others := fonts_of(plan.production).others):  # no font is read for fades alone
        names = " and ".join(font.name for font in others)
        yield (
            f"letters that the film's fonts do not have are set in {names} of this machine: name a font that has them "
            "as font under film, titles, and they look alike on every machine"
        )
    missing = film.titles is not None and any((film.titles.opening, film.titles.closing, film.titles.credits))
    if missing and not _is_whole(plan):
        yield "only some scenes are made: the film has no cards at its start and end, and no credits"


def _met(items: Sequence[Item]) -> list[Item]:
    """The items whose transition is into a card or out of one."""
    return [after for before, after in pairwise(items) if isinstance(before, CardEdit) or isinstance(after, CardEdit)]


def darkened(plan: Plan) -> frozenset[str]:
    """The scenes that the film's fades lie over."""
    items = items_of(plan)
    ends = [items[0]] * bool(plan.titles.fade_in) + [items[-1]] * bool(plan.titles.fade_out) if items else []
    return frozenset(item.scene for item in ends if isinstance(item, SceneEdit))


def titles_in(production: Production) -> bool:
    """True if a production has any title, or a fade."""
    film = production.film
    return bool(film.titles or film.fade_in or film.fade_out or any(s.card or s.lower_third for s in production.scenes))


def _frames(seconds: Fraction | None, least: int = 2) -> int:
    return max(least, round((seconds or 0) * FPS))
