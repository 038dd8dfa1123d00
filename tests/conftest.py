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
    if _name not in ("STUDIO_FFMPEG", "STUDIO_SANDBOX_RENDERS", "STUDIO_SANDBOX_COARSE"):
        del os.environ[_name]

# No test leaves a Prefect server behind; those of the server that stays say for how long.
os.environ["STUDIO_PREFECT_IDLE"] = "0"

# What a sandbox has rendered for one test, another one need not render again: the same request makes the same clip.
# (Workers inherit it. The sandbox's own tests do without.)
os.environ.setdefault("STUDIO_SANDBOX_RENDERS", str(_HOME / "renders"))
# Most tests are about shots, not about how finely they are drawn.
os.environ.setdefault("STUDIO_SANDBOX_COARSE", "1")

# Published clients are met half-way; our own code sends nothing that the schema does not have, and no null.
os.environ["STUDIO_SANDBOX_ASSUME"] = "null_fields=refused unknown_fields=refused model=required ray_1_6=refused"

pytest_plugins = [
    "tests.support.bucket",
    "tests.support.books",
    "tests.support.books",
    "tests.support.receiver",
    "tests.support.running",
    "tests.support.sandbox_process",
]

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests come first: workers share out whole files, and none is to begin such a one last."""
    first = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: item.path not in first)
