"""The hostile service as our code reaches it: a ``GenerationService`` whose creates meet a fate.

Its errors are those of ``studio.providers.luma.answers`` for such answers, with the same texts.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from hostile_time import MACHINE, Machine
from hostile_world import Create, Service, Wanted

from studio.errors import Ambiguous, NotFound, NotSent, RateLimited, Refused, ServiceError
from studio.providers import Generation, GenerationPage, GenerationService

#: The order that the running task places.
ORDERING: ContextVar[Wanted | None] = ContextVar("ORDERING", default=None)


@dataclass(frozen=True)
class Fate:
    """The fate of a create. ``accepted`` and ``answered`` in seconds after it was sent; None: never accepted."""

    answer: str
    answered: float
    accepted: float | None = None


class HostileProvider(GenerationService):
    """The service as one buyer's machine reaches it. ``sending`` gives leave for each create, and its record."""

    name = "luma"
    endpoints = frozenset({"video", "image"})

    def __init__(self, service: Service, buyer: str, sending: Callable[[Wanted, Mapping[str, Any]], Create]) -> None:
        self._service, self._buyer, self._sending = service, buyer, sending
        self.has_list = not service.traits.no_list

    @property
    def cost_per_second(self) -> Decimal:
        return Decimal("0.14")

    async def create(
        self, endpoint: str, params: Mapping[str, Any], *, request_id: str = "", user_id: str = ""
    ) -> Generation:
        service, machine, wanted = self._service, _machine(), ORDERING.get()
        assert wanted is not None, "only a door places orders"
        machine.step()
        create = self._sending(wanted, params)
        service.creates.append(create)
        fate = self._fate(create, len(service.creates))
        create.answer = fate.answer
        service.note(f"{machine.name} sends {wanted.name}.{create.attempt}: {fate}")
        if fate.accepted is not None:
            create.due = service.loop.time() + fate.accepted
            service.loop.call_later(fate.accepted, service.accept, create)
        await machine.pause(fate.answered)
        if fate.answer != "ok":
            raise _error(fate.answer, service.draw.one((None, 1.0, 20.0), "retry", len(service.creates)))
        assert create.made is not None
        create.made.known = True
        return service.seen(create.made)

    def _fate(self, create: Create, number: int) -> Fate:
        traits, draw, script = self._service.traits, self._service.draw, self._service.script
        quick, long = draw.between(0.1, 2.0, "quick", number), draw.one((0.2, 20.0, 60.0), "long", number)
        status, gateway = draw.one(("500", "503", "500"), "status", number), max(long, quick)
        if not script and traits.endless and draw.unit("endless", create.wanted.key) < 0.4:
            return Fate(status, quick, quick / 2 if traits.endless == "after" else None)
        fates = {
            "lost_before": Fate("lost", gateway),
            "lost_after": Fate("lost", gateway, quick / 2),
            "error_before": Fate(status, quick),
            "error_after": Fate(status, quick, quick / 2),
            "gateway": Fate("504", gateway, draw.one((None, quick / 2, gateway + 5), "gate", number)),
            "late": self._late(number, quick, gateway, status),
            "slow": Fate("ok", 59.0, draw.between(1, 58, "slow", number)),
            "limited": Fate("429", quick),
            "refused": Fate("422", quick),
            "unsent": Fate("unsent", quick),
        }
        if script:
            return fates.get(script.pop(0), Fate("ok", quick, quick / 2))
        for name, fate in fates.items():
            if draw.unit("fate", number, name) < getattr(traits, name):
                return fate
        return Fate("ok", quick, quick / 2)

    def _late(self, number: int, quick: float, gateway: float, status: str) -> Fate:
        draw = self._service.draw
        answer = draw.one(("lost", "504", status), "late", number)
        answered = quick if answer == status else gateway
        return Fate(answer, answered, answered + draw.between(0.5, self._service.traits.latest, "later", number))

    async def get(self, generation_id: str) -> Generation:
        await _machine().pause(0.2)
        found = self._service.find(generation_id)
        if found is None:
            raise NotFound("the service answered 404: Generation not found", status=404)
        return found

    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        service = self._service
        await _machine().pause(0.3)
        if not self.has_list:
            raise Refused("the service answered 405", status=405)
        if service.draw.unit("list error", service.lists) < service.traits.list_errors:
            service.lists += 1
            raise ServiceError("the service answered 500: oops", status=500)
        return service.page(self._buyer, limit, offset)

    async def delete(self, generation_id: str) -> None:
        self._service.delete(self._service.made[generation_id])

    async def credits(self) -> Decimal:
        raise Refused("the service answered 404", status=404)

    async def list_camera_motions(self) -> builtins.list[str]:
        return []

    async def upload(self, path: Path, *, media_type: str) -> str:
        raise Refused("the service answered 404", status=404)

    async def ping(self) -> None:
        await _machine().pause(0.1)

    async def aclose(self) -> None:
        pass


def _machine() -> Machine:
    machine = MACHINE.get()
    assert machine is not None, "calls of the service come from a machine"
    return machine


def _error(answer: str, retry_after: float | None) -> ServiceError:
    """The error of ``studio.providers.luma.answers`` for such an answer, with the same text."""
    if answer == "unsent":
        return NotSent("the service cannot be reached (ConnectError)")
    if answer == "429":
        return RateLimited("the service answered 429: Too many requests", retry_after=retry_after)
    if answer == "422":
        return Refused("the service answered 422: not this", status=422)
    status = None if answer == "lost" else int(answer)
    text = {
        "lost": "no readable answer came back (ReadTimeout)",
        "504": "no answer came through (status 504)",
    }.get(answer, f"the service answered {answer}: oops")
    return Ambiguous(text, status=status, answered=status in (500, 503))
