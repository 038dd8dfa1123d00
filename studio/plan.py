"""From a production to its plan: shots in order, what each is made from, what it costs, and where it stands.

Pure functions of frozen values: nothing here reads a file, a clock or a network.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from studio.errors import BadInput
from studio.ledger.values import Intent, OrderRow, OrderState
from studio.money import ZERO
from studio.pricing import Quote
from studio.production import Production

FPS = 24
API = "dream-machine"


class ShotState(StrEnum):
    """Where a shot stands before the run."""

    NEW = "new"
    CACHED = "cached"  # paid for, and its clip is here
    PAID = "paid"  # finished, its clip is still to be fetched
    IN_FLIGHT = "in flight"  # paid for, being made
    IN_DOUBT = "in doubt"
    REFUSED = "refused"  # moderation refused this very input; it is not sent again
    PINNED = "pinned"  # an existing generation, named by the producer


@dataclass(frozen=True)
class Keyframe:
    """Where a clip starts or ends: an image by its sha256, a shot of this plan, or an existing generation by id."""

    kind: Literal["image", "shot", "generation"]
    ref: str


@dataclass(frozen=True)
class Shot:
    """One clip to have. ``key`` names the purchase: equal keys, one purchase. ``seconds``: the clip's own length."""

    id: str
    scene: str
    model: str
    resolution: str
    aspect_ratio: str
    seconds: int
    prompt: str
    camera: tuple[str, ...]
    loop: bool
    start: Keyframe | None
    end: Keyframe | None
    take: int
    seller: str
    quote: Quote
    request: Mapping[str, Any] = field(repr=False)
    key: str = ""
    family: str = ""
    generation: str | None = None
    endpoint: str = "video"
    state: ShotState = ShotState.NEW
    order: OrderRow | None = field(default=None, repr=False)

    @property
    def parents(self) -> tuple[str, ...]:
        """Shots that must be completed before this one is ordered."""
        return tuple(k.ref for k in (self.start, self.end) if k is not None and k.kind == "shot")

    @property
    def images(self) -> tuple[str, ...]:
        """sha256 of the images that the service must be able to read."""
        return tuple(k.ref for k in (self.start, self.end) if k is not None and k.kind == "image")

    @property
    def to_pay(self) -> Decimal:
        """USD that a run would spend on it now."""
        return self.quote.usd if self.state is ShotState.NEW else ZERO

    def intent(self, production: str, account: str) -> Intent:
        """This shot as an intended purchase."""
        return Intent(
            key=self.key, family=self.family, seller=self.seller, account=account, endpoint=self.endpoint,
            model=self.model, production=production, scene=self.scene, shot=self.id, take=self.take,
            request=self.request, price=self.quote.usd, price_table=self.quote.table,
        )  # fmt: skip


@dataclass(frozen=True)
class Cut:
    """A scene's place in the film: its shots, how many frames it shall last, and from which side it is trimmed.

    ``frames`` is None where the clips are used whole, however many frames they turn out to have.
    """

    scene: str
    shots: tuple[str, ...]
    frames: int | None
    trim: Literal["tail", "head"] = "tail"
    repeat: bool = False  # a loop, played until ``frames`` are full
    continues: str | None = None  # the scene whose last frame this one begins with
    leads: str | None = None  # the scene whose first frame this one ends on


@dataclass(frozen=True)
class Plan:
    """A production as purchases, parents before children, and as a film, in the producer's order."""

    production: Production
    seller: str
    shots: tuple[Shot, ...]
    cuts: tuple[Cut, ...]
    notes: tuple[str, ...] = ()

    def shot(self, shot_id: str) -> Shot:
        return next(s for s in self.shots if s.id == shot_id)

    def continues(self, before: Cut, after: Cut) -> bool:
        """Whether one scene shall flow into the next: by its parent, by where it leads, or by a picture they share."""
        if after.continues == before.scene or before.leads == after.scene:
            return True
        end, start = self.shot(before.shots[-1]).end, self.shot(after.shots[0]).start
        return end is not None and end == start

    @property
    def to_pay(self) -> Decimal:
        """USD that a run would spend now. Shots with the same key are one purchase."""
        return sum((s.to_pay for s in {s.key: s for s in self.shots}.values()), ZERO)

    @property
    def to_buy(self) -> int:
        """How many creates a run would send now."""
        return len({s.key for s in self.shots if s.state is ShotState.NEW})

    def affordable(self, usd: Decimal) -> tuple[str, ...]:
        """Scenes that a budget covers with all that they are made from, first come first served in the film's order."""
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
    def total(self) -> Decimal:
        """USD of all shots, whether paid for or not."""
        return sum((s.quote.usd for s in {s.key: s for s in self.shots}.values()), ZERO)

    def seen_in(self, books: Mapping[str, OrderRow], has_clip: Callable[[str], bool]) -> Plan:
        """The same plan with every shot's state, from its order in the books and the clips that are here."""
        return replace(self, shots=tuple(_seen(s, books.get(s.key), has_clip) for s in self.shots))


def canonical_json(value: Any) -> str:
    """One text for equal values: what keys are made from."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def wire_request(shot: Shot, *, urls: Mapping[str, str], generations: Mapping[str, str]) -> dict[str, Any]:
    """The canonical request as the service wants it: images by URL (from their sha256), parents by generation id."""
    params = {name: value for name, value in shot.request.items() if name != "keyframes"}

    def sent(frame: Keyframe) -> dict[str, str]:
        if frame.kind == "image":
            return {"type": "image", "url": urls[frame.ref]}
        return {"type": "generation", "id": frame.ref if frame.kind == "generation" else generations[frame.ref]}

    frames = {name: sent(k) for name, k in (("frame0", shot.start), ("frame1", shot.end)) if k is not None}
    return {**params, "keyframes": frames} if frames else params


def _seen(shot: Shot, row: OrderRow | None, has_clip: Callable[[str], bool]) -> Shot:
    if row is None or shot.generation:
        return replace(shot, order=row)
    if row.state is OrderState.COMPLETED:
        state = ShotState.CACHED if row.clip and has_clip(row.clip) else ShotState.PAID
    elif row.state is OrderState.SUBMITTED:
        state = ShotState.IN_FLIGHT
    elif row.state in (OrderState.IN_DOUBT, OrderState.RESERVED):
        state = ShotState.IN_DOUBT
    elif row.state is OrderState.FAILED and is_moderation(row.reason or ""):
        state = ShotState.REFUSED
    else:
        state = ShotState.NEW
    return replace(shot, state=state, order=row)


def is_moderation(reason: str) -> bool:
    """Whether a failure reason is a verdict on the input, and so final for it (Luma's own texts)."""
    text = reason.lower()
    return "moderation" in text or "moderated" in text or "blacklisted" in text


def parse_takes(pairs: Sequence[str]) -> dict[str, int]:
    """``["arrival=2"]`` → ``{"arrival": 2}``. Raises BadInput."""
    takes = {}
    for pair in pairs:
        scene, _, number = pair.rpartition("=")
        if not scene or not number.isdecimal() or not 1 <= int(number) <= 1000:
            raise BadInput(f"{pair!r} is not SCENE=N", where="--take", hint="such as --take arrival=2")
        takes[scene] = int(number)
    return takes
