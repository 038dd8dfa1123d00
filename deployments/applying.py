"""Automations on a Prefect server as they are written: made, changed in place by name, listed, removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import BlockDocument
from prefect.events.actions import CallWebhook, SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.types import SecretDict
from pydantic import SecretStr

from deployments.automations import NAMES, NOTICES, Target, automations
from studio.addresses import web_address
from studio.errors import BadInput
from studio.settings import Settings

#: The block that is made for a webhook that was given by its address.
OWN_BLOCK = "studio-notices"
WEBHOOK = "webhook"
Change = Literal["made", "changed", "unchanged", "removed"]


@dataclass(frozen=True)
class Applied:
    """The change to an automation, made or planned. ``enabled``: as a person set it."""

    name: str
    change: Change
    enabled: bool = True


@dataclass(frozen=True)
class Standing:
    """One of this project's automations as it is on the server. ``block``: ``type/name``, where it tells something.

    ``as_written``: False where a person, or an earlier version, wrote it otherwise.
    """

    name: str
    there: bool
    enabled: bool = False
    as_written: bool = False
    block: str = ""


async def apply(
    client: PrefectClient, settings: Settings, ui: str, target: Target | None, *, dry: bool = False
) -> tuple[Applied, ...]:
    """Make what is missing and change what differs, by name; who was switched off stays so. ``dry``: change nothing."""
    there = await ours(client)
    target = target or _target_of(there.values())
    done = []
    for wanted in automations(settings, ui, target):
        found = there.get(wanted.name)
        if found is None:
            if not dry:
                await client.create_automation(wanted)
            done.append(Applied(wanted.name, "made"))
        elif _plain(found) == _plain(wanted):
            done.append(Applied(wanted.name, "unchanged", found.enabled))
        else:
            if not dry:
                await client.update_automation(found.id, wanted.model_copy(update={"enabled": found.enabled}))
            done.append(Applied(wanted.name, "changed", found.enabled))
    return tuple(done)


async def remove(client: PrefectClient, *, dry: bool = False) -> tuple[Applied, ...]:
    """Remove this project's automations, and the block that was made for a webhook's address."""
    done = []
    for name, found in (await ours(client)).items():
        if not dry:
            await client.delete_automation(found.id)
        done.append(Applied(name, "removed", found.enabled))
    own = await _block(client, WEBHOOK, OWN_BLOCK)
    if own is not None:
        if not dry:
            await client.delete_block_document(own.id)
        done.append(Applied(f"block {WEBHOOK}/{OWN_BLOCK}", "removed"))
    return tuple(done)


async def standing(client: PrefectClient, settings: Settings, ui: str) -> tuple[Standing, ...]:
    """Each automation that is written, and how it stands on the server."""
    there = await ours(client)
    target = _target_of(there.values())
    written = {wanted.name: wanted for wanted in automations(settings, ui, target)}
    found = []
    for name in NAMES:
        stands = there.get(name)
        if stands is None:
            found.append(Standing(name, there=False))
            continue
        block = _block_of(stands)
        told = "" if block is None else await _name_of(client, block)
        same = name in written and _plain(stands) == _plain(written[name])
        found.append(Standing(name, there=True, enabled=stands.enabled, as_written=same, block=told))
    return tuple(found)


async def block_target(client: PrefectClient, given: str) -> Target:
    """The block that a person named, ``type/name``. Raises BadInput."""
    kind, _, name = given.partition("/")
    if not kind or not name:
        raise BadInput(f"{given!r} is not TYPE/NAME", where="--block", hint="such as slack-webhook/films")
    found = await _block(client, kind, name)
    if found is None:
        raise BadInput(
            f"the server has no block {kind}/{name}", where="--block",
            hint="make one in the UI (Blocks, +), or see them with: prefect block ls; nothing was changed",
        )  # fmt: skip
    tells = found.block_schema is not None and "notify" in found.block_schema.capabilities
    if kind != WEBHOOK and not tells:
        raise BadInput(
            f"block {kind}/{name} sends nothing", where="--block",
            hint="name one of a chat, of mail, or of type webhook; nothing was changed",
        )  # fmt: skip
    return Target(found.id, webhook=kind == WEBHOOK)


async def webhook_target(client: PrefectClient, url: str, *, dry: bool = False) -> Target:
    """The block of a webhook's address: made, or changed where the address is another one; in a dry run neither. The
    address is a secret: it is kept in the block alone. Raises SettingsError."""
    web_address(url, "--webhook", secrets=True)
    found = await _block(client, WEBHOOK, OWN_BLOCK, secrets=True)
    if found is not None and (dry or found.data.get("url") == url):
        return Target(found.id, webhook=True)
    if dry:
        return Target(UUID(int=0), webhook=True)  # it is not there yet
    block = Webhook(
        url=SecretStr(url), method="POST", headers=SecretDict({"Content-Type": "application/json; charset=utf-8"})
    )
    return Target(await block.save(OWN_BLOCK, overwrite=True, client=client), webhook=True)


async def ours(client: PrefectClient) -> dict[str, Automation]:
    """This project's automations on the server, by name."""
    found = {}
    for name in NAMES:
        for each in await client.read_automations_by_name(name):
            found[each.name] = each
    return found


def _target_of(there: Sequence[Automation] | Any) -> Target | None:
    """The block that the notices go to already."""
    for each in there:
        block = _block_of(each)
        if block is not None:
            return Target(block, webhook=isinstance(each.actions[0], CallWebhook))
    return None


def _block_of(automation: AutomationCore) -> Any:
    action = automation.actions[0] if automation.actions else None
    return action.block_document_id if isinstance(action, CallWebhook | SendNotification) else None


async def _block(client: PrefectClient, kind: str, name: str, *, secrets: bool = False) -> BlockDocument | None:
    try:
        return await client.read_block_document_by_name(name, kind, include_secrets=secrets)
    except ObjectNotFound:
        return None


async def _name_of(client: PrefectClient, block: Any) -> str:
    try:
        found = await client.read_block_document(block, include_secrets=False)
    except ObjectNotFound:
        return "a block that is gone"
    kind = found.block_type.slug if found.block_type is not None else "block"
    return f"{kind}/{found.name}"


def _plain(automation: AutomationCore) -> Any:
    """All that is written of it: without what the server adds, and whether it is switched on."""
    fields = {"name", "description", "trigger", "actions", "actions_on_trigger", "actions_on_resolve"}
    return _sorted(AutomationCore.model_validate(automation.model_dump()).model_dump(mode="json", include=fields))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(each) for key, each in value.items() if key != "id"}
    if isinstance(value, list):
        return sorted(value) if all(isinstance(each, str) for each in value) else [_sorted(each) for each in value]
    return value


def tells(done: Sequence[Applied]) -> bool:
    """True if there are notices among them."""
    return bool({each.name for each in done} & {notice.title for notice in NOTICES})
