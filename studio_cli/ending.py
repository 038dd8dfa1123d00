"""The end of a command: by a signal, or by an unexpected error, at any moment.

Imports nothing but the standard library, so that it is available before anything else is loaded.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from studio_cli.loading import loading
from studio_cli.streams import end, make_sound

if TYPE_CHECKING:
    import asyncio

STOPPED = "stopped; what was ordered is kept: run the same command again, and it is awaited"
STOPPED_FREE = "stopped; this command orders nothing: what it finished is kept, and run again it makes the rest"
AGAIN = 60.0  # seconds: what is in flight has its answer by then, or is in doubt
REPORT = "last-error.txt"  # in STUDIO_HOME
MOST = 200_000  # characters of the traceback
SECRET = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|AUTH|CREDENTIAL|_URL$|PROXY$", re.IGNORECASE)
URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://[^\s'\"<>)\]]*")
_terminated: list[int] = []
_loops: list[object] = []  # event loops that cancel a task on SIGTERM


def entry(module: str) -> NoReturn:
    """Load a command's module and run its ``main``. A signal ends it in one line, even while it loads."""
    make_sound()
    take_termination()
    try:
        with loading():
            command = importlib.import_module(module)
        command.main()
    except KeyboardInterrupt:
        stopped()
    except SystemExit as said:
        _leave(said.code if isinstance(said.code, int) else int(said.code is not None))
    _leave(0)


@contextlib.contextmanager
def termination_cancels(task: asyncio.Task[Any] | None, *, again: float = AGAIN) -> Iterator[None]:
    """Let SIGTERM cancel the running task through the event loop, whatever handler Prefect installs meanwhile.

    Prefect's handler raises in whatever code runs at that moment. Within a callback, or a task that nobody awaits,
    asyncio would only log that, and the command would continue. A library may lose a cancellation as well, so the task
    is cancelled again after ``again`` seconds if it has not ended.
    """
    if task is None:
        raise RuntimeError("no task runs")
    loop = task.get_loop()

    def cancel() -> None:
        _terminated.append(signal.SIGTERM)
        if not task.cancelling():  # the handler of a KeyboardInterrupt may have done so
            task.cancel()
        loop.call_later(again, insist)

    def insist() -> None:
        if not task.done():
            task.cancel()
            loop.call_later(again, insist)

    with contextlib.suppress(NotImplementedError):  # not on Windows
        loop.add_signal_handler(signal.SIGTERM, cancel)
        _loops.append(loop)
    take_termination()
    try:
        yield
    finally:
        _loops.clear()
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGTERM)
        take_termination()


def take_termination() -> None:
    """Install our handler of SIGTERM again, after Prefect has installed its own for a flow run."""
    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, _as_an_interrupt)


def stopped(*, buys: bool = True) -> NoReturn:
    """Exit after a signal: status 130 after Ctrl-C, 143 after SIGTERM. ``buys``: the command may have ordered."""
    print(f"\n{STOPPED if buys else STOPPED_FREE}", file=sys.stderr)
    _leave(128 + (signal.SIGTERM if _terminated else signal.SIGINT))


def is_termination(error: BaseException) -> bool:
    """True if an error is the result of SIGTERM: Prefect's own, or that of the cancelled task."""
    loaded = sys.modules.get("prefect.exceptions")
    if loaded is not None and isinstance(error, loaded.ExternalSignal):
        _terminated.append(signal.SIGTERM)
        return True
    return bool(_terminated) and type(error).__name__ == "CancelledError"


def internal(error: BaseException, *, where: str | None = None) -> NoReturn:
    """Exit with status 1 after an internal error: one line, and the traceback in a file, without secrets.

    ``where`` is the folder of the file (default: STUDIO_HOME).
    """
    place = Path(where or os.environ.get("STUDIO_HOME") or ".studio") / REPORT
    said = without_secrets(str(error).strip()).splitlines()
    told = f"{type(error).__name__}: {said[0][:300]}" if said else type(error).__name__
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        text = without_secrets("".join(traceback.format_exception(error)))
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - of a descriptor
            file.write(text[-MOST:])
        kept = f"please report it, with {place}"
    except (OSError, ValueError):
        steps = traceback.extract_tb(error.__traceback__)
        kept = "please report it" + (f" (it was in {steps[-1].name}, line {steps[-1].lineno})" if steps else "")
    print(
        f"error: internal error ({told})\n"
        f"  → {kept}; what was ordered is kept: run the same command again, and it is awaited, not bought again",
        file=sys.stderr,
    )
    _leave(1)


def without_secrets(text: str) -> str:
    """The text without anything after a URL's scheme, and without the values of secret settings."""
    text = URL.sub(r"\1://…", text)
    secrets = (value for name, value in os.environ.items() if SECRET.search(name) and len(value) > 3)
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, "…")
    return text


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """A block with a question to the user, which Ctrl-C ends at once: asyncio would first wait for the answer."""
    before = signal.getsignal(signal.SIGINT)
    if callable(before):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if callable(before):
            signal.signal(signal.SIGINT, before)


def _as_an_interrupt(number: int, frame: FrameType | None) -> None:
    _terminated.append(number)
    interrupt = signal.getsignal(signal.SIGINT)
    if callable(interrupt):
        interrupt(signal.SIGINT, frame)  # asyncio's own handler, which cancels the running task
    elif not _loops:  # where SIGINT is ignored, as under nohup, the loop cancels the task itself
        raise KeyboardInterrupt


def _leave(status: int) -> NoReturn:
    """Exit. A second signal ends the process at once; the server that it started ends by itself."""
    with contextlib.suppress(ValueError):
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: os._exit(status))
    end(status)
