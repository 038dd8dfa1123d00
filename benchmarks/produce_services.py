"""The servers of the benchmark ``produce.py``: the stand-in for the Dream Machine API, and a Prefect server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
from chaos_producer import tail
from chaos_services import clean_environment, free_port, wait_for
from produce_clips import render

PUBLIC = "https://clips.example"  # for genblaze, which accepts https assets only; it downloads from the stand-in
START_SECONDS = 600  # on a machine that does much else
STARTS = 3
STOP_SECONDS = 20
HERE = Path(__file__).parent


class Servers:
    """Both servers, each in a process of its own, for the length of a ``with`` block."""

    def __init__(self, home: Path, *, prefect: bool = True) -> None:
        self.home = home
        self.origin = self.prefect = ""
        self.standin_pid = self.prefect_pid = 0
        self._wanted = prefect
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Servers:
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def _start(self) -> None:
        clips = self.home / "clips"
        render(clips)
        standin = self._process("standin", str(HERE / "produce_standin.py"), str(clips), stdout=subprocess.PIPE)
        self.standin_pid = standin.pid
        assert standin.stdout is not None
        self.origin = standin.stdout.readline().decode().strip()
        if not self._wanted:
            return
        while not self.prefect:
            port = free_port()
            server = self._process("prefect", "-m", "prefect", "server", "start", "--port", str(port))
            if self._serves(server, f"http://127.0.0.1:{port}/api"):
                self.prefect, self.prefect_pid = f"http://127.0.0.1:{port}/api", server.pid

    def _serves(self, server: subprocess.Popen[bytes], url: str) -> bool:
        """Wait for a server; False if it ended, because another program took its port meanwhile. Raises RuntimeError
        where several did."""

        def look() -> bool:
            return server.poll() is None and httpx.get(f"{url}/health", trust_env=False).is_success

        serves = wait_for(look, START_SECONDS)
        if not serves and len(self._started) > STARTS:
            raise RuntimeError(f"Prefect's server does not start: {tail(self.home / 'prefect.log')}")
        return serves

    def _process(self, name: str, *arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
        environment = clean_environment() | {
            "PREFECT_HOME": str(self.home / "prefect-server"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }  # fmt: skip
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=log if stdout is None else stdout,
                stderr=log, env=environment, cwd=self.home,
            )  # fmt: skip
        self._started.append(process)
        return process

    def _end(self) -> None:
        for process in self._started:
            process.terminate()
        for process in self._started:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def begin(self, *, latency: float, slots: int, public: bool = False) -> None:
        """Empty the stand-in, and set its latency in seconds and its slots. ``public``: it names clips by https."""
        told = {"latency": latency, "slots": slots, "base": PUBLIC if public else self.origin}
        httpx.post(f"{self.origin}/bench/begin", json=told, trust_env=False, timeout=60).raise_for_status()

    def figures(self) -> dict[str, Any]:
        """The counts and moments of the stand-in."""
        answer = httpx.get(f"{self.origin}/bench/figures", trust_env=False, timeout=60).raise_for_status()
        told: dict[str, Any] = answer.json()
        return told
