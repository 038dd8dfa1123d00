"""The findings of ``studio doctor`` on settings: caps, variables that nothing reads, prices, and the home."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from studio.settings import Settings, load_settings
from studio_cli import doctor
from studio_cli.findings import places, programs, variables
from tests.studio_cli.test_findings import ROOT, by, of


@pytest.mark.parametrize(
    ("name", "value", "part", "said", "hint"),
    [
        ("STUDIO_MONTHCAP", "5", "settings", "STUDIO_MONTHCAP is set, and nothing reads it",
         "did you mean STUDIO_MONTH_CAP?"),
        ("STUDIO_MONTH_CAP", "50", "caps", "$50.00 a month", ""),
        ("STUDIO_MONTH_CREATES", "7", "caps", "7 creates a month", ""),
    ],
)  # fmt: skip
def test_what_holds_and_what_nothing_reads(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, part: str, said: str, hint: str
) -> None:
    """A cap that holds is told, and so is a variable that looks like one."""
    monkeypatch.setenv(name, value)
    found = of(variables.variables)[part]
    assert (found.said, found.hint) == (said, hint)


def test_every_setting_is_known(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable that the README explains is told to be read by nothing."""
    named = set(re.findall(r"`(STUDIO_[A-Z0-9_]+)`", (ROOT / "README.md").read_text("utf-8")))
    known = {f"STUDIO_{name.upper()}" for name in Settings.model_fields}
    assert named
    for name in named - known:
        monkeypatch.setenv(name, "x")
    assert "settings" not in of(variables.variables)


def test_settings_that_cannot_be_read(workplace: Path) -> None:
    """They are the one finding, with what to do, also in JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "studio_cli", "doctor", "--json"], cwd=workplace, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "STUDIO_AT_ONCE": "0"}, check=False, timeout=240,
    )  # fmt: skip
    (found,) = json.loads(done.stdout)["findings"]
    assert (done.returncode, found["part"], found["mark"]) == (2, "settings", "wrong")
    assert "STUDIO_AT_ONCE" in found["said"]
    assert found["hint"]


def test_a_price_book_that_is_not_there(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No shot can be priced, so no run begins."""
    assert of(programs.prices)["prices"].well
    monkeypatch.setenv("STUDIO_PRICE_BOOK", str(workplace / "none.toml"))
    found = by(doctor.findings(load_settings()))["prices"]
    assert (found.mark, "STUDIO_PRICE_BOOK" in found.hint) == ("wrong", True)


def test_a_home_that_cannot_be_made(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried, and nothing of the trial is left."""
    monkeypatch.setenv("STUDIO_HOME", "/proc/studio")
    found = list(places.disks(load_settings()))
    assert [one.mark for one in found if "/proc/studio" in one.said] == ["wrong"]
    assert list(workplace.iterdir()) == []
