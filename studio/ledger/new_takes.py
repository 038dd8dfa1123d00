"""New takes that a command asked for. Each stays open until a run of that command has ended with a film.

After a kill, a refusal or a lack of credit, the same command continues with the same takes, and pays for each once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, insert, select, update

from studio.errors import LedgerError
from studio.ledger.journal import Journal
from studio.ledger.queries import by_field
from studio.ledger.schema import retakes
from studio.remedies import AGAIN, text_of

Outcome = Literal["film", "withdrawn", "refused"]


@dataclass(frozen=True)
class Retake:
    """A new take of a scene that a command asked for.

    command:  digest of everything in the command; the same command continues with the take
    run:      the latest run that was to make it
    ended_at: when a run of the command had made its film, or the take was withdrawn; None while it is open
    """

    id: int
    production: str
    realm: str
    command: str
    scene: str
    take: int
    run: str
    made_at: datetime
    ended_at: datetime | None
    outcome: str | None


def retakes_of(ledger: Journal, production: str, realm: str) -> list[Retake]:
    """All retakes ever asked for of a production, the latest first."""
    query = select(retakes).where(retakes.c.production == production, retakes.c.realm == realm)
    return [_read(row) for row in ledger.ask(query.order_by(retakes.c.id.desc()))]


def open_retakes(ledger: Journal, realm: str) -> list[Retake]:
    """The retakes that no film has been made with yet."""
    query = select(retakes).where(retakes.c.realm == realm, retakes.c.ended_at.is_(None))
    return [_read(row) for row in ledger.ask(query.order_by(retakes.c.id))]


def keep_retakes(
    ledger: Journal,
    production: str,
    realm: str,
    command: str,
    run: str,
    takes: Mapping[str, int],
    refused: Collection[int] = (),
) -> None:
    """Record the takes that a command asks for, before anything is bought; one that is open already continues.

    ``refused`` are retakes that can never be made, since moderation refused them. Raises LedgerError if another run of
    the same command has chosen another take meanwhile.
    """
    with ledger.writing() as connection:
        ledger.admit_one_at_a_time(connection)
        if refused:
            ended = {"ended_at": ledger.moment(connection), "outcome": "refused"}
            connection.execute(update(retakes).where(retakes.c.id.in_(refused)).values(ended))
        ours = (retakes.c.production == production, retakes.c.realm == realm, retakes.c.command == command)
        for scene, take in takes.items():
            query = select(retakes).where(*ours, retakes.c.scene == scene).order_by(retakes.c.id.desc())
            known = [_read(row) for row in connection.execute(query)]
            same = next((r for r in known if r.ended_at is None or (r.run == run and r.outcome == "film")), None)
            if same is not None and same.take != take:
                raise LedgerError(
                    f"another run that asks for the same makes take {same.take} of scene '{scene}'",
                    hint=text_of("nothing was bought: ", AGAIN, ", and it goes on with that take"),
                )
            if same is not None:
                connection.execute(update(retakes).where(retakes.c.id == same.id).values(run=run))
                continue
            values = {
                "production": production, "realm": realm, "command": command, "scene": scene, "take": take,
                "run": run, "made_at": ledger.moment(connection),
            }  # fmt: skip
            connection.execute(insert(retakes).values(values))


def end_retakes(ledger: Journal, run: str, scenes: Collection[str]) -> None:
    """End the retakes of a run whose film shows these scenes."""
    _end(ledger, "film", retakes.c.run == run, retakes.c.scene.in_(scenes))


def withdraw(ledger: Journal, realm: str, production: str, scene: str) -> int:
    """Withdraw the open retakes of a scene, so that the next request makes a new one. Returns their number."""
    return _end(
        ledger, "withdrawn", retakes.c.realm == realm, retakes.c.production == production, retakes.c.scene == scene
    )


def _end(ledger: Journal, outcome: Outcome, *which: Any) -> int:
    with ledger.writing() as connection:
        ended = {"ended_at": ledger.moment(connection), "outcome": outcome}
        done = connection.execute(update(retakes).where(*which, retakes.c.ended_at.is_(None)).values(ended))
        return done.rowcount


def _read(row: Row[Any]) -> Retake:
    return Retake(**by_field(row))
