"""Lookups of existing generations before anything is bought: they are there, and what they are.

A service is asked while a run is planned, where it can be reached, by its port (``GenerationService.look_up``); one
without a lookup says nothing. What cannot be answered then is told in a note, the plan is as the production says, and
the run asks before its first order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from studio.errors import BadClip, DownloadError, NotFound, Problem, ProductionError, ServiceError
from studio.execution.local_sandbox import ensure_sandbox, running
from studio.execution.shared_fetching import once_for_all
from studio.planning.asset_use import scenes_in_words
from studio.planning.existing import Facts, Named, named_in, our_name
from studio.planning.plan import ShotState
from studio.providers.base import Generation, GenerationService
from studio.providers.registry import generation_name, spec_of
from studio.providers.shot_request import Source
from studio.providers.spec import Connection
from studio.remedies import AGAIN, text_of

if TYPE_CHECKING:
    from studio.execution.session import Session
    from studio.planning.plan import Plan

SECONDS = 15.0  # for a question while a run is planned; then the plan is made without its answer
SURELY = 240.0  # for a question before the first order, which is not placed without its answer
FETCH_SECONDS = 120.0  # for the file of one generation
AT_ONCE = 4
MISSING = "write the id of a generation of this account, or take the field out, and the scene is made from its prompt"
FAILED = "write the id of a completed generation, or take the field out, and the scene is made from its prompt"
STILL = "write the id of a video"
NOT_HERE = (
    "an id of an account is looked up there where its key is set; without one, write the id of a generation of the "
    "sandbox, or take the field out, and the scene is made from its prompt"
)
#: A service's answer: the generation, an error, or None where it has no lookup.
Answer: TypeAlias = Generation | ServiceError | None


@dataclass(frozen=True)
class Looked:
    """The answers: facts by API and id, and notes on what could not be asked, or is not finished."""

    facts: Mapping[tuple[str, str], Facts] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


async def look_up_all(session: Session, plan: Plan, *, start: bool = False) -> Looked:
    """Ask the services for every existing generation that a plan names. Raises ProductionError for those that are not
    there, have failed, or are no videos; nothing was bought.

    ``start``: the sandbox is started where it is not running, since a run follows.
    """
    named = list(named_in(plan))
    if not named:
        return Looked()
    services, missing = await _reached(session, dict.fromkeys(one.api for one in named), start=start)
    try:
        found = [await _asked(session, services, api, [n for n in named if n.api == api], plan) for api in services]
    finally:
        await _close(session, services)
    problems = [problem for _, _, told in found for problem in told]
    if problems:
        raise ProductionError(problems)
    facts = {key: one for some, _, _ in found for key, one in some.items()}
    later = _later([one for one in named if one.api in missing], missing)
    return Looked(facts, (*later, *(note for _, notes, _ in found for note in notes)))


async def check_existing(session: Session, plan: Plan) -> None:
    """Ask for the existing generations that were not looked up while a run was planned, before its first order.

    Raises ProductionError for those that cannot be used, ServiceError where a service does not answer. Where nothing is
    to be bought, nothing is asked. The session is connected.
    """
    named = [one for one in named_in(plan) if (one.api, one.id) not in session.looked_up]
    if not named or not plan.to_buy:
        return
    services, _ = await _reached(session, dict.fromkeys(one.api for one in named), start=False)
    problems = list[Problem]()
    for api in services:
        of_it = [one for one in named if one.api == api]
        answers = await _answers(session, services, api, dict.fromkeys(one.id for one in of_it), seconds=SURELY)
        for one in of_it:
            answer = answers[one.id]
            if isinstance(answer, NotFound) and not await asyncio.to_thread(_needed, session, plan, one):
                continue
            if isinstance(answer, ServiceError) and not isinstance(answer, NotFound):
                raise ServiceError(
                    f"generation {one.id} could not be looked up ({answer.message}), and nothing was bought",
                    where=one.where, status=answer.status, hint=answer.hint_text or text_of(AGAIN),
                )  # fmt: skip
            problems += await _problems(session, services, one, answer)
    if problems:
        raise ProductionError(problems)


async def _reached(
    session: Session, apis: Mapping[str, None], *, start: bool
) -> tuple[dict[str, GenerationService], dict[str, str]]:
    """The services that can be asked now, by API, with the reason for each that cannot."""
    found, missing, origin = dict[str, GenerationService](), dict[str, str](), ""
    if session.service.start_sandbox and not session.connected:
        home = session.home / "sandbox"
        if start:
            origin = await ensure_sandbox(home, latency=session.settings.sandbox_latency)
        else:
            origin = running(home) or ""
    for api in apis:
        access = session.service.apis.get(api)
        if access is None:
            missing[api] = f"there is no key for {spec_of(api).title}"
        elif api in session.connected:
            found[api] = session.provider_of(api)
        elif access.base_url or origin:
            spec, local = spec_of(api), session.service.realm != "luma"
            found[api] = spec.open(Connection(access.base_url or origin + spec.local_path, access.api_key, local=local))
        else:
            missing[api] = "the sandbox is not running"
    return found, missing


async def _close(session: Session, services: Mapping[str, GenerationService]) -> None:
    """Close the services that are not the session's own."""
    for api, service in services.items():
        if api not in session.connected:
            await service.aclose()


def _later(named: list[Named], missing: Mapping[str, str]) -> tuple[str, ...]:
    """One note on the generations that no service can be asked for now."""
    if not named:
        return ()
    scenes, ids = dict.fromkeys(n.scene for n in named), dict.fromkeys(n.id for n in named)
    many = len(ids) > 1
    why = " and ".join(dict.fromkeys(missing[n.api] for n in named))
    return (
        f"{scenes_in_words(list(scenes))}: the generation{'s' if many else ''} {', '.join(ids)} "
        f"{'are' if many else 'is'} not looked up yet ({why}): a run does so before its first order, and buys nothing "
        "if one is not there",
    )


async def _asked(
    session: Session, services: Mapping[str, GenerationService], api: str, named: list[Named], plan: Plan
) -> tuple[dict[tuple[str, str], Facts], list[str], list[Problem]]:
    facts, notes, problems = dict[tuple[str, str], Facts](), list[str](), list[Problem]()
    answers = await _answers(session, services, api, dict.fromkeys(n.id for n in named))
    unasked = list[str]()
    for one in named:
        answer = answers[one.id]
        if isinstance(answer, ServiceError) and not isinstance(answer, NotFound):
            unasked.append(
                f"{one.where}: generation {one.id} could not be looked up ({answer}): nothing is known of it. A run "
                "asks again before its first order, and buys nothing if it is not there"
            )
            continue
        if isinstance(answer, NotFound) and not await asyncio.to_thread(_needed, session, plan, one):
            notes.append(f"{one.where}: generation {one.id} is gone from the account: the clip that is here is used")
            if one.field == "generation":
                facts[api, one.id] = await _measured(session, Facts("completed"), known_file(session, api, one.id))
            continue
        problems += await _problems(session, services, one, answer)
        if isinstance(answer, Generation):
            facts[api, one.id] = _facts(api, answer)
            if answer.state not in ("completed", "failed"):
                notes.append(
                    f"{one.where}: generation {one.id} is still being made ({answer.state}): the run waits for it"
                )
    shown = {n.id: n for n in named if n.field == "generation" and (api, n.id) in facts}
    if not problems:
        for generation, one in shown.items():
            answer = answers[generation]
            if not isinstance(answer, Generation):
                continue
            sha256, note = await _file_of(session, api, answer, one)
            notes += [note] if note else []
            if sha256:
                facts[api, generation] = await _measured(session, facts[api, generation], sha256)
    return facts, [*unasked, *notes], problems


def _needed(session: Session, plan: Plan, one: Named) -> bool:
    """True if an existing generation is needed at its service: for a clip that is to be bought, or as a file that is
    not here."""
    seen = plan.seen_in(session.ledger.orders([shot.key for shot in plan.shots]), session.has)
    new = [shot for shot in seen.shots if shot.state is ShotState.NEW]
    if any(source == Source("generation", one.id) for shot in new for source in shot.sources):
        return True
    as_file = any(shot.generation == one.id for shot in seen.shots)
    return as_file and not known_file(session, one.api, one.id)


async def _measured(session: Session, facts: Facts, sha256: str) -> Facts:
    """The facts, with length and size of the file."""
    from studio.storage.probe_cache import stored_clip  # which loads the decoders

    clip = await asyncio.to_thread(stored_clip, session.store, sha256)
    return replace(facts, seconds=clip.duration, width=clip.width, height=clip.height)


async def _problems(
    session: Session, services: Mapping[str, GenerationService], one: Named, answer: Answer
) -> list[Problem]:
    """The reasons for which a generation cannot be used, by the service's answer."""
    if isinstance(answer, NotFound):
        who, hint = ("the sandbox", NOT_HERE) if session.service.realm == "sandbox" else ("the account", MISSING)
        elsewhere = await _elsewhere(session, one)
        return [Problem(one.where, f"{who} has no generation {one.id}", elsewhere or hint)]
    return _faults(one, answer) if isinstance(answer, Generation) else []


def _faults(one: Named, answer: Generation) -> list[Problem]:
    if answer.state == "failed":
        told = answer.failure_reason or "no reason given"
        return [Problem(one.where, f"generation {one.id} failed at the service: {told}", FAILED)]
    if (answer.kind or "").startswith("image"):
        return [Problem(one.where, f"generation {one.id} is a still, and a video is needed", STILL)]
    return []


def _facts(api: str, answer: Generation) -> Facts:
    said = (answer.request or {}).get("prompt")
    prompt = said if isinstance(said, str) else ""
    return Facts(answer.state, our_name(api, answer.model), answer.resolution or "", answer.seconds, prompt=prompt)


async def _answers(
    session: Session, services: Mapping[str, GenerationService], api: str, ids: Mapping[str, None], *,
    seconds: float = SECONDS,
) -> dict[str, Answer]:  # fmt: skip
    """The service's answer for each id: the generation, an error, or None where it has no lookup."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(generation: str) -> Answer:
        async with gate:
            try:
                async with asyncio.timeout(seconds):
                    answer = await services[api].look_up(generation)
            except TimeoutError:
                return ServiceError(f"no answer within {seconds:.0f} s")
            except ServiceError as error:
                return error
        session.looked_up.add((api, generation))
        return answer

    return dict(zip(ids, await asyncio.gather(*(ask(generation) for generation in ids)), strict=True))


async def _elsewhere(session: Session, one: Named) -> str:
    """The remedy where another API of the account has the generation; empty where none has."""
    others, _ = await _reached(
        session, dict.fromkeys(api for api in session.service.apis if api != one.api), start=False
    )
    try:
        for api in others:
            answer = (await _answers(session, others, api, {one.id: None}))[one.id]
            if isinstance(answer, Generation):
                spec = spec_of(api)
                model = our_name(api, answer.model)
                known = model if model in {own.name for own in spec.models} else spec.models[0].name
                return f"{spec.title} has it: write model: {known} into this scene"
    finally:
        await _close(session, others)
    return ""


async def _file_of(session: Session, api: str, answer: Generation, one: Named) -> tuple[str, str]:
    """The SHA-256 of a finished generation's file, fetched once, and a note where it cannot be had now."""
    if answer.state != "completed" or answer.video_url is None:
        return "", ""
    sha256 = await asyncio.to_thread(known_file, session, api, answer.id)
    if sha256:
        return sha256, ""
    from studio.storage.download import download  # which loads the decoders

    url = answer.video_url

    async def told() -> str:
        return url

    async def from_service() -> str:
        name = generation_name(api, answer.id)
        clip = await download(told, session.store, client=session.http, name=one.scene, generation=name, attempts=1)
        return clip.sha256

    try:
        async with asyncio.timeout(FETCH_SECONDS):
            sha256 = await once_for_all(session, api, answer.id, from_service, still=False, known=None, name=one.scene)
    except (DownloadError, BadClip, TimeoutError) as error:
        said = str(error).partition("\n")[0] or "it takes too long"
        return "", f"{one.where}: the file of generation {one.id} could not be measured now ({said})"
    remember_file(session, api, answer.id, sha256)
    return sha256, ""


def known_file(session: Session, api: str, generation: str) -> str:
    """The SHA-256 of an existing generation's file, where it was fetched before and is here; else empty."""
    found = session.kept.get("generations", (session.service.realm, api, generation))
    sha256 = (found or b"").decode()
    return sha256 if sha256 and session.store.has(sha256) else ""


def remember_file(session: Session, api: str, generation: str, sha256: str) -> None:
    """Remember the file of an existing generation, which never changes."""
    session.kept.put("generations", (session.service.realm, api, generation), sha256.encode())
