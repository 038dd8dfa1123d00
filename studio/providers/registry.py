"""The services that are installed: those of this package, and those that others register by entry points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from itertools import chain
from typing import Protocol

from studio.errors import BadInput, SettingsError
from studio.providers.models import StillModel, VideoModel
from studio.providers.spec import ProviderSpec

GROUP = "studio_producer.providers"
#: Entry points of this package itself, as in its pyproject.toml, since it also runs from a folder, uninstalled.
BUILT_IN: Mapping[str, str] = {
    "dream-machine": "studio.providers.luma.spec:DREAM_MACHINE",
    "agents": "studio.providers.luma.spec:AGENTS",
}
#: Characters of names that the ledger has columns for. An account is named by its provider's id, and a digest.
LONGEST_ID, LONGEST_POOL, LONGEST_NAME = 24, 20, 40
#: The provider of orders that were booked before orders named theirs, where their model is no longer known.
EARLIEST = "dream-machine"


class Sold(Protocol):
    """The part of an order that tells its provider: ``provider`` is empty in orders of earlier versions."""

    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...


@dataclass(frozen=True)
class Registered:
    """All usable services by id, and the reasons why others cannot be used."""

    specs: Mapping[str, ProviderSpec]
    faults: tuple[str, ...] = ()


@cache
def registered() -> Registered:
    """Load every installed service, once per process. One that cannot be loaded does not affect the others."""
    specs: dict[str, ProviderSpec] = {}
    faults = []
    taken: set[str] = set()
    for name, where in _known():
        try:
            spec = _load(where)
            sold = [model.name for model in spec.sold]
            why = next(_wrong(spec, name, sold), "") or _in_use(name, sold, specs, taken)
        except Exception as error:
            if name in BUILT_IN:
                raise  # a fault of ours
            faults.append(f"'{name}' ({where}) cannot be loaded ({type(error).__name__})")
            continue
        if why:
            faults.append(f"'{name}' ({where}) cannot be used: {why}")
            continue
        specs[name] = spec
        taken |= set(sold)
    return Registered(specs, tuple(faults))


def _in_use(name: str, sold: Sequence[str], specs: Mapping[str, ProviderSpec], taken: Set[str]) -> str:
    """The names of a service that another one has taken; empty where there are none."""
    if name in specs:
        return "its id is taken"
    already = [model for model in sold if model in taken]
    return f"{', '.join(already)} is sold already" if already else ""


def _wrong(spec: ProviderSpec, name: str, sold: Sequence[str]) -> Iterator[str]:
    """Faults of a specification that would stop other services, or an order once it is to be booked."""
    if spec.id != name:
        yield f"its id is '{spec.id}'"
    if not spec.key_variables:
        yield "it names no variable of a key"
    if not spec.models:
        yield "it sells no model"
    yield from (f"{model.name} is of another service" for model in spec.sold if model.api != spec.id)
    yield from (f"{model} is there twice" for model, times in Counter(sold).items() if times > 1)
    if len(set(spec.endpoints.values())) < len(spec.endpoints):
        yield "two operations have one endpoint"
    named = [(spec.id, LONGEST_ID), *((model.pool, LONGEST_POOL) for model in spec.sold)]
    named += [(text, LONGEST_NAME) for text in (*sold, *spec.endpoints.values())]
    yield from (f"'{text}' is longer than {most} characters" for text, most in named if len(text) > most)


def _known() -> Iterator[tuple[str, str]]:
    """Name and object of every entry point: this package's own first, so that no other takes their names."""
    others = ((e.name, e.value) for e in sorted(entry_points(group=GROUP)) if e.name not in BUILT_IN)
    return chain(BUILT_IN.items(), others)


def _load(where: str) -> ProviderSpec:
    module, _, name = where.partition(":")
    spec = getattr(import_module(module.strip()), name.strip())
    if not isinstance(spec, ProviderSpec):
        raise TypeError(f"{where} is no ProviderSpec")
    return spec


def all_specs() -> tuple[ProviderSpec, ...]:
    """Every service that can be used, this package's own first."""
    return tuple(registered().specs.values())


def spec_of(provider: str) -> ProviderSpec:
    """The service of that id. Raises SettingsError where its package is not installed."""
    try:
        return registered().specs[provider]
    except KeyError:
        raise SettingsError(
            f"no service '{provider}' is installed{_why()}", hint="install the package that it came with"
        ) from None


def find_spec(provider: str) -> ProviderSpec | None:
    """The service of that id; None where its package is not installed (any more)."""
    return registered().specs.get(provider)


def generation_name(provider: str, generation_id: str) -> str:
    """A generation's name among those of all services, whose ids may be equal. Luma's is its id, as it always was."""
    return generation_id if provider in BUILT_IN else f"{provider}-{generation_id}"


def provider_of(order: Sold) -> str:
    """The id of the provider that an order was sent to, or is to be sent to."""
    if order.provider:
        return order.provider
    found = video_models().get(order.model) or still_models().get(order.model)
    return found.api if found is not None else EARLIEST


@cache
def video_models() -> Mapping[str, VideoModel]:
    """Every video model by its name."""
    return {model.name: model for spec in all_specs() for model in spec.models}


@cache
def still_models() -> Mapping[str, StillModel]:
    """Every model for stills by its name."""
    return {model.name: model for spec in all_specs() for model in spec.stills}


def video_model(name: str) -> VideoModel:
    """The model of that name. Raises BadInput that lists the models."""
    try:
        return video_models()[name]
    except KeyError:
        raise BadInput(f"no model '{name}'{_why()}", hint=f"models: {', '.join(video_models())}") from None


def still_model(name: str) -> StillModel:
    """The still model of that name. Raises BadInput that lists the models."""
    try:
        return still_models()[name]
    except KeyError:
        raise BadInput(f"no model '{name}' for stills{_why()}", hint=f"models: {', '.join(still_models())}") from None


def _why() -> str:
    return "".join(f"; service {fault}" for fault in registered().faults)
