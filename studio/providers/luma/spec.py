"""The specifications of Luma's two APIs. The clients, with their SDKs, are loaded when one is opened."""

from __future__ import annotations

from importlib import resources
from typing import Any

from studio.providers.base import GenerationService
from studio.providers.luma import models
from studio.providers.luma.concepts import in_words
from studio.providers.luma.echo import KINDS, NAMELESS, match_echo
from studio.providers.luma.requests import agents_request, asked, dream_machine_request
from studio.providers.shot_request import Operation
from studio.providers.spec import Connection, ProviderSpec, RateLimits

_PRICES = resources.files("studio.providers.luma").joinpath("prices.toml")


def _of(api: str) -> dict[str, Any]:
    """The models of one of the two APIs."""
    return {
        "models": tuple(m for m in models.MODELS.values() if m.api == api),
        "stills": tuple(m for m in models.STILL_MODELS.values() if m.api == api),
    }


def _open_dream_machine(connection: Connection) -> GenerationService:
    from studio.providers.luma.dream_machine import DreamMachine

    return DreamMachine(api_key=connection.api_key, base_url=connection.base_url, local=connection.local)


def _open_agents(connection: Connection) -> GenerationService:
    from studio.providers.luma.agents import Agents

    return Agents(api_key=connection.api_key, base_url=connection.base_url, local=connection.local)


#: Ids of both APIs, as far as any was seen.
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

DREAM_MACHINE = ProviderSpec(
    id=models.DREAM_MACHINE,
    vendor="Luma",
    title="Luma's Dream Machine",
    label="Dream Machine",
    key_variables=("LUMAAI_API_KEY", "LUMA_API_KEY"),
    url_variable="LUMAAI_BASE_URL",
    base_url="https://api.lumalabs.ai/dream-machine/v1",
    price_book=_PRICES,
    endpoints={
        Operation.VIDEO: "video",
        Operation.MODIFY: "modify",
        Operation.REFRAME: "reframe",
        Operation.IMAGE: "image",
        Operation.UPSCALE: "upscale",
        Operation.SOUND: "audio",
    },
    build_request=dream_machine_request,
    asked=asked,
    open=_open_dream_machine,
    match_echo=match_echo,
    echo_kinds=KINDS,
    nameless=frozenset(NAMELESS),
    has_list=True,
    # Limits of the tier Build, as far as Luma documents them.
    limits={"ray": RateLimits(at_once=10, per_minute=20), "photon": RateLimits(at_once=40, per_minute=80)},
    local_path="/dream-machine/v1",
    sandbox=True,
    generation_id=UUID,
    **_of(models.DREAM_MACHINE),
)

AGENTS = ProviderSpec(
    id=models.AGENTS,
    vendor="Luma",
    title="Luma's Agents API",
    label="Luma Agents",
    key_variables=("LUMA_AGENTS_API_KEY",),
    url_variable="LUMA_BASE_URL",
    base_url="https://agents.lumalabs.ai/v1",
    price_book=_PRICES,
    endpoints={
        Operation.VIDEO: "video",
        Operation.MODIFY: "video_edit",
        Operation.REFRAME: "video_reframe",
        Operation.IMAGE: "image",
    },
    build_request=agents_request,
    asked=asked,
    open=_open_agents,
    in_words=in_words,
    takes_files=True,
    # Its answers tell how many creates a minute it allows.
    local_path="/v1",
    sandbox=True,
    generation_id=UUID,
    **_of(models.AGENTS),
)
