"""Findings on the services: where each key comes from, if it is accepted, the balance, the clock, and generations that
this ledger does not know."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from decimal import Decimal

from studio.errors import LedgerError, Refused, ServiceError, StudioError, Unauthorized
from studio.ledger.clock import REFUSED, TOLD
from studio.ledger.queries import Reader
from studio.ledger.state import look_at
from studio.money import ZERO, usd
from studio.providers.base import GenerationService
from studio.providers.registry import all_specs, registered, spec_of
from studio.providers.spec import Connection, ProviderSpec
from studio.purchasing.others import others_on
from studio.settings import Access, Credentials, Service, Settings, choose_service
from studio_cli.findings.values import Finding, listed

SECONDS = 6.0  # in which a service has to answer
NTP = "set the clock of this machine right: timedatectl set-ntp true, or another client of NTP"
OTHERS = (
    "one ledger for an account: set STUDIO_LEDGER_URL to the same PostgreSQL everywhere; studio reconcile lists them. "
    "If another program uses the account, nothing is wrong"
)


def services(settings: Settings) -> Iterator[Finding]:
    """The service that runs use, and each API of it that is set up. Nothing that is asked costs anything."""
    service = choose_service(settings)
    yield Finding("service", f"{service.title}; {'runs are billed' if service.billed else 'nothing is billed'}")
    for fault in registered().faults:
        yield Finding("service of a package", fault, well=False, hint="renew that package, or uninstall it")
    yield from _second_keys(settings)
    if service.realm == "sandbox":
        names = listed([name for spec in all_specs() for name in spec.key_variables])
        yield Finding("key", f"none is set (looked for in {names}): runs use the sandbox")
        return
    yield from asyncio.run(_asked(settings, service))


def _second_keys(settings: Settings) -> Iterator[Finding]:
    """A key that is set beside the one that counts, and differs from it."""
    for spec in all_specs():
        used = settings.credentials.get(spec.id, Credentials())
        for name in spec.key_variables:
            found = os.environ.get(name, "").strip()
            if used.key is not None and found and found != used.key.get_secret_value():
                yield Finding(
                    f"key of {spec.label}", f"{used.key_variable} and {name} differ; {used.key_variable} counts",
                    hint=f"unset the one that is not meant, {name} or {used.key_variable}",
                )  # fmt: skip


async def _asked(settings: Settings, service: Service) -> list[Finding]:
    apis = [(spec_of(api), access) for api, access in service.apis.items()]
    set_up = [(s, a, settings.credentials.get(s.id, Credentials())) for s, a in apis]
    found = await asyncio.gather(*(_of_api(settings, *one, service) for one in set_up if one[2].key or one[2].base_url))
    return [finding for group in found for finding in group]


def _ledger(settings: Settings) -> Reader | None:
    """The ledger, where it can be asked; what is wrong with it is another finding."""
    try:
        state = look_at(settings.ledger)
    except StudioError:
        return None
    return state.reader if state is not None else None


async def _of_api(
    settings: Settings, spec: ProviderSpec, access: Access, given: Credentials, service: Service
) -> list[Finding]:
    said = f"the key in {given.key_variable}" if given.key else "no key is set"
    check = f"is {given.key_variable} the whole key, of this service, and not revoked?"
    away = f"check the network, a proxy, and the address in {spec.url_variable}, if it is set"
    provider = spec.open(Connection(access.base_url, access.api_key, local=service.realm != "luma"))
    try:
        async with asyncio.timeout(SECONDS):
            balance = await _balance(provider)
            found = [_accepted(spec, f"{said} is accepted" if given.key else f"answers; {said}", balance)]
        if service.billed and provider.has_list and (known := _ledger(settings)) is not None:
            async with asyncio.timeout(SECONDS):
                found += await _unknown(spec, provider, known, service.realm)
    except TimeoutError:
        return [Finding(spec.label, f"{said}; the service gave no answer within {SECONDS:.0f} s", False, away)]
    except Unauthorized as error:
        return [Finding(spec.label, f"{said} is refused: {error.message}", False, check)]
    except ServiceError as error:
        return [Finding(spec.label, f"{said}; {error.message}", False, str(error.hint) or away)]
    finally:
        await provider.aclose()
    return found + _clock(spec, provider)


async def _balance(provider: GenerationService) -> Decimal | None:
    """The balance, by a call that needs the key; None where the service does not tell it."""
    try:
        return await provider.credits()
    except Unauthorized:
        raise
    except Refused:
        await provider.ping()
        return None


def _accepted(spec: ProviderSpec, said: str, balance: Decimal | None) -> Finding:
    if balance is None:
        return Finding(spec.label, f"{said}; it does not tell its balance")
    hint = "" if balance > ZERO else "add credit to the account: the service refuses orders without"
    return Finding(spec.label, f"{said}; balance {usd(balance)}", hint=hint)


async def _unknown(spec: ProviderSpec, provider: GenerationService, known: Reader, realm: str) -> list[Finding]:
    """The finding that another ledger, or another program, uses the account; none where none does."""
    try:
        said = await others_on(spec.id, provider, known, realm)
    except (ServiceError, LedgerError) as error:
        return [Finding("other ledgers", f"the account's list was not read: {error.message}")]
    return [Finding("other ledgers", said, hint=OTHERS)] if said else []


def _clock(spec: ProviderSpec, provider: GenerationService) -> list[Finding]:
    ahead = provider.clock.ahead if provider.clock is not None else None
    part = f"clock of {spec.label}"
    if ahead is None:
        return []
    if abs(ahead) <= TOLD:
        return [Finding(part, f"this machine's is within {TOLD.total_seconds():.0f} s of it")]
    return [Finding(part, f"it is {ahead.total_seconds():+.0f} s off this machine's", abs(ahead) <= REFUSED, NTP)]
