"""Every test runs away from the user's own Prefect, ledger, keys and working folder."""

import os
import tempfile
from pathlib import Path

import pytest

# Before Prefect is imported anywhere: it reads its home, and where results go, once.
_HOME = Path(tempfile.mkdtemp(prefix="studio-tests-"))
os.environ["PREFECT_HOME"] = str(_HOME / "prefect")
os.environ["PREFECT_LOCAL_STORAGE_PATH"] = str(_HOME / "results")
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ.pop("PREFECT_API_URL", None)
for _name in [n for n in os.environ if n.startswith(("STUDIO_", "LUMA"))]:
    if _name != "STUDIO_FFMPEG":
        del os.environ[_name]

pytest_plugins = ["tests.books"]

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def root() -> Path:
    """The project's own folder."""
    return ROOT


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own: ledger, clips and films of the test stay in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
