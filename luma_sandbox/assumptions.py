"""Assumptions about unseen behaviour of the service. Each entry can be switched: ``--assume NAME=VALUE``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from luma_sandbox.agents.assumption_table import AGENTS
from luma_sandbox.assumption_table import DREAM_MACHINE, Assumption
from luma_sandbox.errors import SettingsError

TABLE: tuple[Assumption, ...] = (*DREAM_MACHINE, *AGENTS)


class Assumptions(Mapping[str, str]):
    """The table with the switched values."""

    def __init__(self, switched: Mapping[str, str] | None = None) -> None:
        self._values = {entry.name: entry.value for entry in TABLE}
        known = {entry.name: entry for entry in TABLE}
        for name, value in (switched or {}).items():
            if name not in known:
                raise SettingsError(f"no assumption is called {name!r}", hint=f"known: {', '.join(known)}")
            choices = known[name].choices
            if choices and value not in choices:
                raise SettingsError(f"{name} cannot be {value!r}", hint=f"one of {', '.join(choices)}")
            self._values[name] = value

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def number(self, name: str) -> float:
        """The value of a numeric entry."""
        try:
            return float(self._values[name])
        except ValueError as error:
            raise SettingsError(f"{name} must be a number, not {self._values[name]!r}") from error
