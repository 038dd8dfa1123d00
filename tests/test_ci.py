"""The decisions of a CI machine: the tests that it runs, when it skips the long ones, and the times it reports."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
CI = runpy.run_path(str(ROOT / ".ci" / "changed.py"))
RUN, LEAVE_OUT = CI["RUN"], CI["LEAVE_OUT"]
LONG = "@pytest.mark." + "long"  # in two pieces: this module has no long test, and is not to be taken for one that has

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder: Path, *arguments: str) -> str:
    """The output of a git command in that folder, untouched by anybody's settings."""
    names = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    given = {n: v for n, v in os.environ.items() if not n.startswith("GIT_")} | names
    given |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return subprocess.run(["git", *arguments], cwd=folder, env=given, capture_output=True, text=True, check=True).stdout


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")


def commit(folder: Path, name: str, text: str = "changed") -> str:
    """Write a file and commit it; the commit."""
    write(folder, name, text)
    git(folder, "add", "--all")
    git(folder, "commit", "--message", name)
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with three commits on main."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "studio/purchasing/gateway.py", "1")
    commit(folder, "docs/kept.md", "1")
    commit(folder, "tests/media/test_clip.py", "def test_a(): ...")
    return folder


@pytest.fixture
def clone(origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of it, on main."""
    monkeypatch.delenv("CI_BASE", raising=False)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    return tmp_path / "clone"


def decided(folder: Path) -> tuple[int, str]:
    """The decision there: status and reason."""
    decision: tuple[int, str] = CI["decision"](CI["Checkout"](folder))
    return decision


@needs_git
@pytest.mark.parametrize(
    ("name", "text", "status"),
    [
        ("docs/kept.md", "2", LEAVE_OUT),
        ("docs/library.md", "2", LEAVE_OUT),
        ("CHANGELOG.md", "2", LEAVE_OUT),
        ("tests/media/test_clip.py", "def test_b(): ...", LEAVE_OUT),
        ("studio/purchasing/gateway.py", "2", RUN),
        ("studio/purchasing/new/deep.py", "2", RUN),
        ("studio/ledger/books.py", "2", RUN),
        ("studio/providers/luma/models.py", "2", RUN),
        ("luma_sandbox/app.py", "2", RUN),
        ("studio_cli/prefect_server.py", "2", RUN),
        ("benchmarks/chaos.py", "2", RUN),
        ("tests/chaos/test_hostile.py", "2", RUN),
        ("tests/media/conftest.py", "2", RUN),
        ("tests/media/test_film.py", f"{LONG}\ndef test_a(): ...", RUN),
        ("constraints.txt", "2", RUN),
        ("pyproject.toml", "2", RUN),
        ("Makefile", "2", RUN),
        (".ci/run", "2", RUN),
    ],
)
def test_a_branch_runs_the_long_tests_for_what_they_guard(clone: Path, name: str, text: str, status: int) -> None:
    """Committed or not, a guarded file that differs from where the branch left main has them run, and no other file."""
    git(clone, "switch", "--quiet", "--create", "branch")
    commit(clone, "docs/first.md")
    write(clone, name, text)
    assert decided(clone)[0] == status
    commit(clone, name, text)
    commit(clone, "docs/more.md")  # the last commit alone proves nothing
    found, reason = decided(clone)
    assert found == status
    assert (name if status == RUN else "nothing they guard changed since") in reason


@needs_git
def test_a_file_that_is_gone_has_changed(clone: Path) -> None:
    """A guarded file that was removed or renamed has the long tests run; so has a test module that is gone."""
    git(clone, "switch", "--quiet", "--create", "branch")
    commit(clone, "docs/first.md")
    git(clone, "mv", "studio/purchasing/gateway.py", "docs/gateway.md")
    assert decided(clone)[0] == RUN
    git(clone, "reset", "--quiet", "--hard")
    assert decided(clone)[0] == LEAVE_OUT
    git(clone, "rm", "--quiet", "tests/media/test_clip.py")
    assert decided(clone)[0] == RUN


@needs_git
def test_a_landed_commit_knows_no_base(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On main itself nothing tells which commit was tested last: they run, unless the CI names that commit."""
    status, reason = decided(clone)
    assert (status, "landed on origin/" in reason) == (RUN, True)
    git(clone, "switch", "--quiet", "--detach")
    assert decided(clone)[0] == RUN
    monkeypatch.setenv("CI_BASE", "HEAD~1")
    assert decided(clone)[0] == LEAVE_OUT
    monkeypatch.setenv("CI_BASE", git(clone, "rev-list", "--max-parents=0", "HEAD").strip())
    assert decided(clone)[0] == LEAVE_OUT
    monkeypatch.setenv("CI_BASE", "0" * 40)
    assert decided(clone)[0] == RUN


@needs_git
def test_a_shallow_clone_does_not_reach_the_base(origin: Path, tmp_path: Path, clone: Path) -> None:
    """With one commit of history nothing can be compared, on main or on a branch: they run."""
    git(origin, "switch", "--quiet", "--create", "branch")
    commit(origin, "docs/library.md")
    for branch in ("main", "branch"):
        git(tmp_path, "clone", "--quiet", "--depth=1", f"--branch={branch}", origin.as_uri(), f"shallow-{branch}")
        status, reason = decided(tmp_path / f"shallow-{branch}")
        assert (status, "nothing to compare with" in reason) == (RUN, True)
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", "--branch=branch", origin.as_uri(), "both")
    assert decided(tmp_path / "both")[0] == RUN


@needs_git
def test_what_passed_here_need_not_pass_again(clone: Path) -> None:
    """A note of this checkout leaves them out while no guarded file is another one; it is part of no commit."""
    checkout = CI["Checkout"](clone)
    checkout.note(checkout.digest())
    assert git(clone, "status", "--porcelain") == ""
    assert decided(clone) == (LEAVE_OUT, "they passed here over the very same files")
    commit(clone, "docs/library.md")
    assert decided(clone)[0] == LEAVE_OUT
    write(clone, "studio/ledger/new.py", "not known to git yet")
    assert decided(clone)[0] == RUN
    (clone / "studio/ledger/new.py").unlink()
    assert decided(clone)[0] == LEAVE_OUT
    write(clone, "studio/purchasing/gateway.py", "2")
    assert decided(clone)[0] == RUN


def test_without_git_they_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is no checkout, or a machine without git: they run."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert decided(tmp_path)[0] == RUN
    monkeypatch.setenv("PATH", str(tmp_path))
    assert decided(tmp_path)[0] == RUN


def test_what_is_guarded_is_there() -> None:
    """Every guarded path stands in the project, and the package of every module with a long test is guarded."""
    assert [place for place in CI["GUARDED"] if not (ROOT / place).exists()] == []
    guarded = CI["Checkout"](ROOT).guarded
    modules = [path for path in (ROOT / "tests").rglob("test_*.py") if LONG[1:] in path.read_text("utf-8")]
    assert len(modules) > 20
    for module in modules:
        place = module.relative_to(ROOT / "tests").parts[0]
        assert guarded(str(module.relative_to(ROOT)))
        packages = [name for name in (place, f"studio/{place}") if (ROOT / name).is_dir()]
        assert all(guarded(f"{name}/any.py") for name in packages), f"{module.name} looks at {packages}"


def test_every_test_is_in_one_of_the_two(root: Path) -> None:
    """``make test`` and ``make test-long`` select by one marker and its opposite, so that no test is in neither."""
    dry = ["make", "--no-print-directory", "--dry-run", "--always-make", "test", "test-long"]
    environment = {n: v for n, v in os.environ.items() if not n.startswith("MAKE")}
    told = subprocess.run(dry, cwd=root, env=environment, capture_output=True, text=True, check=True).stdout
    commands = [line for line in told.splitlines() if "-m pytest" in line]
    assert [re.search(r'-m "?(not long|long)"?$', command)[1] for command in commands] == ["not long", "long"]
    assert len({re.sub(r' -m "?(not )?long"?$', "", command) for command in commands}) == 1


# .ci/run


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The surroundings of a run of ``.ci/run`` in a folder of its own, with a make that does what it is told."""
    (tmp_path / "ci" / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", tmp_path / "ci" / ".ci" / "run")
    (tmp_path / "ci" / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "ci" / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "bin").mkdir()
    there = dict.fromkeys(("chromium", "espeak-ng", "node", "npm"), ":")
    for name, does in (there | {"make": 'echo "$1" >> made; [ "$1" != "$FAILS" ]', "apt-get": "exit 9"}).items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "FAILS": ""}


def run(folder: Path, decision: str, environment: dict[str, str]) -> tuple[int, list[str], str, list[str]]:
    """Status, parts that were made, the last line, and what was noted, where changed.py does so."""
    script = f"import sys; from pathlib import Path\nif sys.argv[1:] == []:\n    {decision}\n"
    script += "if sys.argv[1:] == ['--digest']: print('abc')\n"
    script += "if sys.argv[1:2] == ['--passed']: Path('noted').write_text(sys.argv[2])\n"
    (folder / ".ci" / "changed.py").write_text(script)
    command: list[Any] = ["bash", folder / ".ci" / "run"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    noted = (folder / "noted").read_text().split() if (folder / "noted").exists() else []
    return done.returncode, (folder / "made").read_text().split(), done.stdout.splitlines()[-1], noted


TIMES = r"lint \d+ s, test \d+ s, speed \d+ s"


@pytest.mark.parametrize(
    ("decision", "fails", "status", "made", "said", "noted"),
    [
        ("print('x changed')", "", 0, "lint test speed test-long", rf"{TIMES}, test-long \d+ s", "abc"),
        ("print('same'); sys.exit(3)", "", 0, "lint test speed", rf"{TIMES}, test-long skipped: same", ""),
        ("sys.exit('broken')", "", 0, "lint test speed test-long", rf"{TIMES}, test-long \d+ s", "abc"),
        ("print('x')", "lint", 1, "lint", r"lint \d+ s \(failed\), test not run, speed not run, test-long not run", ""),
        ("print('x')", "test", 1, "lint test", r"lint .*, test \d+ s \(failed\), speed not run, test-long not run", ""),
        ("print('x')", "speed", 1, "lint test speed", r"lint .*, speed \d+ s \(failed\), test-long not run", ""),
        ("print('x')", "test-long", 1, "lint test speed test-long", rf"{TIMES}, test-long \d+ s \(failed\)", ""),
    ],
    ids=["all", "left out", "in doubt", "lint fails", "test fails", "speed fails", "test-long fails"],
)  # fmt: skip
def test_each_part_s_time_is_said(
    machine: dict[str, str], tmp_path: Path, decision: str, fails: str, status: int, made: str, said: str, noted: str
) -> None:
    """The last line has the seconds of each part, and of what did not run why; a failure is the command's own."""
    ended, parts, line, note = run(tmp_path / "ci", decision, machine | {"FAILS": fails})
    assert (ended, parts, note) == (status, made.split(), noted.split())
    assert re.fullmatch(said, line)
