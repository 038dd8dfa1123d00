"""The findings of ``studio doctor`` on settings: caps, variables that nothing reads, prices, and the home."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from studio.ledger import open_ledger
from studio.ledger.copies import back_up
from studio.ledger.mark import LedgerMark
from studio.settings import Settings, load_settings
from studio_cli import doctor
from studio_cli.findings import books, places, programs, variables
from tests.studio_cli.test_findings import ROOT, by, of
from tests.support.orders import intent


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


def test_each_setting_that_cannot_be_used(workplace: Path) -> None:
    """Several at once are a finding each, with the variable and a remedy; a value that may be a secret is in none."""
    given = {
        "STUDIO_MONTH_CAP": "SECRET", "STUDIO_AT_ONCE": "0", "STUDIO_CREDENTIALS": "SECRET",
        "STUDIO_LINKS": "ftp:SECRET",
        "STUDIO_FILMS_PUBLIC": "https://films.example", "STUDIO_LEDGER_URL": "mysql://SECRET", "LUMA_API_KEY": "SECRÉT",
        "LUMA_BASE_URL": "https://agents.example",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "studio_cli", "doctor", "--json"], cwd=workplace, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | given, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    found = json.loads(done.stdout)["findings"]
    assert {one["mark"] for one in found} == {"wrong"}
    assert all(one["hint"] for one in found)
    told = [one["said"].split(": ")[0].removesuffix(" (mysql)") for one in found]
    assert sorted(told) == sorted(given)
    assert "SECR" not in done.stdout
    (cap,) = (one for one in found if one["said"].startswith("STUDIO_MONTH_CAP"))
    assert cap["hint"] == "correct it, or unset it; it is for: USD that may be spent in a calendar month (UTC)"


def test_an_empty_file_in_the_ledger_s_place(workplace: Path) -> None:
    """It is told as what it is; where a ledger was used before, with its copy. The next run makes a ledger of it."""
    home = load_settings().home
    home.mkdir()
    place = home / "ledger.db"
    place.write_bytes(b"")
    new = of(books.books)["ledger"]
    assert (new.mark, "an empty file, in which the next run begins a new ledger" in new.said) == ("note", True)
    assert new.hint.startswith("if one was there before: restore its latest copy")
    assert place.read_bytes() == b""
    opened = open_ledger(load_settings().ledger)  # what a run does
    opened.reserve(intent(), run="r", caps=[])
    LedgerMark(home / "ledger-mark.json").set(opened)
    opened.close()
    assert "can be read and written" in of(books.books)["ledger"].said
    place.write_bytes(b"")
    marked = of(books.books)["ledger"]
    assert "one that has purchases was used from here before" in marked.said
    assert marked.hint.startswith("restore its latest copy")


def test_an_emptied_ledger_that_has_a_copy(workplace: Path) -> None:
    """The copy that was made of it is named."""
    opened = open_ledger(load_settings().ledger)
    copy = workplace / "copy.db"
    back_up(opened, copy)
    opened.close()
    (load_settings().home / "ledger.db").write_bytes(b"")
    found = of(books.books)["ledger"]
    assert found.said.endswith(f"the latest copy of the one that was there is {copy}")
    assert (found.mark, "docs/backup.md" in found.hint) == ("note", True)


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
