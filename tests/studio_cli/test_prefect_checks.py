"""A Prefect server that was named and cannot be used: why it cannot is told in a line, and what to do about it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.errors import SettingsError
from studio_cli.prefect_checks import check_address, check_prefect

ROOT = Path(__file__).resolve().parents[2]
NO_ADDRESSES = ["http://[::1", "127.0.0.1:4200/api", "ftp://u:geheim@x/api", "http://127.0.0.1:99999/api", "nix", " "]


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a socket that is bound and never listens: whoever calls it is refused."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address_is_told_before_prefect_reads_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """The variable is named with a form to write, and no value of it is repeated."""
    monkeypatch.setenv("PREFECT_API_URL", url)
    with pytest.raises(SettingsError) as told:
        check_address()
    assert str(told.value).startswith("PREFECT_API_URL: Prefect's server is not reached by an http or https address")
    assert "write http://host:port/api" in told.value.hint
    assert "geheim" not in str(told.value)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:4200/api", "https://u:p@[::1]:4200/api/"])
def test_what_is_an_address_passes(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """An address with a port, a password, a path or a number of IPv6 is one; none at all is no fault."""
    monkeypatch.setenv("PREFECT_API_URL", url)
    check_address()


def test_a_refused_connection_and_an_unknown_name_are_told_apart(deaf: int) -> None:
    """The reason why Prefect's server cannot be reached is told as for any other server, not by an error's class."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    for host, said in ((f"127.0.0.1:{deaf}", "refused the connection"), ("nohost.invalid", "is not found")):
        named = temporary_settings({PREFECT_API_URL: f"http://u:geheim@{host}/api"})
        with named, pytest.raises(SettingsError, match=said) as told:
            asyncio.run(check_prefect())
        assert "geheim" not in str(told.value)
        assert "Error" not in str(told.value)


@pytest.mark.long
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"PREFECT_API_URL": "http://[::1"}, "error: PREFECT_API_URL: Prefect's server is not reached by"),
        ({"PREFECT_API_URL": "http://127.0.0.1:9", "http_proxy": "bogus://u:geheim@x"}, "error: http_proxy: no proxy"),
        ({"PREFECT_API_URL": "http://127.0.0.1:9", "SSL_CERT_FILE": "/nix.pem"}, "error: /nix.pem: SSL_CERT_FILE"),
        ({"PREFECT_API_URL": "http://u:geheim@nohost.invalid/api"}, "error: no Prefect server answers at"),
    ],
)  # fmt: skip
def test_serving_with_surroundings_that_cannot_be_used(tmp_path: Path, given: dict[str, str], told: str) -> None:
    """``make serve`` ends with status 2 in one error: no traceback, no password."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [sys.executable, "-m", "deployments.serve"], cwd=ROOT, capture_output=True, text=True, check=False,
        env=kept | {"PREFECT_HOME": str(tmp_path)} | given,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr, "geheim" in done.stderr) == (2, False, False), done.stderr
    assert done.stderr.startswith(told)
