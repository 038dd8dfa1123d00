"""The services that are installed: those of this package, and those that others register by entry points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    models: dict[str, str] = {}
    sold: tuple[VideoModel | StillModel, ...]
    for name, where in _known():
        try:
            spec = _load(where)
        except Exception as error:  # noqa: BLE001 - another package's code; told where its models are asked for
            faults.append(f"'{name}' cannot be loaded ({type(error).__name__})")
            continue
        sold = (*spec.models, *spec.stills)
        taken = [m.name for m in sold if m.name in models]
        if spec.id != name or name in specs or taken:
            why = f"its id is '{spec.id}'" if spec.id != name else f"{', '.join(taken) or 'its id'} is sold already"
            faults.append(f"'{name}' cannot be used: {why}")
            continue
        specs[name] = spec
        models |= dict.fromkeys((m.name for m in sold), name)
    return Registered(specs, tuple(faults))


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
