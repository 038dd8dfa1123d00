"""The credential that films are signed with: by the settings of this machine and what the production asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import SettingsError
from studio.settings import Settings

if TYPE_CHECKING:
    from studio.provenance.certificates import Credential

TRYING = "signed with a certificate made for trying: nobody trusts it"


def is_signed(settings: Settings, wanted: str) -> bool:
    """True if a film is to be signed; ``wanted`` is what its production says: auto, try or none."""
    return wanted == "try" or (wanted == "auto" and bool(settings.c2pa_certificate or settings.c2pa_key))


def chosen_credential(settings: Settings, wanted: str) -> Credential | None:
    """The credential to sign with, checked; None where nothing is signed. The user's own counts before one for trying.

    Raises SettingsError, and CannotWrite for the one for trying. Blocks.
    """
    if not is_signed(settings, wanted):
        return None
    # Loaded here: a plan waits for no cryptography.
    from studio.provenance.certificates import CERTIFICATE, KEY, read_credential, trial_credential

    certificate, key = settings.c2pa_certificate, settings.c2pa_key
    if certificate is None and key is None:
        return trial_credential(settings.home.absolute())
    if certificate is None or key is None:
        missing, given = (CERTIFICATE, KEY) if certificate is None else (KEY, CERTIFICATE)
        raise SettingsError(
            f"is not set, and {given} is", where=missing, hint="set both, or none of them; nothing was ordered"
        )
    passphrase = settings.c2pa_passphrase.get_secret_value() if settings.c2pa_passphrase else ""
    return read_credential(certificate.expanduser(), key.expanduser(), passphrase)


def authorities(settings: Settings) -> str:
    """The certificates of authorities that are trusted (PEM); empty where none are given. Raises SettingsError."""
    place: Path | None = settings.c2pa_authorities
    if place is None:
        return ""
    try:
        text = place.expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise SettingsError(
            f"{place} has no certificates in PEM that can be read", where="STUDIO_C2PA_AUTHORITIES",
            hint="name a file of certificates, or unset it",
        )  # fmt: skip
    return text


def note_of(credential: Credential) -> str:
    """The note on a file that was signed with a credential."""
    return TRYING if credential.trial else f"signed by {credential.name} (C2PA)"
