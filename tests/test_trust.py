"""Certificate authorities: read once for as long as they are the same ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from luma_sandbox.certificates import certificate
from studio.connections import trusted
from studio.errors import SettingsError


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def subjects() -> set[str]:
    """The authorities that are trusted, by serial number."""
    return {found["serialNumber"] for found in trusted().get_ca_certs()}


def test_authorities_are_read_once() -> None:
    """Every client of a process shares what was read for the first."""
    assert trusted() is trusted()
    assert len(subjects()) > 50


def test_a_file_that_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file, another content at the same path, or none named at all: never the authorities of before."""
    public = subjects()
    one = certificate(tmp_path / "one", ("127.0.0.1",), 1_800_000_000.0)
    other = certificate(tmp_path / "other", ("127.0.0.1",), 1_800_000_000.0)
    named = tmp_path / "ca.pem"
    named.write_bytes(one.ca.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(named))
    first, context = subjects(), trusted()
    assert (len(first), context is trusted()) == (1, True)
    named.write_bytes(other.ca.read_bytes())
    os.utime(named, ns=(1, 1))  # a clock may tick more slowly than a test writes
    assert subjects() not in (first, public)
    monkeypatch.setenv("SSL_CERT_FILE", str(one.ca))
    assert subjects() == first
    monkeypatch.delenv("SSL_CERT_FILE")
    assert subjects() == public


@pytest.mark.parametrize(("text", "said"), [(None, "No such file"), ("no certificate", "holds no certificates")])
def test_a_file_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, said: str
) -> None:
    """A file that is not there or holds none is named, each time that it is asked for."""
    named = tmp_path / "ca.pem"
    if text is not None:
        named.write_text(text)
    monkeypatch.setenv("SSL_CERT_FILE", str(named))
    for _ in range(2):
        with pytest.raises(SettingsError, match=f"SSL_CERT_FILE cannot be used: {said}"):
            trusted()
