"""The plan of a production: its shots in order, with their sources, prices and states.

Pure functions of frozen values: nothing here reads a file, a clock or a network.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

from studio.assets.own_clips import OwnPart
from studio.errors import BadInput
from studio.ledger.values import Intent, OrderRow, OrderState
from studio.media.overlap import Overlap
from studio.money import ZERO
from studio.planning.existing import Facts
from studio.planning.sound_edits import SoundEdits
from studio.planning.title_edits import TextEdit, TitleEdits
from studio.production import Production
from studio.providers.pricing import Quote
from studio.providers.registry import spec_of, still_models, video_models
from studio.providers.shot_request import ALL_OFF, FrameOf, Operation, ShotOptions, Source
from studio.remedies import Place, Words, option, text_of

FPS = 24


#: The colours of a scene's clips: as made, each as the one before it in the scene, or as what the scene goes on from.
ColorsOf = Literal["keep", "own", "match"]


class ShotState(StrEnum):
    """The state of a shot before the run."""

    NEW = "new"
    CACHED = "cached"  # paid for, and its clip is stored
    PAID = "paid"  # finished, but its clip is not fetched yet
    IN_FLIGHT = "in flight"  # paid for, being made
    IN_DOUBT = "in doubt"
    GONE = "gone"  # paid for, and no longer at the service; a person may let it be sent again
    REFUSED = "refused"  # moderation refused this very input; it is not sent again
    STALE = "stale"  # bought, but its source has another take now, or was edited; used until a fresh one is asked for
    PINNED = "pinned"  # an existing generation, named by the producer
    OWN = "own clip"  # a finished file of the producer's


#: Kinds of source that a shot of this plan makes; the others are seed assets and existing generations.
OF_A_SHOT = ("shot", "still", "clip", "first", "last", "cut")
OWN_CLIP = "own clip"  # in place of a model
#: Kinds of source whose clip must be downloaded before they can be sent.
OF_A_FILE = ("first", "last", "cut")


def _shots_of(source: Source) -> tuple[str, ...]:
    """The shots of a plan that a source needs, that which it is taken from first; none for a file or a generation."""
    if source.kind == "frame":
        return (FrameOf.of(source).shot,)
    return source.shots if source.kind in OF_A_SHOT else ()


@dataclass(frozen=True)
class Shot:
    """One clip or still of the plan. ``key`` names the purchase: equal keys, one purchase. ``seconds``: its own length.
    ``api`` is the id of the provider that sells it.

    ``source`` is the clip that it changes or finishes, ``references`` are pictures of its character, ``guides``
    pictures that it passes through, by frame. ``own`` is a finished file that it shows as it is: it has no API then,
    and no order. ``facts``: an existing generation as it is, where it was looked up; the request goes by what is
    written.
    ``finishes`` is the shot of which this one is a later version, in the same scene.
    """

    id: str
    scene: str
    model: str
    resolution: str
    aspect_ratio: str
    seconds: Fraction
    prompt: str
    start: Source | None
    end: Source | None
    take: int
    realm: str
    quote: Quote
    request: Mapping[str, Any] = field(repr=False)
    api: str
    key: str = ""
    family: str = ""
    generation: str | None = None
    operation: Operation = Operation.VIDEO
    options: ShotOptions = ALL_OFF
    source: Source | None = None
    references: tuple[Source, ...] = ()
    guides: tuple[tuple[int, Source], ...] = ()
    finishes: str = ""
    #: The reason why an earlier clip of it is stale, or would be if it was kept; empty: it has none.
    earlier: Literal["", "take", "cut", "edit"] = ""
    #: Scenes that it starts from or ends on, and that were edited since that clip was bought, where that is known.
    changed: tuple[str, ...] = ()
    own: OwnPart | None = None
    facts: Facts | None = None
    state: ShotState = ShotState.NEW
    order: OrderRow | None = field(default=None, repr=False)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Everything that it is made from."""
        found = (self.start, self.end, self.source, *self.references, *(source for _, source in self.guides))
        return tuple(dict.fromkeys(source for source in found if source is not None))

    @property
    def parents(self) -> tuple[str, ...]:
        """Shots that must be completed before this one is ordered."""
        return tuple(dict.fromkeys(shot for s in self.sources for shot in _shots_of(s)))

    @property
    def made_from(self) -> tuple[str, ...]:
        """Shots whose result it is made from: ``parents`` without those that only tell where a scene is cut."""
        return tuple(dict.fromkeys(found[0] for s in self.sources if (found := _shots_of(s))))

    @property
    def images(self) -> tuple[str, ...]:
        """sha256 of the seed assets that the service must be able to read."""
        return tuple(s.ref for s in self.sources if s.kind in ("image", "footage"))

    @property
    def is_bought(self) -> bool:
        """True if it is ordered, now or before: no finished file, and no existing generation."""
        return self.own is None and not self.generation

    @property
    def is_still(self) -> bool:
        return self.operation is Operation.IMAGE

    @property
    def endpoint(self) -> str:
        """The service's own name for the operation, used in orders and their keys."""
        return "" if self.own else spec_of(self.api).endpoint(self.operation)

    @property
    def form(self) -> str:
        """Its model and size in words; of an existing generation as it is, where that is known."""
        if self.is_still:
            return self.model
        known = self.facts or Facts("")
        return f"{known.model or self.model} {known.size or self.resolution}"

    @property
    def tier(self) -> str:
        """The tier by which edits of its clip are priced; of an existing generation as it is, where that is known."""
        return (self.facts.tier if self.facts else "") or self.resolution

    @property
    def pool(self) -> str:
        """The models that share the account's limits."""
        return (still_models()[self.model] if self.is_still else video_models()[self.model]).pool

    @property
    def to_pay(self) -> Decimal:
        """USD that a run would spend on it now."""
        return self.quote.usd if self.state is ShotState.NEW else ZERO

    def intent(self, production: str, account: str, *, film: str = "") -> Intent:
        """This shot as an intended purchase. ``film``: the name that the budget has, where it is not ``production``."""
        return Intent(
            key=self.key, family=self.family, realm=self.realm, account=account, endpoint=self.endpoint,
            model=self.model,
            provider=self.api, production=production, scene=self.scene, shot=self.id, take=self.take, pool=self.pool,
            request=self.request, price=self.quote.usd, price_table=self.quote.table, film=film,
        )  # fmt: skip


@dataclass(frozen=True)
class SceneEdit:
    """A scene's place in the film: its shots, its length in frames, and the side from which it is trimmed.

    ``frames`` is None where the clips are used whole, whatever their length turns out to be.
    """

    scene: str
    shots: tuple[str, ...]
    frames: int | None
    trim: Literal["tail", "head"] = "tail"
    repeat: bool = False  # a loop, played again until ``frames`` is reached
    continues: str | None = None  # the scene whose last frame this one begins with
    leads: str | None = None  # the scene whose first frame this one ends on
    part: tuple[int, int] | None = None  # of a finished file: its first frame, and their number
    fit: Literal["pad", "crop"] = "pad"  # how a clip of another shape is fitted to the film
    silent: bool = False  # its sound is left out
    file: str = ""  # the name of a finished file
    colors: ColorsOf = "keep"
    into: Overlap | None = None  # the frames in which what stands before becomes this one
    lower_third: TextEdit | None = None  # a text over its picture


@dataclass(frozen=True)
class Retaking:
    """New takes that a run is to make. ``command`` names the takes asked for together: the same command resumes them.

    ``takes``: by scene. ``refused``: ids of earlier requests whose take moderation refused for good.
    """

    command: str
    takes: Mapping[str, int]
    refused: tuple[int, ...] = ()


@dataclass(frozen=True)
class Budgeting:
    """The budget that a plan is held to. ``others``: the films that share it.

    ``made_out_of`` is another film under whose name most of the shots were bought; ``apart`` is True if the user wants
    separate budgets for the two. ``begun_as`` is the slug of an earlier version that the film keeps, and ``made`` the
    name that its title makes today, where the ledger does not say so yet. ``project`` is the production's, ``known_as``
    the name that its budget has without it, ``bought_as`` those of ``others`` under which anything was bought, and
    ``beside`` are the slugs of other productions of the project.
    """

    others: tuple[str, ...] = ()
    made_out_of: str = ""
    apart: bool = False
    begun_as: str = ""
    made: str = ""
    project: str = ""
    known_as: str = ""
    bought_as: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alternative:
    """Another way to the film, cheaper or with what is bought: what to write, USD that a run would spend then and would
    spend now, and the frames that the film would have."""

    what: str
    to_pay: Decimal
    instead_of: Decimal
    frames: int


@dataclass(frozen=True)
class Plan:
    """A production as purchases, parents before children, and as a film, in the producer's order.

    ``asked`` has the takes that an option of the run names, by scene.
    """

    production: Production
    realm: str
    shots: tuple[Shot, ...]
    cuts: tuple[SceneEdit, ...]
    notes: tuple[Words, ...] = ()
    #: Notes on takes as they are before the run; those at its end are made anew.
    take_notes: tuple[Words, ...] = ()
    retaking: Retaking | None = None
    budgeting: Budgeting = Budgeting()
    asked: Mapping[str, int] = field(default_factory=dict)
    #: By scene: its clips as they are generated, and its cut, where another scene goes on from the frame of that cut.
    cut_at: Mapping[str, SceneEdit] = field(default_factory=dict)
    alternatives: tuple[Alternative, ...] = ()
    titles: TitleEdits = field(default_factory=TitleEdits)
    sound: SoundEdits = field(default_factory=SoundEdits)

    @property
    def all_notes(self) -> tuple[Words, ...]:
        """All notes, as they are told before the run."""
        return (*self.notes, *self.take_notes)

    @cached_property
    def _by_id(self) -> Mapping[str, Shot]:
        return {s.id: s for s in self.shots}

    def shot(self, shot_id: str) -> Shot:
        return self._by_id[shot_id]

    def origin(self, shot_id: str) -> Shot:
        """The first shot, of which this one is a finished version; usually itself."""
        shot = self.shot(shot_id)
        return self.origin(shot.finishes) if shot.finishes else shot

    def continues(self, before: SceneEdit, after: SceneEdit) -> bool:
        """True if one scene flows into the next: by its parent, by where it leads, or by a picture they share."""
        if after.continues == before.scene or before.leads == after.scene:
            return True
        last, first = self.origin(before.shots[-1]), self.origin(after.shots[0])
        end, start = last.end, first.start
        if last.generation and start == Source("generation", last.generation):
            return True
        if first.generation and end == Source("generation", first.generation):
            return True
        # A generation has two ends, so to name the same one joins nothing; a shared picture does.
        return end is not None and end.kind in ("image", "still") and end == start

    @property
    def to_pay(self) -> Decimal:
        """USD that a run would spend now. Shots with the same key are one purchase."""
        return sum((s.to_pay for s in {s.key: s for s in self.shots}.values()), ZERO)

    @property
    def limit(self) -> Decimal:
        """USD that a run may order for once its price is agreed to: ``to_pay``, and each order of an earlier run that
        has no end yet. Where one was not accepted, or fails, its price is given back and it is ordered again.
        """
        return self.to_pay + sum({s.key: s.quote.usd for s in self.unsettled}.values(), ZERO)

    @property
    def unsettled(self) -> tuple[Shot, ...]:
        """The shots with an order of an earlier run that has no end yet."""
        return tuple(s for s in self.shots if s.state in (ShotState.IN_DOUBT, ShotState.IN_FLIGHT))

    @property
    def to_buy(self) -> int:
        """The number of creates that a run would send now."""
        return len({s.key for s in self.shots if s.state is ShotState.NEW})

    def affordable(self, usd: Decimal) -> tuple[str, ...]:
        """The scenes that ``usd`` covers together with everything they are made from, tried in the film's order."""
        by_id = {s.id: s for s in self.shots}
        bought: dict[str, Decimal] = {}
        fits = []
        for cut in self.cuts:
            needed, waiting = {}, list(cut.shots)
            while waiting:
                shot = by_id[waiting.pop()]
                waiting.extend(shot.parents)
                needed[shot.key] = shot.to_pay
            if sum((bought | needed).values(), ZERO) <= usd:
                bought |= needed
                fits.append(cut.scene)
        return tuple(fits)

    @property
    def at_most(self) -> Mapping[str, tuple[str, ...]]:
        """The reasons why prices are upper bounds, each with its shots."""
        found: dict[str, tuple[str, ...]] = {}
        for shot in self.shots:
            if shot.quote.at_most:
                found[shot.quote.at_most] = (*found.get(shot.quote.at_most, ()), shot.id)
        return found

    @property
    def total(self) -> Decimal:
        """USD of all shots, whether paid for or not."""
        return sum((s.quote.usd for s in {s.key: s for s in self.shots}.values()), ZERO)

    def seen_in(self, books: Mapping[str, OrderRow], has_clip: Callable[[str], bool]) -> Plan:
        """The same plan with every shot's state, by its order in the ledger and the clips that are stored."""
        return replace(self, shots=tuple(seen(s, books.get(s.key), has_clip) for s in self.shots))


def canonical_json(value: Any) -> str:
    """The same text for equal values; keys are made from it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def seen(shot: Shot, row: OrderRow | None, has_clip: Callable[[str], bool]) -> Shot:
    """The shot with its state, by its order and by whether its clip is stored."""
    if row is None or shot.generation:
        return replace(shot, order=row)
    if row.state is OrderState.COMPLETED:
        state = ShotState.CACHED if row.clip and has_clip(row.clip) else ShotState.PAID
    elif row.state is OrderState.SUBMITTED:
        state = ShotState.IN_FLIGHT
    elif row.state in (OrderState.IN_DOUBT, OrderState.RESERVED):
        state = ShotState.IN_DOUBT
    elif row.state is OrderState.GONE:
        state = ShotState.GONE
    elif row.moderated:
        state = ShotState.REFUSED
    else:
        state = ShotState.NEW
    return replace(shot, state=state, order=row)


def parse_takes(pairs: Sequence[str]) -> dict[str, int]:
    """``["arrival=2"]`` → ``{"arrival": 2}``. Raises BadInput."""
    takes = {}
    for pair in pairs:
        scene, _, number = pair.rpartition("=")
        if not scene or not number.isdecimal() or not 1 <= int(number) <= 1000:
            raise BadInput(
                f"{pair!r} is not SCENE=N", where=Place("take"), hint=text_of("such as ", option("take", "arrival=2"))
            )
        takes[scene] = int(number)
    return takes
