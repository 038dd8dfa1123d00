"""The values that tasks pass to each other. Small, typed, and free of URLs and keys: Prefect stores them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Published(_Value):
    """An image that the service can read. Its URL, which may be signed, stays with the session."""

    sha256: str
    name: str


class Finished(_Value):
    """A generation that the service has completed: its order, and the number of the order's attempt."""

    order: str
    attempt: int
    generation_id: str


class Footage(_Value):
    """The file of a shot, a clip or still, in its store by its content."""

    shot: str
    generation_id: str
    sha256: str
