"""The signature of a delivery: it has the film, with its credentials, as its parent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.atomic import part_beside
from studio.provenance.certificates import Credential
from studio.provenance.signing import MEDIA_TYPES, Claim, Ingredient, sign

VERSION = 1  # of what is claimed of a delivery


@dataclass(frozen=True)
class DeliverySigning:
    """Signs the deliveries of one film."""

    credential: Credential
    film: Path
    title: str

    @property
    def made_from(self) -> tuple[str, ...]:
        """All that decides what is added to a delivery, besides the film."""
        return ("signed", str(VERSION), self.credential.id, self.title)

    def __call__(self, delivery: Path, suffix: str) -> None:
        """Sign a complete delivery, whose name will end with ``suffix``. Raises MediaError, OSError."""
        film = Ingredient(self.film, f"{self.title} (film)", "video/mp4", "parentOf")
        claim = Claim(self.title, ({"action": "c2pa.transcoded"},), (film,))
        signed_in_place(delivery, claim, self.credential, MEDIA_TYPES[suffix])


def signed_in_place(file: Path, claim: Claim, credential: Credential, kind: str) -> None:
    """Sign a file that has no name yet: it is replaced by the signed one. Raises MediaError, OSError."""
    part = part_beside(file)
    try:
        sign(file, part, claim, credential, kind)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
