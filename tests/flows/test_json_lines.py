"""The log of runs as lines of JSON: what each is about, and nothing secret."""

from __future__ import annotations

import io
import json
import logging

import pytest
from prefect.logging.handlers import PrefectConsoleHandler

from flows.logs import tell_in_json
from studio.errors import SettingsError
from studio.log_lines import JsonLines, about
from studio.settings import load_settings


@pytest.fixture
def said() -> io.StringIO:
    """The lines that the logger ``test of json`` has written."""
    return io.StringIO()


@pytest.fixture
def log(said: io.StringIO) -> logging.Logger:
    logger = logging.getLogger("test of json")
    handler = logging.StreamHandler(said)
    handler.setFormatter(JsonLines())
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    return logger


def test_a_line_names_what_it_is_about(log: logging.Logger, said: io.StringIO) -> None:
    """Time, level and message are in every line; run, scene, order and generation where they are known."""
    with about(scene="arrival", order="abc"):
        log.info(
            "waiting", extra={"flow_run_name": "Tiny", "flow_run_id": "1-2", "task_run_name": "arrival · generate"}
        )
        with about(generation="g1"):
            log.warning("two\nlines")
    log.info("afterwards")
    first, second, third = map(json.loads, said.getvalue().splitlines())
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "INFO", "logger": "test of json", "message": "waiting", "run": "Tiny", "flow_run": "1-2",
        "task": "arrival · generate", "scene": "arrival", "order": "abc",
    }  # fmt: skip
    assert (second["message"], second["generation"], second["scene"]) == ("two\nlines", "g1", "arrival")
    assert third.keys() == {"time", "level", "logger", "message"}


def test_nothing_secret_is_in_a_line(log: logging.Logger, said: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of the environment, passwords in addresses and their queries are left out, of tracebacks too."""
    monkeypatch.setenv("LUMAAI_API_KEY", "luma-0123456789")
    monkeypatch.setenv("STUDIO_LEDGER_URL", "postgresql://studio:pass-word@host/ledger")
    try:
        raise ValueError("Bearer luma-0123456789 at https://cdn.example/video.mp4?sig=SIGNED&expires=1")
    except ValueError:
        log.exception("postgresql://studio:pass-word@host/ledger and s3://me:hidden@bucket/x")
    line = said.getvalue()
    for secret in ("luma-0123456789", "pass-word", "SIGNED", "hidden"):
        assert secret not in line
    assert "https://cdn.example/video.mp4?***" in json.loads(line)["error"]


def test_prefects_console_tells_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect's own handler writes the lines, unwrapped and without colours, whatever stands in them."""
    written = io.StringIO()
    handler = PrefectConsoleHandler(stream=written)
    for name in (None, "prefect", "prefect.extra"):  # what others write stays as it is
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])
    monkeypatch.setattr(logging.getLogger("prefect.flow_runs"), "handlers", [handler])
    tell_in_json()
    handler.emit(logging.LogRecord("x", logging.INFO, "", 0, "[red]a[/red] :smile: %s", ("long " * 100,), None))
    (line,) = written.getvalue().splitlines()
    assert json.loads(line)["message"] == "[red]a[/red] :smile: " + "long " * 100


def test_a_kind_of_log_that_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another value is an error that names the variable."""
    monkeypatch.setenv("STUDIO_LOG", "xml")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.where == "STUDIO_LOG"
