"""Reading the C2PA manifest of a file: who signed it, whether it is as it was signed, and what it is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from studio.cleaning import printable
from studio.errors import BadInput
from studio.provenance.certificates import TRIAL
from studio.provenance.signing import ASSERTION, SETTINGS, check_installed, media_type

State = Literal["trusted", "valid", "invalid"]
UNTRUSTED = "signingCredential.untrusted"


@dataclass(frozen=True)
class Made:
    """An ingredient of a file, as its manifest names it. ``signed_by``: of credentials that it has of its own.

    ``sound`` is False where these do not hold for the ingredient's file.
    """

    title: str
    relation: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    signed_by: str = ""
    sound: bool = True


@dataclass(frozen=True)
class Provenance:
    """The manifest of a file, checked against the file.

    ``state``: trusted (valid, and its certificate leads to one of the given authorities), valid, or invalid, with the
    codes of what is wrong in ``faults``. ``trial``: its certificate was made for trying.
    """

    signer: str
    issuer: str
    state: State
    trial: bool
    title: str
    generator: str
    sources: tuple[str, ...]
    ingredients: tuple[Made, ...]
    faults: tuple[str, ...]


def read(path: Path, *, authorities: str = "") -> Provenance | None:
    """Read and check a file's manifest; None where it has none. ``authorities``: certificates (PEM) to trust.

    Raises BadInput for a file that cannot be read, or is of a kind that has no manifests; SettingsError where the
    extra is missing. Reads all of the file, and no network.
    """
    check_installed()
    import c2pa

    kind = media_type(path)
    if not kind:
        raise BadInput("is no video or picture that can be verified", where=str(path), hint="name an MP4, MOV, GIF, "
                       "WebP, PNG or JPEG file")  # fmt: skip
    settings = json.loads(json.dumps(SETTINGS))
    if authorities:
        settings["verify"]["verify_trust"] = True
        settings["trust"]["user_anchors"] = authorities
    try:
        with ExitStack() as open_:
            file = open_.enter_context(path.open("rb"))
            context = open_.enter_context(c2pa.Context(open_.enter_context(c2pa.Settings.from_dict(settings))))
            found = c2pa.Reader.try_create(kind, file, context=context)
            if found is None:
                return None
            return _provenance(json.loads(open_.enter_context(found).json()))
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror or type(error).__name__}", where=str(path)) from None
    except c2pa.C2paError as error:
        raise BadInput(f"its manifest cannot be read: {printable(str(error))}", where=str(path)) from None


def _provenance(store: Mapping[str, Any]) -> Provenance:
    manifests = store.get("manifests") or {}
    active = manifests.get(store.get("active_manifest")) or {}
    signature = active.get("signature_info") or {}
    codes = [str(one.get("code")) for one in _failures(store)]
    faults = tuple(dict.fromkeys(code for code in codes if code != UNTRUSTED))
    told = str(store.get("validation_state") or "").lower()
    state: State = "trusted" if told == "trusted" else "valid" if told == "valid" else "invalid"
    issuer, common = (printable(str(signature.get(name) or "")) for name in ("issuer", "common_name"))
    facts = _facts(active)
    generator: Mapping[str, Any] = next(iter(active.get("claim_generator_info") or []), {})
    return Provenance(
        signer=common or issuer or "nobody named", issuer=issuer, state=state, trial=issuer == TRIAL,
        title=printable(str(active.get("title") or "")),
        generator=printable(" ".join(str(generator.get(name) or "") for name in ("name", "version"))).strip(),
        sources=tuple(dict.fromkeys(_sources(active))),
        ingredients=tuple(_made(one, manifests, facts) for one in active.get("ingredients") or []), faults=faults,
    )  # fmt: skip


def _failures(store: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    results = (store.get("validation_results") or {}).get("activeManifest") or {}
    return list(results.get("failure") or [])


def _facts(manifest: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Our own facts on each ingredient, by its title."""
    for assertion in manifest.get("assertions") or []:
        if assertion.get("label") == ASSERTION:
            listed = (assertion.get("data") or {}).get("ingredients") or []
            return {str(one.get("ingredient")): one for one in listed if isinstance(one, Mapping)}
    return {}


def _sources(manifest: Mapping[str, Any]) -> list[str]:
    """The kinds of source that a manifest's actions name, such as ``trainedAlgorithmicMedia``."""
    found = []
    for assertion in manifest.get("assertions") or []:
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            for action in (assertion.get("data") or {}).get("actions") or []:
                if source := action.get("digitalSourceType"):
                    found.append(printable(str(source).rsplit("/", 1)[-1]))
    return found


def _made(one: Mapping[str, Any], manifests: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]) -> Made:
    own = manifests.get(str(one.get("active_manifest"))) or {}
    signature = own.get("signature_info") or {}
    results = (one.get("validation_results") or {}).get("activeManifest") or {}
    failed = [failure for failure in results.get("failure") or [] if failure.get("code") != UNTRUSTED]
    title = str(one.get("title") or "")
    known = {k: v for k, v in facts.get(title, {}).items() if k not in ("ingredient", "relationship")}
    return Made(
        title=printable(title), relation=printable(str(one.get("relationship") or "")), facts=known,
        signed_by=printable(str(signature.get("common_name") or signature.get("issuer") or "")), sound=not failed,
    )  # fmt: skip
