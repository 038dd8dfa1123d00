"""Lookups of existing generations while a run is planned: whether they are there, and what they are. Nothing is bought.

A service is asked where it is set up, by its port (``GenerationService.look_up``); one without a lookup says nothing.
What cannot be answered now is told in a note, and the plan is as the production says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from studio.errors import BadClip, DownloadError, NotFound, Problem, ProductionError, ServiceError
from studio.execution.shared_fetching import once_for_all
from studio.planning.existing import Facts, Named, named_in, our_name
from studio.providers.base import Generation, GenerationService
from studio.providers.registry import generation_name, spec_of
from studio.providers.spec import Connection

if TYPE_CHECKING:
    from studio.execution.session import Session
    from studio.planning.plan import Plan

SECONDS = 15.0  # for all questions to one service; then the plan is made without its answers
FETCH_SECONDS = 120.0  # for the file of one generation
AT_ONCE = 4
MISSING = "write the id of a generation of this account, or take the field out, and the scene is made from its prompt"
FAILED = "write the id of a completed generation, or take the field out, and the scene is made from its prompt"
STILL = "write the id of a video"


@dataclass(frozen=True)
class Looked:
    """The answers: facts by API and id, and notes on what could not be asked, or is not finished."""

    facts: Mapping[tuple[str, str], Facts] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


async def look_up_all(session: Session, plan: Plan) -> Looked:
    """Ask the services for every existing generation that a plan names. Raises ProductionError for those that are not
    there, have failed, or are no videos; nothing was bought."""
    named = list(named_in(plan))
    apis = [] if session.service.start_sandbox else dict.fromkeys(n.api for n in named if n.api in session.service.apis)
    found = [await _asked(session, api, [n for n in named if n.api == api]) for api in apis]
    problems = [problem for _, _, told in found for problem in told]
    if problems:
        raise ProductionError(problems)
    facts = {key: one for some, _, _ in found for key, one in some.items()}
    return Looked(facts, tuple(note for _, notes, _ in found for note in notes))


async def _asked(
    session: Session, api: str, named: list[Named]
) -> tuple[dict[tuple[str, str], Facts], list[str], list[Problem]]:
    facts, notes, problems = dict[tuple[str, str], Facts](), list[str](), list[Problem]()
    answers = await _answers(session, api, dict.fromkeys(n.id for n in named))
    unasked = list[str]()
    for one in named:
        answer = answers.get(one.id)
        if isinstance(answer, NotFound):
            elsewhere = await _elsewhere(session, one)
            problems.append(Problem(one.where, f"the account has no generation {one.id}", elsewhere or MISSING))
        elif isinstance(answer, Exception):
            unasked.append(
                f"{one.where}: generation {one.id} could not be looked up ({answer}): nothing is known of it"
            )
        elif answer is not None:
            problems += _faults(one, answer)
            facts[api, one.id] = _facts(api, answer)
            if answer.state not in ("completed", "failed"):
                notes.append(
                    f"{one.where}: generation {one.id} is still being made ({answer.state}): the run waits for it"
                )
    shown = {n.id: n for n in named if n.field == "generation" and (api, n.id) in facts}
    if not problems:
        for generation, one in shown.items():
            answer = answers[generation]
            assert isinstance(answer, Generation)  # noqa: S101 - it has facts
            sha256, note = await _file_of(session, api, answer, one)
            notes += [note] if note else []
            if sha256:
                from studio.storage.probe_cache import stored_clip  # which loads the decoders

                clip = await asyncio.to_thread(stored_clip, session.store, sha256)
                known = facts[api, generation]
                facts[api, generation] = replace(known, seconds=clip.duration, width=clip.width, height=clip.height)
    return facts, [*unasked, *notes], problems


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


async def _answers(session: Session, api: str, ids: Mapping[str, None]) -> dict[str, Generation | Exception | None]:
    """The service's answer for each id: the generation, an error, or None where it has no lookup."""
    provider = _opened(session, api)
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(generation: str) -> Generation | Exception | None:
        async with gate:
            try:
                async with asyncio.timeout(SECONDS):
                    return await provider.look_up(generation)
            except TimeoutError:
                return ServiceError(f"no answer within {SECONDS:.0f} s")
            except ServiceError as error:
                return error

    try:
        return dict(zip(ids, await asyncio.gather(*(ask(generation) for generation in ids)), strict=True))
    finally:
        await provider.aclose()


def _opened(session: Session, api: str) -> GenerationService:
    access = session.service.access(api)
    local = session.service.realm != "luma"
    return spec_of(api).open(Connection(access.base_url, access.api_key, local=local))


async def _elsewhere(session: Session, one: Named) -> str:
    """The remedy where another API of the account has the generation; empty where none has."""
    for api in session.service.apis:
        if api == one.api:
            continue
        answer = (await _answers(session, api, {one.id: None}))[one.id]
        if isinstance(answer, Generation):
            spec = spec_of(api)
            model = our_name(api, answer.model)
            known = model if model in {own.name for own in spec.models} else spec.models[0].name
            return f"{spec.title} has it: write model: {known} into this scene"
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
