"""However a command ends, it is one line with what to do, the right exit status, and no traceback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio_cli.ending import REPORT, without_secrets
from tests.support.running import Sandbox, command

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
FILM = "title: Alone\nmodel: ray-flash-2\nresolution: 540p\nscenes:\n  - id: only\n    prompt: a quiet harbour\n"
COMMANDS = ("flows.produce", "flows.costs", "flows.concepts", "flows.reconcile")
NOBODY = "http://127.0.0.1:9"


def python(module: str, *args: str, **given: Any) -> subprocess.CompletedProcess[str]:
    """A command of the project, in the working folder."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API"))}
    given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | given
    environment |= given.pop("env", {})
    return subprocess.run([sys.executable, "-m", module, *args], env=environment, text=True, timeout=540, **given)


def one_error(done: subprocess.CompletedProcess[str], status: int, told: str) -> None:
    """One error, with what to do, and nothing that only a programmer reads."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("error: ") == 1, done.stderr
    assert told in done.stderr
    assert "\n  → " in done.stderr


@pytest.fixture
def film(workplace: Path) -> Path:
    (workplace / "film.yaml").write_text(FILM)
    return workplace


@pytest.fixture
def fixed(tmp_path: Path) -> Iterator[Path]:
    """A folder that not even root can write into. Skips where no disk can be mounted."""
    place = tmp_path / "fixed"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("proxy", [{"http_proxy": NOBODY}, {"ALL_PROXY": NOBODY, "NO_PROXY": "example.com"}])
def test_a_proxy_in_the_environment(film: Path, proxy: dict[str, str]) -> None:
    """A proxy that leads nowhere is no matter for what is on this machine: Prefect's server and the sandbox."""
    done = command(film, "film.yaml", "--out", "out", **proxy)
    assert done.returncode == 0, done.stderr
    assert (film / "out" / "film.mp4").is_file()


def test_the_service_is_reached_by_the_proxy(film: Path) -> None:
    """With a key and a proxy, the live service is asked through it and nowhere else."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        place = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.concepts", "--live"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"https_proxy": place, "LUMAAI_API_KEY": "k"},
        )  # fmt: skip
        proxy.settimeout(120)
        asked, _ = proxy.accept()
        assert asked.recv(100).startswith(b"CONNECT api.lumalabs.ai:443 ")
        asked.close()
        process.kill()
        process.wait()


def test_a_proxy_that_cannot_be_used(film: Path) -> None:
    """A proxy of a kind that is not spoken is one error that names the variable, and not its value."""
    done = command(film, "film.yaml", all_proxy="nonsense://user:word@host")
    one_error(done, 2, "all_proxy: no proxy that can be used")
    assert "word@" not in done.stderr


@pytest.mark.parametrize("url", ["http://user:word@127.0.0.1:9/api", "nonsense", "http://127.0.0.1:99999/api"])
def test_a_prefect_server_that_is_not_there(film: Path, url: str) -> None:
    """A dead PREFECT_API_URL is named at once, without what is secret in it, and nothing is ordered."""
    done = command(film, "film.yaml", PREFECT_API_URL=url)
    one_error(done, 2, "PREFECT_API_URL: Prefect's server")
    assert "word" not in done.stderr
    assert not (film / ".studio" / "sandbox").exists()


def test_a_server_that_is_not_prefect_s(film: Path, sandbox: Sandbox) -> None:
    """A server of another kind behind PREFECT_API_URL is told from Prefect's."""
    one_error(command(film, "film.yaml", PREFECT_API_URL=f"{sandbox.origin}/api"), 2, "answers with status 404")


def test_a_prefect_home_that_is_a_file(film: Path) -> None:
    """PREFECT_HOME that cannot be a folder is named before Prefect is loaded."""
    one_error(command(film, "film.yaml", PREFECT_HOME=str(film / "film.yaml")), 2, "PREFECT_HOME: ")


def test_a_prefect_home_on_a_read_only_disk(film: Path, fixed: Path) -> None:
    """PREFECT_HOME, or Prefect's storage, that cannot be written is named, where Prefect itself waits for minutes."""
    done = command(film, "film.yaml", PREFECT_HOME=str(fixed / "home"))
    one_error(done, 2, f"PREFECT_HOME: Prefect's folder {fixed / 'home'} cannot be written: Read-only file system")
    done = command(film, "film.yaml", PREFECT_LOCAL_STORAGE_PATH=str(fixed / "home"))
    one_error(done, 2, "PREFECT_LOCAL_STORAGE_PATH: ")


def test_a_prefect_whose_server_does_not_start(film: Path) -> None:
    """An error that ends Prefect's server is told instead of waiting for another server."""
    database = f"sqlite+aiosqlite:///{film / 'film.yaml' / 'prefect.db'}"
    done = command(film, "film.yaml", PREFECT_SERVER_DATABASE_CONNECTION_URL=database)
    one_error(done, 2, "Prefect's server does not start")
    assert not (film / ".studio" / "sandbox").exists()


def test_prefect_profiles_that_are_garbage(film: Path) -> None:
    """A profiles.toml that is no TOML is one error."""
    (film / "prefect").mkdir()
    (film / "prefect" / "profiles.toml").write_text("x = [")
    one_error(command(film, "film.yaml", PREFECT_HOME=str(film / "prefect")), 2, "Prefect cannot read its settings")


@pytest.mark.parametrize("module", COMMANDS[:2])
def test_a_home_that_is_a_file(film: Path, module: str) -> None:
    """STUDIO_HOME that is a file is one error of every command that needs the ledger."""
    one_error(python(module, env={"STUDIO_HOME": str(film / "film.yaml")}), 2, "STUDIO_HOME: ")


def test_a_home_on_a_read_only_disk(film: Path, fixed: Path) -> None:
    """A STUDIO_HOME that cannot be made, and a ledger that cannot be written, are one error each."""
    one_error(python("flows.costs", env={"STUDIO_HOME": str(fixed / "home")}), 1, "Read-only file system")
    url = f"sqlite:///{fixed / 'ledger.db'}"
    one_error(python("flows.costs", env={"STUDIO_LEDGER_URL": url}), 1, "the ledger cannot be used")


@pytest.mark.parametrize("module", COMMANDS)
def test_a_working_folder_that_is_gone(workplace: Path, module: str) -> None:
    """In a folder that was deleted, that is what is told."""
    gone = workplace / "gone"
    gone.mkdir()
    root = Path(__file__).parents[2]
    script = 'cd "$1" && rmdir "$1" && exec "$2" -m "$3"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", str(gone), sys.executable, module], capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(root)}, check=False,
    )  # fmt: skip
    one_error(done, 2, "the working folder is gone")


@pytest.mark.parametrize("content", [b"\x00\x01", b"\xff\xfe\xff", None])
def test_a_production_that_cannot_be_read(workplace: Path, content: bytes | None) -> None:
    """A production file that is binary, or a folder, is one error."""
    place = workplace / "film.yaml"
    place.mkdir() if content is None else place.write_bytes(content)
    one_error(command(workplace, "film.yaml", "--plan"), 2, "error: film.yaml:")


@pytest.mark.parametrize("module", COMMANDS[:3])
def test_a_reader_that_leaves(film: Path, module: str) -> None:
    """``| head``: when nobody reads any more, the command ends as it would have, without a word about it."""
    read, write = os.pipe()
    os.close(read)
    args = ["film.yaml", "--plan"] if module == "flows.produce" else []
    done = python(module, *args, stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_leaves_in_the_middle_of_a_run(film: Path) -> None:
    """``2>&1 | head``: a run goes on when nobody reads what it shows, and the film is made."""
    read, write = os.pipe()
    os.close(read)
    done = python("flows.produce", "film.yaml", "--out", "out", stdout=write, stderr=write)
    os.close(write)
    assert done.returncode == 0
    assert (film / "out" / "film.mp4").is_file()


def test_output_that_cannot_be_written(film: Path) -> None:
    """JSON that went nowhere, for a full disk, is an error: who asked for it must not take half of it for all."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        done = python("flows.produce", "film.yaml", "--plan", "--json", stdout=full)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert done.stderr == "error: standard output cannot be written: No space left on device\n"


def test_output_that_is_closed(film: Path) -> None:
    """With all of its standard streams closed, a command still works, and writes into no file of its own by mistake."""
    script = 'exec "$1" -m flows.produce film.yaml --plan <&- >&- 2>&-'
    done = subprocess.run(["sh", "-c", script, "sh", sys.executable], capture_output=True, check=False)
    assert done.returncode == 0
    assert (film / ".studio" / "ledger.db").read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_that_cannot_show_it(workplace: Path, sandbox: Sandbox, encoding: str) -> None:
    """Text that a console's encoding lacks is replaced, in the plan and at a run's end."""
    scenes = "scenes:\n  - {id: a, prompt: a harbour}\n  - {id: b, prompt: a boat, continue_from: a}\n"
    head = "title: '\U0001f3ac harbour'\nmodel: ray-flash-2\nresolution: 540p\n"
    (workplace / "film.yaml").write_text(head + scenes)
    given = {"PYTHONIOENCODING": encoding, "LUMAAI_BASE_URL": sandbox.url}
    for args in (["--plan"], ["--out", "out"]):
        done = command(workplace, "film.yaml", *args, **given)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize("module", COMMANDS)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_loads(workplace: Path, module: str, sent: signal.Signals) -> None:
    """Ctrl-C or SIGTERM while the command's own modules are loaded: one line, and the status that shells expect.

    The module that it loads is one of the test's own, which sends the signal: no timing is relied on.
    """
    own = workplace / "first"
    own.mkdir()
    (own / "typer.py").write_text(f"import os, time\nos.kill(os.getpid(), {int(sent)})\ntime.sleep(60)\n")
    root = Path(__file__).parents[2]
    done = python(
        module, env={"PYTHONPATH": f"{own}{os.pathsep}{root}"}, cwd=root,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert done.returncode == 128 + sent, done.stderr
    assert done.stderr.startswith("\nstopped; what was ordered is kept")
    assert "Traceback" not in done.stderr


LOST = """
import asyncio, contextlib, os, signal
from studio_cli.ending import termination_cancels

async def work():
    with termination_cancels(asyncio.current_task(), again=0.01):
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(3):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            print("lost")
        await asyncio.Event().wait()

async def main():
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.create_task(work())
    print("ended")

asyncio.run(main())
"""


@pytest.mark.parametrize("interrupts", [signal.default_int_handler, signal.SIG_IGN], ids=["shell", "nohup"])
def test_a_cancellation_that_is_lost(interrupts: Any) -> None:
    """A library may swallow the cancellation by SIGTERM: the task is cancelled again until it ends. Where SIGINT is
    ignored, as it is for a shell's jobs in the background, nothing is raised within the task."""
    done = subprocess.run(
        [sys.executable, "-c", LOST], capture_output=True, text=True, timeout=120, check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, interrupts),
    )  # fmt: skip
    assert done.stdout.split() == ["lost", "lost", "lost", "ended"], done.stderr


def test_an_error_that_nobody_expected(film: Path) -> None:
    """A fault of ours is one line; its traceback is kept in a file of STUDIO_HOME, without keys and URLs."""
    own = film / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text(
        "import studio.settings\n"
        "def broken():\n"
        "    raise KeyError('see https://user:word@host/clip?sig=abc with luma-very-secret')\n"
        "studio.settings.load_settings = broken\n"
    )
    root = Path(__file__).parents[2]
    given = {"PYTHONPATH": f"{own}{os.pathsep}{root}", "LUMAAI_API_KEY": "luma-very-secret", "STUDIO_HOME": "home"}
    done = python("flows.costs", env=given)
    one_error(done, 1, "internal error (KeyError: ")
    kept = (film / "home" / REPORT).read_text()
    assert "in broken" in kept
    for text in (done.stderr, kept):
        assert not any(secret in text for secret in ("word", "sig=", "very-secret"))
    (film / "afile").write_text("")
    one_error(python("flows.costs", env=given | {"STUDIO_HOME": "afile"}), 1, "(it was in broken, line 3)")


def test_what_is_secret_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a URL only its scheme is told, of a setting that is secret nothing."""
    monkeypatch.setenv("LUMA_API_KEY", "abcd-1234")
    text = "at postgresql://me:word@db/books, https://x/y?sig=1: abcd-1234 is wrong"
    assert without_secrets(text) == "at postgresql://… https://… … is wrong"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--port", "99999"], "--port"), (["--port", "-1"], "--port"), (["--home", "film.yaml"], "--home: film.yaml"),
        (["--home", "broken"], "not a database"), (["--faults", "nowhere.yaml"], "nowhere.yaml"),
        (["--host", "x"], "--host 'x'"),
    ],
)  # fmt: skip
def test_a_sandbox_that_cannot_start(film: Path, args: list[str], told: str) -> None:
    """Arguments of the sandbox that cannot be used are one error each, without a traceback."""
    (film / "broken").mkdir()
    (film / "broken" / "books.sqlite").write_text("no database at all, but long enough to be looked at" * 100)
    done = python("luma_sandbox", *(["--port", "0"] if "--port" not in args else []), *args)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert told in done.stderr


def test_a_port_that_is_taken(film: Path) -> None:
    """A port that another program listens on is told, with what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = python("luma_sandbox", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "--port 0 takes a free one" in done.stderr


def test_a_stop_of_a_command_that_buys_nothing(workplace: Path) -> None:
    """It does not speak of orders that are kept."""
    code = (
        "from studio_cli.produce import run_command\n"
        "async def go():\n    raise KeyboardInterrupt\n"
        "run_command(go(), buys=False)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=workplace, capture_output=True, text=True, timeout=240,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert done.stderr.startswith("\nstopped; this command orders nothing")
    assert done.returncode in (-signal.SIGINT, 128 + signal.SIGINT)
