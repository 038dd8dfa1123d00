"""Signing a file with C2PA: a manifest of what it is and what it is made of goes into the file itself."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from studio.cleaning import printable
from studio.errors import MediaError, SettingsError
from studio.provenance.certificates import CERTIFICATE, PURPOSES, Credential

Relation = Literal["componentOf", "inputTo", "parentOf"]
MEDIA_TYPES = {
    ".mp4": "video/mp4", ".mov": "video/quicktime", ".gif": "image/gif", ".webp": "image/webp", ".png": "image/png",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
}  # fmt: skip
ASSERTION = "org.studio-producer.film"  # what we know of the ingredients, by their labels
SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
GENERATED, COMPOSED = f"{SOURCES}trainedAlgorithmicMedia", f"{SOURCES}compositeWithTrainedAlgorithmicMedia"
INSTALL = "pip install 'studio-producer[c2pa]'"
#: Nothing is fetched, and what was signed is read again by us.
SETTINGS: Mapping[str, Any] = {
    "version": 1,
    "verify": {
        "verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": False,
    },
    "trust": {"trust_config": "\n".join(sorted(PURPOSES))},
    "builder": {"thumbnail": {"enabled": False}},
}  # fmt: skip
#: A picture of one point, by which a certificate shows that it can sign.
POINT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Ingredient:
    """A file that another one is made of. ``facts`` say what we know of it; ``kind`` is its media type."""

    path: Path
    title: str
    kind: str
    relation: Relation
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """The claim about a file: its title, how it came about (C2PA's actions), and the ingredients it is made of."""

    title: str
    actions: Sequence[Mapping[str, Any]]
    ingredients: tuple[Ingredient, ...] = ()


class _Output(io.BufferedRandom):
    """A file that remembers why it could not be written: c2pa tells only that it could not."""

    failed: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.failed = error
            raise

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self.failed = error
            raise


def check_installed() -> None:
    """Raise SettingsError where the extra is not installed."""
    if importlib.util.find_spec("c2pa") is None:
        raise SettingsError(
            "films cannot be signed or verified here: c2pa is not installed", hint=f"{INSTALL}; nothing was ordered"
        )


def check_can_sign(credential: Credential) -> None:
    """Sign a picture of one point in memory, and read it. Raises SettingsError where either fails. Blocks for a few
    milliseconds."""
    check_installed()
    import c2pa

    picture, fault = io.BytesIO(), ""
    try:
        _signed(Claim("a point", (_created(GENERATED),)), credential, "image/png", io.BytesIO(POINT), picture)
        picture.seek(0)
        with ExitStack() as open_:
            context = open_.enter_context(c2pa.Context(open_.enter_context(c2pa.Settings.from_dict(dict(SETTINGS)))))
            found = json.loads(open_.enter_context(c2pa.Reader("image/png", picture, context=context)).json())
        if found.get("validation_state") not in ("Valid", "Trusted"):
            failures = found["validation_results"]["activeManifest"]["failure"]
            fault = "; ".join(str(one.get("explanation") or one.get("code")) for one in failures)
    except (MediaError, c2pa.C2paError) as error:
        fault = error.message if isinstance(error, MediaError) else str(error)
    if fault:
        raise SettingsError(
            f"cannot sign: {fault}", where=CERTIFICATE, hint="use another certificate; nothing was ordered"
        )


def sign(source: Path, goal: Path, claim: Claim, credential: Credential, kind: str) -> None:
    """Write ``source`` with its signed manifest to ``goal``. Raises MediaError; OSError for the disk."""
    with source.open("rb") as unsigned, _Output(io.FileIO(goal, "w+")) as signed:
        try:
            _signed(claim, credential, kind, unsigned, signed)
        except MediaError:
            if signed.failed is not None:
                raise signed.failed from None
            raise


def created(*, wholly_generated: bool) -> Mapping[str, Any]:
    """The action of a new file, made by a model, or of parts of which some were."""
    return _created(GENERATED if wholly_generated else COMPOSED)


def media_type(path: Path) -> str:
    """The media type of a file, by its name's ending; empty for one that C2PA does not know."""
    return MEDIA_TYPES.get(path.suffix.lower(), "")


def _created(source: str) -> Mapping[str, Any]:
    return {"action": "c2pa.created", "digitalSourceType": source}


def _signed(
    claim: Claim, credential: Credential, kind: str, source: Any, goal: Any, unread: tuple[str, ...] = ()
) -> None:
    """Sign a stream. ``unread``: labels of ingredients whose own credentials are left out."""
    import c2pa

    info = c2pa.C2paSignerInfo(credential.algorithm, credential.chain, credential.key, None)
    try:
        with ExitStack() as open_:
            settings = open_.enter_context(c2pa.Settings.from_dict(dict(SETTINGS)))
            context = open_.enter_context(c2pa.Context(settings))
            signer = open_.enter_context(c2pa.Signer.from_info(info))
            builder = open_.enter_context(c2pa.Builder(_definition(claim, kind, unread), context))
            damaged = []
            for label, one in _labelled(claim):
                if label not in unread:
                    with one.path.open("rb") as file:
                        try:
                            builder.add_ingredient(_described(label, one), one.kind, file)
                        except c2pa.C2paError:
                            damaged.append(label)
            if not damaged:
                builder.sign(signer, kind, source, goal)
                return
    except c2pa.C2paError as error:
        raise MediaError(f"cannot be signed: {printable(str(error))}") from None
    # Credentials of theirs cannot be read: they are named without them, and the film is signed.
    _signed(claim, credential, kind, source, goal, unread=(*unread, *damaged))


def _labelled(claim: Claim) -> list[tuple[str, Ingredient]]:
    return [(f"ingredient-{number}", one) for number, one in enumerate(claim.ingredients, 1)]


def _described(label: str, one: Ingredient) -> dict[str, Any]:
    return {
        "title": one.title, "format": one.kind, "relationship": one.relation, "label": label,
    }  # fmt: skip


def _definition(claim: Claim, kind: str, unread: tuple[str, ...]) -> dict[str, Any]:
    """The manifest: generator, title, actions with their ingredients, and what we know of each of these."""
    labelled = _labelled(claim)
    actions = [dict(action) for action in claim.actions]
    placed = [label for label, one in labelled if one.relation == "componentOf"]
    opened = [label for label, one in labelled if one.relation == "parentOf"]
    if opened:
        actions.insert(0, {"action": "c2pa.opened", "parameters": {"ingredientIds": opened}})
    actions += [{"action": "c2pa.placed", "parameters": {"ingredientIds": [label]}} for label in placed]
    known = [{"ingredient": one.title, "relationship": one.relation, **one.facts} for _, one in labelled if one.facts]
    assertions: list[dict[str, Any]] = [{"label": "c2pa.actions", "data": {"actions": actions}}]
    if known:
        assertions.append({"label": ASSERTION, "data": {"ingredients": known}})
    generator = {"name": "Studio Producer", "version": _version()}
    return {
        "title": claim.title, "format": kind, "claim_generator_info": [generator], "assertions": assertions,
        "ingredients": [_described(label, one) for label, one in labelled if label in unread],
    }  # fmt: skip


def _version() -> str:
    try:
        return version("studio-producer")
    except PackageNotFoundError:
        return "0"


def as_json(claim: Claim) -> str:
    """A claim without the files themselves, in one form: equal claims give equal texts."""
    ingredients = [{**_described(label, one), **one.facts} for label, one in _labelled(claim)]
    return json.dumps([claim.title, list(claim.actions), ingredients], sort_keys=True, default=dict)
