"""The clips of a scene: a chain of new ones, modified footage, or an existing generation.

A chain can be planned in several forms: with the cheapest lengths, with the longest, or as earlier versions planned it.
A form that is in the ledger already is used as it is.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from math import ceil
from typing import Literal, TypeAlias

from studio.errors import BadInput
from studio.money import ZERO
from studio.planning.context import Choice, PlanningContext
from studio.planning.durations import chain_lengths, whole_clip
from studio.planning.edits import edited
from studio.planning.joins import Way, cut_source, ways_of
from studio.planning.own_clips import own_clip
from studio.planning.plan import Shot, ShotState
from studio.planning.shots import guides_of, quote, shot_of
from studio.planning.stills import anchored_end, anchored_start
from studio.production import Scene
from studio.production.field_types import generation_in
from studio.providers.models import VideoModel
from studio.providers.pricing import Quote
from studio.providers.shot_request import Source

BY_ID = ("shot", "generation")
#: ``earlier``: 10 s first, and a generation by its id beside another frame, which the service no longer takes.
#: ``longer``: what was bought for other words of a scene that lasts as long as its voice, and has room for these.
Form: TypeAlias = Literal["cheapest", "longest", "earlier", "longer"]
MOST_CLIPS = 200  # of a scene, in whose chains bought ones are looked for


def clips_of(context: PlanningContext, scene: Scene) -> tuple[Shot, ...]:
    """The scene's clips, in order. Their sources must be planned already."""
    if scene.clip is not None:
        return (own_clip(context, scene),)
    if scene.generation:
        return (_existing(context, scene),)
    return edited(context, scene) if scene.modify is not None else _chain(context, scene)


def _existing(context: PlanningContext, scene: Scene) -> Shot:
    model = context.model(scene)
    facts = context.existing.get((model.api, scene.generation or ""))
    seconds = facts.seconds if facts is not None and facts.seconds else None
    planned = seconds or Fraction(whole_clip(model.lengths, context.production.duration_of(scene)))
    free = Quote(ZERO, context.prices.of(model.api).label)  # it is there: whoever made it has paid for it
    shot = shot_of(context, scene, scene.id, planned, free)
    return context.add(
        replace(
            shot,
            generation=scene.generation,
            facts=facts,
            state=ShotState.PINNED,
            options=replace(shot.options, loop=scene.loop, hdr=False, exr=False),
        )
    )


def _chain(context: PlanningContext, scene: Scene) -> tuple[Shot, ...]:
    """New clips in the form asked for, or in another one that is in the ledger and costs no more now."""
    wish: Form = context.production.clips_of(scene)
    ways = ways_of(context, scene)
    drawn = [
        (way, form, lengths)
        for way in ways
        for form in _forms(wish)
        if (way, form) != ("frame", "earlier") and (lengths := _lengths(context, scene, form, way)) is not None
    ]
    (_, _, wished), *others = drawn
    if scene.id in context.production.voiced:
        longer: Form = "longer"
        bought = _bought(context, scene, ways[0])
        if bought and scene.id in context.ties.whole:  # what goes on from its end was bought from the end of all of it
            drawn, others = [], []
        more = [(ways[0], longer, lengths) for lengths in sorted(bought, key=sum, reverse=not drawn)]
        drawn, others = drawn + more, others + more
    tied = scene.character is not None or _end(context, scene) is not None
    if len(ways) > 1 or (tied and context.model(scene).one_by_id) or any(lengths != wished for _, _, lengths in others):
        clips = _chosen(context, scene, drawn)
    else:
        clips = _drawn(context, scene, wish, wished, ways[0])
    context.joined.add(scene.id, ways, clips, cut=cut_source(context, scene) is not None)
    return clips


def _forms(wish: Form) -> tuple[Form, ...]:
    return ("longest", "cheapest", "earlier") if wish == "longest" else ("cheapest", "longest", "earlier")


def _chosen(
    context: PlanningContext, scene: Scene, forms: list[tuple[Way, Form, tuple[int, ...]]]
) -> tuple[Shot, ...]:  # fmt: skip
    best, best_clips, seen = context.trial(), tuple[Shot, ...](), set[tuple[str, ...]]()
    choice: list[tuple[Decimal, int]] = []
    first_way, wish, _ = forms[0]
    for number, (way, form, lengths) in enumerate(forms):
        trial = context.trial()
        clips = _drawn(trial, scene, form, lengths, way)
        price = sum((c.quote.usd for c in clips), ZERO)
        if form not in ("earlier", "longer") and way == first_way:
            choice.append((price, len(clips)))
        keys = tuple(clip.key for clip in clips)
        if keys in seen:
            continue
        seen.add(keys)
        if number == 0:
            best, best_clips = trial, clips
        elif way != first_way:
            # It is taken for what is bought in it, and not for a new take: that begins at the frame of the cut.
            if trial.begun and trial.to_pay < best.to_pay and (form == wish or _may_replace(wish, form)):
                best, best_clips = trial, clips
                context.joined.anew[scene.id] = choice[0][0]
        elif _may_replace(wish, form) and _better(context, trial, clips, best, best_clips):
            best, best_clips = trial, clips
    context.keep(best)
    if len(choice) == 2 and choice[0] != choice[1]:
        context.choices[scene.id] = Choice(*choice[0], *choice[1])
    return best_clips


def _better(
    context: PlanningContext,
    trial: PlanningContext,
    clips: tuple[Shot, ...],
    best: PlanningContext,
    best_clips: tuple[Shot, ...],
) -> bool:
    """True if a form that is bought costs less now; or, where this take is new in every form, if other takes have it:
    clips that depend on the scene then stay as they are."""
    if trial.begun:
        return trial.to_pay < best.to_pay
    return not best.begun and context.familiar(clips[0].family) and not context.familiar(best_clips[0].family)


def _may_replace(wish: Form, form: Form) -> bool:
    """True unless the longest clips were asked for; only the earlier form, or more seconds, may replace those."""
    return wish != "longest" or form in ("earlier", "longer")


def _lengths(
    context: PlanningContext, scene: Scene, form: Form, way: Way, *, wanted: Fraction | None = None
) -> tuple[int, ...] | None:  # fmt: skip
    """The lengths of the clips in seconds, which last ``wanted`` together; None where the form is not possible."""
    model, wanted = context.model(scene), context.production.duration_of(scene) if wanted is None else wanted
    start, end = _start(context, scene, way), _end(context, scene)
    if scene.loop:
        return (whole_clip(model.loop_lengths, wanted),)
    if scene.hdr and form == "earlier":
        return None  # earlier versions refused other frames in HDR
    if scene.hdr or scene.guides:
        return (_one_clip(scene, model, wanted),)
    if form == "earlier":
        framed = start is not None or scene.character is not None
        return _earlier(wanted, framed=framed, ends=end is not None) if model.one_by_id else None
    by_id = start is not None and start.kind in BY_ID
    price = partial(_price, context, scene)
    return chain_lengths(model, wanted, price, by_id=by_id, ends=end is not None, longest=form == "longest")


def _bought(context: PlanningContext, scene: Scene, way: Way) -> list[tuple[int, ...]]:
    """The lengths of all chains of clips that are bought for a scene, and that last at least as long as it.

    They may be much longer than what its words need now: they are looked for clip by clip, among those that are bought.
    """
    model, wanted, found = context.model(scene), context.production.duration_of(scene), list[tuple[int, ...]]()
    alone = bool(scene.loop or scene.hdr or scene.guides)
    first = model.loop_lengths if scene.loop else model.hdr_lengths if scene.hdr else model.lengths

    def held(lengths: tuple[int, ...], clip: int) -> bool:
        return context.held(_drawn(context.trial(), scene, "longer", lengths, way)[clip].key)

    open_: list[tuple[int, ...]] = [(seconds,) for seconds in first]
    while open_:
        lengths = open_.pop()
        if sum(lengths) >= wanted and held(lengths, -1):
            found.append(lengths)
        # A last clip may end on a frame: the same clip is another one where a clip follows it.
        if not alone and len(lengths) < MOST_CLIPS and held((*lengths, model.continued[0]), -2):
            open_ += [(*lengths, seconds) for seconds in sorted({*model.continued, *model.lengths})]
    return found


def _one_clip(scene: Scene, model: VideoModel, wanted: Fraction) -> int:
    lengths = model.hdr_lengths if scene.hdr else model.lengths
    if wanted > lengths[-1]:
        what = "in HDR" if scene.hdr else "with guides"
        raise BadInput(
            f"{float(wanted):g} seconds {what} are more than one clip, and such a clip cannot be continued",
            where=f"scene '{scene.id}', field 'duration'", hint=f"at most {lengths[-1]} seconds",
        )  # fmt: skip
    return whole_clip(lengths, wanted)


def _earlier(wanted: Fraction, *, framed: bool, ends: bool) -> tuple[int, ...]:
    """The lengths of Ray 3 as earlier versions chose them, when 10 s were taken to cost twice as much as 5 s."""
    blocks = max(1, ceil(wanted / 5))
    if framed or blocks == 1 or (blocks == 2 and ends):
        return (5,) * blocks
    return (10, *(5,) * (blocks - 2))


def _drawn(
    context: PlanningContext, scene: Scene, form: Form, lengths: tuple[int, ...], way: Way
) -> tuple[Shot, ...]:  # fmt: skip
    model = context.model(scene)
    start, end = _start(context, scene, way), _end(context, scene)
    if start is None:
        start = anchored_start(context, scene)
    anchor = anchored_end(context, scene, clips=len(lengths))
    end = end or anchor
    guides = guides_of(context, scene)
    shots: list[Shot] = []
    for number, seconds in enumerate(lengths, 1):
        name = scene.id if len(lengths) == 1 else f"{scene.id}.{number}"
        first = start if number == 1 else Source("shot", shots[-1].id)
        last = end if number == len(lengths) else None
        if model.one_by_id and form != "earlier":
            first, last = _as_taken(context, scene, model, seconds, first, last)
        extends = any(source is not None and source.kind in BY_ID for source in (first, last))
        shot = shot_of(context, scene, name, Fraction(seconds), quote(context, scene, seconds, extends=extends))
        shots.append(
            context.add(
                replace(shot, start=first, end=last, guides=guides, options=replace(shot.options, loop=scene.loop))
            )
        )
    return tuple(shots)


def _as_taken(
    context: PlanningContext, scene: Scene, model: VideoModel, seconds: int, first: Source | None, last: Source | None
) -> tuple[Source | None, Source | None]:
    """A clip's first and last frame as the model takes them: one generation by id in a plain clip, else pictures."""
    if scene.hdr or seconds not in model.continued or (first is not None and last is not None):
        return _picture(context, scene, first, "last"), _picture(context, scene, last, "first")
    return first, last


def _picture(
    context: PlanningContext, scene: Scene, source: Source | None, frame: Literal["first", "last"]
) -> Source | None:
    """A frame of a generation's clip, in place of the generation; any other source as it is."""
    if source is None or source.kind not in BY_ID:
        return source
    if source.kind == "shot":
        return Source(frame, source.ref)
    known = next((s.id for s in context.shots.values() if s.generation == source.ref), None)
    if known is not None:
        return Source(frame, known)
    # No scene shows this generation: it is fetched for this frame alone.
    name = f"{scene.id}.{'from' if frame == 'last' else 'to'}"
    model = context.model(scene)
    free = Quote(ZERO, context.prices.of(model.api).label)
    shot = shot_of(context, scene, name, Fraction(model.lengths[0]), free)
    plain = replace(shot.options, hdr=False, exr=False)
    pinned = replace(shot, generation=source.ref, state=ShotState.PINNED, options=plain)
    return Source(frame, context.add(pinned).id)


def _price(context: PlanningContext, scene: Scene, seconds: int, extends: bool) -> Decimal:
    return quote(context, scene, seconds, extends=extends).usd


def _start(context: PlanningContext, scene: Scene, way: Way) -> Source | None:
    if way == "frame":
        return cut_source(context, scene)
    parent = context.ties.parent[scene.id]
    if parent is not None:
        return context.generation(context.made[parent][-1], context.model(scene).api, "last")
    if named := generation_in(scene.continue_from):
        return Source("generation", named)
    return context.image(context.production.start_image_of(scene))


def _end(context: PlanningContext, scene: Scene) -> Source | None:
    if scene.lead_into is None:
        return context.image(context.production.end_image_of(scene))
    if named := generation_in(scene.lead_into):
        return Source("generation", named)
    return context.generation(context.made[scene.lead_into][0], context.model(scene).api, "first")
