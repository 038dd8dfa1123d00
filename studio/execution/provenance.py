"""The signature of a run's film: each clip that it shows is an ingredient, with what the ledger knows of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.editing.edit import Edit
from studio.execution.run import Run
from studio.planning.plan import Shot
from studio.provenance.certificates import Credential
from studio.provenance.chosen import chosen_credential, note_of
from studio.provenance.deliveries import signed_in_place
from studio.provenance.signing import GENERATED, MEDIA_TYPES, Claim, Ingredient, as_json, created

if TYPE_CHECKING:
    from studio.planning.context import Seed

VERSION = 1  # of what is claimed of a film


@dataclass(frozen=True)
class FilmSigning:
    """Signs one film, when it is complete. ``facts`` are of each shot, ``seeds`` the files that clips came from."""

    credential: Credential
    title: str
    facts: Mapping[str, Mapping[str, Any]]
    seeds: Mapping[str, Seed]

    @property
    def note(self) -> str:
        """The note on the film."""
        return note_of(self.credential)

    def made_from(self, edit: Edit) -> tuple[str, ...]:
        """All that decides the film's manifest."""
        claimed = hashlib.sha256(as_json(self.claim(edit)).encode()).hexdigest()
        return ("signed", str(VERSION), self.credential.id, claimed)

    def __call__(self, film: Path, edit: Edit) -> None:
        """Sign the film in its place. Raises MediaError, OSError."""
        signed_in_place(film, self.claim(edit), self.credential, "video/mp4")

    def claim(self, edit: Edit) -> Claim:
        """The claim about the film: how it came about, and its ingredients, each once."""
        clips: dict[str, Ingredient] = {}
        wholly = True
        for cut in edit.cuts:
            wholly = wholly and not cut.slate
            for part in cut.parts:
                facts = {"sha256": part.sha256, **self.facts.get(part.shot, {})}
                wholly = wholly and "digital_source_type" in facts
                clips.setdefault(part.sha256, Ingredient(part.clip, part.shot, "video/mp4", "componentOf", facts))
        given = [
            Ingredient(seed.path, seed.name, seed.media_type, "inputTo", {"sha256": seed.content})
            for seed in self.seeds.values()
            if seed.path is not None and seed.media_type in MEDIA_TYPES.values()
        ]
        return Claim(self.title, (created(wholly_generated=wholly),), _named_apart([*clips.values(), *given]))


def film_signing(run: Run) -> FilmSigning | None:
    """The signature of a run's film; None where it is not signed. Raises SettingsError. Blocks."""
    production, settings = run.plan.production, run.session.settings
    credential = chosen_credential(settings, production.film.provenance)
    if credential is None:
        return None
    rows = run.session.ledger.orders([shot.key for shot in run.plan.shots if not shot.own])
    ids = {key: row.generation_id for key, row in rows.items()}
    facts = {s.id: _facts(s, ids.get(s.key), prompts=settings.c2pa_prompts) for s in run.plan.shots}
    return FilmSigning(credential, production.title, facts, run.seeds)


def _facts(shot: Shot, generation: str | None, *, prompts: bool) -> Mapping[str, Any]:
    """Facts on a clip. A prompt is told by its digest, unless its words are asked for."""
    if shot.own:
        return {"source": "a file of the producer's"}
    prompt = shot.prompt or (shot.facts.prompt if shot.facts else "")
    found = {
        "model": (shot.facts.model if shot.facts else "") or shot.model,
        "service": shot.api,
        "generation_id": generation or shot.generation or "",
        "prompt_sha256": hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest(),
        "take": shot.take,
        "digital_source_type": GENERATED,
    }
    return found | ({"prompt": prompt} if prompts else {})


def _named_apart(ingredients: list[Ingredient]) -> tuple[Ingredient, ...]:
    """The ingredients, each with a title of its own: what is known of one is found by it."""
    seen = dict[str, int]()
    found = []
    for one in ingredients:
        seen[one.title] = count = seen.get(one.title, 0) + 1
        title = one.title if count == 1 else f"{one.title} ({count})"
        found.append(Ingredient(one.path, title, one.kind, one.relation, one.facts))
    return tuple(found)
