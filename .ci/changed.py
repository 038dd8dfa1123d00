"""The question whether the long tests have to run: ``python .ci/changed.py`` prints the answer with its reason.

Exit status 0: run them. Exit status 3: they may be left out. Every other status is an error, and means: run them.
``--passed`` notes that they passed over the files as they are.

They may be left out in two cases only, and in doubt they run:

1. *They passed here already.* ``--passed`` writes a digest of all guarded files into the git folder of this checkout.
   The same digest is the same files. A machine that begins with a fresh clone has no such note.
2. *No guarded file differs from a commit that is known to be tested.* That commit is ``$CI_BASE`` where the CI gives
   one (the last commit whose long tests passed), else the place where this branch left the default branch of
   ``origin``. The files are compared as they lie there, so what is not committed yet counts, too.

What a checkout of one landed commit can know: its own files, and its parents if the clone is deep enough. It cannot
know which commit was tested last: several commits may have landed together, so the parent proves nothing, and on the
default branch itself there is no other branch to compare with. Without ``$CI_BASE`` and without a note the long
tests therefore run on every landed commit, as they do in a shallow clone that does not reach back to the base.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path, PurePosixPath

RUN, LEAVE_OUT = 0, 3

#: A folder or a file each. What the long tests start, look at, or are made of.
GUARDED = (
    # what buys, books, plans, carries out and cuts; the commands, the flows, the deployments and their servers
    "studio",
    "studio_cli",
    "flows",
    "tasks",
    "deployments",
    "prefect.yaml",
    # the sandbox, which other people's clients and browsers are run against
    "luma_sandbox",
    # the commands of the README and the examples are run as they stand
    "README.md",
    "productions",
    # how tests are run, and with what
    "benchmarks",
    "tests/chaos",
    "tests/support",
    "tests/__init__.py",
    "tests/conftest.py",
    "constraints.txt",
    "pyproject.toml",
    "Makefile",
    ".ci",
)

#: Stands in every module that has a long test: such a module is guarded wherever it lies.
MARK = b"pytest.mark.long"


class GitError(Exception):
    """A question that git could not answer."""


class Checkout:
    """A working tree of git, and what is in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str) -> str:
        """The output of a command of git. Raises GitError where it cannot be run or fails."""
        try:
            done = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, text=True, check=False)
        except OSError as error:
            raise GitError(f"git cannot be run: {error}") from error
        if done.returncode:
            raise GitError(done.stderr.strip().splitlines()[0] if done.stderr.strip() else f"git {arguments[0]} failed")
        return done.stdout

    def _names(self, command: str, *arguments: str) -> set[str]:
        return {name for name in self.git(command, "-z", *arguments).split("\0") if name}

    def guarded(self, name: str) -> bool:
        """True for a file whose change calls for the long tests."""
        path = PurePosixPath(name)
        if any(path.is_relative_to(place) for place in GUARDED):
            return True
        if not (path.is_relative_to("tests") and path.suffix == ".py"):
            return False
        if path.name == "conftest.py":
            return True
        try:
            return MARK in (self.root / path).read_bytes()
        except FileNotFoundError:
            return True  # it may have had a long test

    def digest(self) -> str:
        """A digest of the guarded files as they lie there, and of the Python that runs them."""
        whole = hashlib.sha256(f"{platform.python_version()} {platform.platform()}".encode())
        for name in sorted(filter(self.guarded, self._names("ls-files", "--cached", "--others", "--exclude-standard"))):
            file = self.root / name
            if file.is_symlink():
                content = str(file.readlink()).encode()
            else:
                content = file.read_bytes() if file.exists() else b"gone"
            whole.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\0".encode())
        return whole.hexdigest()

    def _note(self) -> Path:
        return self.root / self.git("rev-parse", "--git-path", "long-tests-passed").strip()

    def note(self, digest: str) -> None:
        """Note that the long tests passed over the files of that digest."""
        self._note().write_text(f"{digest}\n", "utf-8")

    def passed(self) -> bool:
        """True if the long tests passed here over the guarded files as they are."""
        note = self._note()
        return note.exists() and note.read_text("utf-8").strip() == self.digest()

    def base(self) -> tuple[str, str]:
        """A commit that counts as tested, and what it is. Raises GitError where none is known."""
        if given := os.environ.get("CI_BASE", ""):
            return self.git("rev-parse", "--verify", "--quiet", f"{given}^{{commit}}").strip(), "CI_BASE"
        head = self.git("rev-parse", "HEAD").strip()
        default = self._default_branch()
        merge_base = self.git("merge-base", "HEAD", default).strip()
        if merge_base == head:
            raise GitError(f"this commit has landed on {default}, and which one was tested last is not known")
        return merge_base, f"where this branch left {default}"

    def _default_branch(self) -> str:
        for name in ("origin/HEAD", "origin/main", "origin/master"):
            try:
                self.git("rev-parse", "--verify", "--quiet", f"refs/remotes/{name}^{{commit}}")
            except GitError:
                continue
            return name
        raise GitError("no default branch of origin is known")

    def changed(self, base: str) -> set[str]:
        """The files that differ from a commit, those that git does not know yet, too."""
        differing = self._names("diff", "--name-only", "--no-renames", base, "--")
        return differing | self._names("ls-files", "--others", "--exclude-standard")


def decision(checkout: Checkout) -> tuple[int, str]:
    """The exit status, and its reason in one line."""
    try:
        if checkout.passed():
            return LEAVE_OUT, "they passed here over the very same files"
        base, what = checkout.base()
        touched = sorted(filter(checkout.guarded, checkout.changed(base)))
    except (GitError, OSError, ValueError) as error:
        return RUN, f"nothing to compare with: {error}"
    if touched:
        more = f" and {len(touched) - 1} more" if len(touched) > 1 else ""
        return RUN, f"{touched[0]}{more} changed since {base[:12]} ({what})"
    return LEAVE_OUT, f"nothing they guard changed since {base[:12]} ({what})"


def main(arguments: list[str]) -> int:
    """Print the decision, or with ``--digest`` that of the guarded files, or with ``--passed DIGEST`` note it."""
    checkout = Checkout(Path(__file__).resolve().parents[1])
    match arguments:
        case []:
            status, reason = decision(checkout)
            print(reason)
            return status
        case ["--digest"]:
            print(checkout.digest())
        case ["--passed", digest]:
            checkout.note(digest)
        case _:
            print("changed.py, changed.py --digest, changed.py --passed DIGEST", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
