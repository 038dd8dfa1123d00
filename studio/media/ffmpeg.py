"""The ffmpeg of the whole program: the choice of the binary, and how it is run.

Commands are built with ffmpeg-python and run here: no shell, no standard input, a session of their own, stderr kept
for the error. No format is ever guessed: `clip_input` forces the format and caps the picture's size.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import ffmpeg
import imageio_ffmpeg

from studio.cleaning import printable
from studio.disk import make_room, of_status
from studio.errors import CannotWrite, FfmpegError, SettingsError

SETTING = "STUDIO_FFMPEG"
NEEDED_FILTERS = (
    "scale", "pad", "fps", "format", "setsar", "setparams", "settb", "setpts", "trim", "tpad", "concat", "overlay",
    "xfade", "zoompan", "lut3d", "fade", "split", "aresample", "atrim", "apad", "loudnorm",
)  # fmt: skip
NEEDED_ENCODERS = ("libx264", "aac")
NEWER = "pip install --upgrade imageio-ffmpeg"
MAX_PIXELS = 40_000_000
LOG_TAIL = 4000
GRACE = 3.0
TICK = 0.2
Stop = Callable[[], bool]


def binary() -> str:
    """Path of the ffmpeg to use: the setting STUDIO_FFMPEG, then the packaged one, then the one on PATH.

    Each is taken only if it has the filters and encoders that films need. Raises SettingsError for a setting that
    does not fit, FfmpegError where there is none at all, or where another package took the name `ffmpeg`.
    """
    return _resolve(os.environ.get(SETTING, ""), os.environ.get("PATH", ""))


@functools.cache
def identity() -> str:
    """A digest that identifies this build of ffmpeg, over everything it prints about its version and libraries."""
    said = subprocess.run([binary(), "-version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    return hashlib.sha256(said.stdout).hexdigest()[:16]


def builds() -> list[str | int]:
    """The identity of the ffmpeg that `binary` takes: setting, paths, sizes and times of the candidates.

    Nothing is run for it.
    """
    setting, path = os.environ.get(SETTING, ""), os.environ.get("PATH", "")
    told: list[str | int] = [setting]
    packaged = sorted((Path(imageio_ffmpeg.__file__).parent / "binaries").glob("ffmpeg*"))
    named = (setting, os.environ.get("IMAGEIO_FFMPEG_EXE", ""), "ffmpeg")
    found = [shutil.which(name, path=path) for name in named if name]
    for candidate in (*packaged, *(Path(name) for name in found if name)):
        told.append(str(candidate))
        with contextlib.suppress(OSError):
            status = candidate.stat()
            told += [status.st_size, status.st_mtime_ns]
    return told


def clip_input(path: Path, **options: Any) -> Any:
    """An ffmpeg-python input for an untrusted MP4: absolute path, forced format, local files only, capped size."""
    return ffmpeg.input(f"file:{path.absolute()}", f="mp4", protocol_whitelist="file", max_pixels=MAX_PIXELS, **options)


def run(
    stream: Any,
    *,
    timeout: float | None = None,
    on_frames: Callable[[int], None] | None = None,
    stop: Stop | None = None,
    cwd: Path | None = None,
) -> None:
    """Run an ffmpeg-python output stream to its end, in the folder `cwd`.

    `timeout` in seconds. `on_frames` is called in this thread with the number of frames written so far, about twice
    a second and at the end. Once `stop()` is true ffmpeg is ended, as by KeyboardInterrupt: SIGTERM, and SIGKILL
    after 3 s. (From async code: pass an event's `is_set`, and set the event when the task is cancelled.) Raises
    CannotWrite where the disk is full, else FfmpegError with the tail of the log. Output written by then stays on
    disk: write to a `.part`, and rename it.
    """
    command: list[str] = stream.compile(cmd=[*_start(), "-y", "-progress", "pipe:1", "-stats_period", "0.5"])
    with _process(command, timeout=timeout, stop=stop, cwd=cwd) as chunks:
        rest = b""
        for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            counts = [line[6:].strip() for line in lines if line.startswith(b"frame=")]
            if on_frames and counts and counts[-1].isdigit():
                on_frames(int(counts[-1]))


def capture(stream: Any, *, timeout: float | None = None, stop: Stop | None = None) -> bytes:
    """Run an ffmpeg-python stream that writes to `pipe:1`, and return what it wrote. Errors as in `run`."""
    command: list[str] = stream.compile(cmd=_start())
    with _process(command, timeout=timeout, stop=stop) as chunks:
        return b"".join(chunks)


def _start() -> list[str]:
    return [binary(), "-hide_banner", "-nostdin", "-v", "warning"]


@contextlib.contextmanager
def _process(
    command: list[str], *, timeout: float | None, stop: Stop | None, cwd: Path | None = None
) -> Iterator[Iterator[bytes]]:
    """Start `command` and yield its stdout. On exit, check that it ended well, or end it."""
    deadline = None if timeout is None else time.monotonic() + timeout
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=cwd,
            start_new_session=True,
        )
        assert process.stdout is not None  # noqa: S101  # asked for just above
        arrived: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        reader = threading.Thread(target=_read, args=(process.stdout, arrived), daemon=True)
        reader.start()
        try:
            yield _until_end(process, arrived, deadline, timeout, stop)
            status = process.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise FfmpegError(f"ffmpeg was not finished after {timeout:g} s and was ended", log=_tail(log)) from None
        finally:
            _end(process)
            reader.join()
            process.stdout.close()
        if status:
            text = _tail(log)
            full = of_status(status)
            if full:
                raise CannotWrite(full, hint=make_room())
            last = text.strip().splitlines()[-1:] or ["it said nothing"]
            raise FfmpegError(f"ffmpeg ended with status {status}: {last[0]}", log=text)


def _read(pipe: IO[bytes], arrived: queue.SimpleQueue[bytes | None]) -> None:
    descriptor = pipe.fileno()
    try:
        while chunk := os.read(descriptor, 1 << 16):
            arrived.put(chunk)
    finally:
        arrived.put(None)


def _until_end(
    process: subprocess.Popen[bytes],
    arrived: queue.SimpleQueue[bytes | None],
    deadline: float | None,
    timeout: float | None,
    stop: Stop | None,
) -> Iterator[bytes]:
    while True:
        if stop is not None and stop():
            raise FfmpegError("ffmpeg was stopped before it was finished")
        if deadline is not None and time.monotonic() > deadline:
            raise subprocess.TimeoutExpired(process.args, timeout or 0)
        try:
            chunk = arrived.get(timeout=TICK)
        except queue.Empty:
            continue
        if chunk is None:
            return
        yield chunk


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs: with SIGTERM, and SIGKILL after the grace period."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: IO[bytes]) -> str:
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - LOG_TAIL))
    return printable(log.read().decode("utf-8", "replace"))  # it repeats names and titles from the files


@functools.cache
def _resolve(setting: str, path: str) -> str:
    _check_builder()
    if setting:
        chosen = shutil.which(setting, path=path)
        lack = _lacks(chosen) if chosen else "no such program"
        if chosen is None or lack:
            raise SettingsError(
                f"the ffmpeg at {setting} cannot be used: {lack}",
                where=SETTING,
                hint=f"unset {SETTING} to use the packaged ffmpeg",
            )
        return str(Path(chosen).absolute())
    reasons = []
    for name, candidate in (("packaged", _packaged()), ("on PATH", shutil.which("ffmpeg", path=path))):
        lack = _lacks(candidate) if candidate else "not there"
        if candidate and not lack:
            return str(Path(candidate).absolute())
        reasons.append(f"{name}: {lack}")
    raise FfmpegError(
        f"no ffmpeg that can make films ({'; '.join(reasons)})",
        hint=f"{NEWER}, or name a full build in {SETTING}",
    )


@functools.cache
def transitions() -> frozenset[str]:
    """The kinds of transition that the filter xfade of this ffmpeg knows. Raises as ``binary`` does."""
    said = subprocess.run(
        [binary(), "-hide_banner", "-h", "filter=xfade"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30
    )
    rows = [line.split() for line in said.stdout.decode("utf-8", "replace").splitlines()]
    return frozenset(row[0] for row in rows if len(row) > 2 and row[1].lstrip("-").isdigit())


@functools.cache
def encoders() -> frozenset[str]:
    """The encoders that this ffmpeg has. Raises as ``binary`` does."""
    said = subprocess.run(
        [binary(), "-hide_banner", "-encoders"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30
    )
    rows = [line.split() for line in said.stdout.decode("utf-8", "replace").splitlines()]
    return frozenset(row[1] for row in rows if len(row) > 1)


def _packaged() -> str | None:
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        return None


def _lacks(candidate: str) -> str:
    """The filters and encoders that this binary lacks, in words; empty if none. Version numbers do not tell, so it
    is asked."""
    missing = []
    for option, kind, needed in (
        ("-filters", "filter", NEEDED_FILTERS),
        ("-encoders", "encoder", NEEDED_ENCODERS),
    ):
        try:
            shown = subprocess.run(
                [candidate, "-hide_banner", option], stdin=subprocess.DEVNULL, capture_output=True, timeout=30
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"it does not run ({type(error).__name__})"
        if shown.returncode:
            return f"it does not run (status {shown.returncode})"
        rows = [line.split() for line in shown.stdout.decode("utf-8", "replace").splitlines()]
        words = {row[1] for row in rows if len(row) > 1}
        missing += [f"{kind} {name}" for name in needed if name not in words]
    return f"it lacks {', '.join(missing)}" if missing else ""


def _check_builder() -> None:
    """Check that `import ffmpeg` is ffmpeg-python: several other packages install a module of that name over it."""
    try:
        ours = ffmpeg.input("a").output("b").compile(cmd=["x"]) == ["x", "-i", "a", "b"] and hasattr(ffmpeg, "nodes")
    except Exception:  # noqa: BLE001  # whatever the stranger does, it is not ffmpeg-python
        ours = False
    if ours:
        return
    owners = importlib.metadata.packages_distributions().get("ffmpeg", [])
    others = " ".join(sorted(set(owners) - {"ffmpeg-python"})) or "the package that put it there"
    raise FfmpegError(
        "the module `ffmpeg` is not ffmpeg-python: another package took its name",
        where=str(getattr(ffmpeg, "__file__", None) or "ffmpeg"),
        hint=f"pip uninstall {others}, then pip install --force-reinstall ffmpeg-python",
    )
