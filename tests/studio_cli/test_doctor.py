"""``studio doctor``: each part that a run here would use, and what is wrong with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studio.ledger import open_ledger
from tests.provenance.certs import Issued


def studio(folder: Path, *words: str, **given: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "studio_cli", *words]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | given
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {finding["part"]: finding for finding in json.loads(done.stdout)["findings"]}


def test_an_empty_place(workplace: Path) -> None:
    """In a new home no part is wrong, each says what a run will do, and nothing is made by looking."""
    done = studio(workplace, "doctor", "--json")
    assert done.returncode == 0, done.stderr
    found = findings(done)
    assert set(found) >= {
        "service", "key", "ledger", "films", "clips", "publish", "disk", "ffmpeg", "fonts", "voices", "sandbox",
        "prefect server", "links", "packages",
    }  # fmt: skip
    assert {finding["mark"] for finding in found.values()} <= {"ok", "note"}
    assert all(finding["hint"] for finding in found.values() if finding["mark"] == "note")
    assert all(finding["well"] for finding in found.values())
    assert "none yet" in found["ledger"]["said"]
    assert found["prefect server"]["said"] == "none; a run starts one, and it ends with it"
    assert not (workplace / ".studio").exists()
    shown = studio(workplace, "doctor")
    marks = [line.split()[0] for line in shown.stdout.splitlines() if not line.startswith(" ")]
    assert marks == [finding["mark"] for finding in found.values()]


def test_a_ledger_that_cannot_be_used(workplace: Path) -> None:
    """A damaged ledger is told, the other parts are looked at all the same, and the status is 2."""
    (workplace / ".studio").mkdir()
    (workplace / ".studio" / "ledger.db").write_bytes(b"no database" * 1000)
    done = studio(workplace, "doctor", "--json")
    assert done.returncode == 2, done.stderr
    found = findings(done)
    assert not found["ledger"]["well"]
    assert "the ledger cannot be used" in found["ledger"]["said"]
    assert found["prefect server"]["well"]


def test_a_certificate(workplace: Path) -> None:
    """Where one is set, it is told whether it can sign."""
    for days, well, told in (((-1, 90), True, "films are signed by Quay Films"), ((-90, -1), False, "expired on ")):
        made = Issued(workplace / str(well), days=days)
        given = {"STUDIO_C2PA_CERTIFICATE": str(made.certificate), "STUDIO_C2PA_KEY": str(made.key)}
        done = studio(workplace, "doctor", "--json", **given)
        found = findings(done)["signing"]
        assert (done.returncode, found["well"], told in found["said"]) == (0 if well else 2, well, True)


def test_a_ledger_and_a_named_server(workplace: Path) -> None:
    """A ledger that can be used is told with its schema; a server that the user named and that is away, with why."""
    (workplace / ".studio").mkdir()
    open_ledger(f"sqlite:///{workplace / '.studio' / 'ledger.db'}").close()
    found = findings(studio(workplace, "doctor", "--json", PREFECT_API_URL="http://user:word@127.0.0.1:9/api"))
    assert "can be read and written" in found["ledger"]["said"]
    assert found["prefect server"]["said"].startswith("at 127.0.0.1:9, cannot be reached: ")
    assert "PREFECT_API_URL" in found["prefect server"]["hint"]
    assert "word" not in found["prefect server"]["said"]


@pytest.mark.parametrize(("words", "status"), [(["stop"], 0), (["start"], 2), ([], 2)])
def test_server_stop_where_there_is_none(workplace: Path, words: list[str], status: int) -> None:
    """Stopping where no server stays is no error; any other word is one, without a traceback."""
    done = studio(workplace, "server", *words)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    if status == 0:
        assert done.stdout == "no Prefect server stays for this home\n"
