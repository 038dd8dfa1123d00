"""The libraries that commands load: a plan or a table of costs waits for no library that it does not use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.ledger import open_ledger

FILM = "title: Alone\nmodel: ray-flash-2\nresolution: 540p\nscenes:\n  - id: only\n    prompt: a quiet harbour\n"
#: Each takes longer to load than the rest of a plan together, or decodes, sends, or draws what a plan does not.
HEAVY = {
    "prefect", "fastapi", "uvicorn", "starlette",
    "av", "numpy", "PIL", "ffmpeg", "imageio_ffmpeg", "opentimelineio", "jinja2",
    "alembic", "mako", "psycopg",
    "httpx", "httpcore", "anyio", "lumaai", "luma_agents",
    "fsspec", "upath", "s3fs", "boto3", "botocore", "aiobotocore", "aiohttp", "cryptography",
}  # fmt: skip


def loaded_by(folder: Path, *words: str) -> set[str]:
    """The packages that a command loads, by Python's own list of them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", *words], cwd=folder, capture_output=True, text=True, timeout=300,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert lines
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.fixture
def used(workplace: Path) -> Path:
    """A working folder with a production and a ledger, as after a first run."""
    (workplace / "film.yaml").write_text(FILM)
    (workplace / ".studio").mkdir()
    open_ledger(f"sqlite:///{workplace / '.studio' / 'ledger.db'}").close()
    return workplace


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        ("flows.produce", "film.yaml", "--plan"),
        ("flows.produce", "film.yaml", "--plan", "--json"),
        ("studio_cli", "plan", "film.yaml"),
        ("flows.costs",),
        ("studio_cli", "costs", "--json"),
        ("studio_cli", "costs", "--csv"),
        ("studio_cli", "films"),
        ("studio_cli", "package", "--help"),
        ("studio_cli", "export", "--help"),
        ("studio_cli", "report", "--help"),
        ("studio_cli", "clean", "--films"),
        ("studio_cli", "check", "film.yaml"),
        ("studio_cli", "concepts"),
        ("studio_cli", "takes", "film.yaml"),
        ("studio_cli", "diff", "film.yaml"),
        ("studio_cli", "--help"),
        ("flows.produce", "--help"),
    ],
    ids=" ".join,
)
def test_what_a_plan_or_a_list_does_not_load(used: Path, words: tuple[str, ...]) -> None:
    """A command that only reads and shows loads neither Prefect nor a decoder, a client or a service's SDK."""
    assert loaded_by(used, *words) & HEAVY == set()


def test_a_picture_loads_the_decoder_of_pictures_alone(used: Path, root: Path) -> None:
    """A plan with a picture decodes it; the decoders of footage, and all else, are not loaded for it."""
    picture = root / "productions" / "examples" / "maya-face.jpg"
    given = f"assets:\n  - id: face\n    path: {picture}\n"
    (used / "film.yaml").write_text(f"{FILM}    start_image: face\n{given}")
    assert loaded_by(used, "flows.produce", "film.yaml", "--plan") & HEAVY == {"PIL"}
