"""Addresses out of the settings: nothing secret in them is told, and one that cannot be used is one clear error."""

from __future__ import annotations

import contextlib
import traceback
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.addresses import ledger_name, ledger_url, shown
from studio.assets.publish import choose_publisher
from studio.errors import LedgerError, SettingsError, StudioError
from studio.ledger import open_ledger
from studio.settings import choose_service, load_settings

LEADS_NOWHERE = [
    "postgresql://bob:SECRET@127.0.0.1:1/db?password=SECRET",
    "postgresql://127.0.0.1:1/db?user=SECRET&password=SECRET",
    "postgresql://bob:a@SECRET@127.0.0.1:1/db",
    "postgresql://bob:a@b/SECRET@127.0.0.1:1/db",
    "postgresql://bob:a@b?SECRET@127.0.0.1:1/db",
    "postgresql://bob:SECRET@127.0.0.1:port/db",
    "postgresql://127.0.0.1:SECRET/db",
    "postgresql://127.0.0.1:1/db#SECRET",
    "postgresql://127.0.0.1:99999/db",
    "postgresql://127.0.0.1:1/db?port=SECRET",
    "postgresql://127.0.0.1:1/db?connect_timeout=SECRET",
    "postgresql://127.0.0.1:1/db?password=a&SECRET=b",
    "postgresql://127.0.0.1:1/db?sslmode=SECRET",
    "postgresql://127.0.0.1:1/db?options=-c%20SECRET",
    "postgresql://[::1/SECRET",
    "postgresql+psycopg2://bob:SECRET@127.0.0.1:1/db",
    "postgresql+asyncpg://bob:SECRET@127.0.0.1:1/db",
    "postgresql+SECRET://127.0.0.1:1/db",
    "mysql://bob:SECRET@127.0.0.1/db",
    "SECRET://127.0.0.1/db",
    "SECRET",
    "sqlite:///{folder}/x.db?timeout=SECRET",
    "sqlite:///{folder}/x?SECRET.db",
    "sqlite:///{folder}/x.db?SECRET=1",
    "sqlite://bob:SECRET@host/x.db",
    "sqlite+aiosqlite:///{folder}/SECRET.db",
]


@pytest.mark.parametrize("text", LEADS_NOWHERE)
def test_no_part_of_a_ledgers_address_is_told(
    text: str, workplace: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """A ledger that cannot be opened is one error of ours; neither it nor its traceback tells a password."""
    monkeypatch.setenv("STUDIO_LEDGER_URL", text.replace("{folder}", str(workplace)))
    with pytest.raises(StudioError) as caught:
        open_ledger(load_settings().ledger)
    assert isinstance(caught.value, LedgerError | SettingsError)
    assert "SECRET" not in "".join(traceback.format_exception(caught.value)).replace(text, "")
    assert not [warning for warning in recwarn if "SECRET" in str(warning.message)]
    assert not list(workplace.iterdir())


@pytest.mark.parametrize("text", ["nonsense", "mysql://h/db", "postgresql://h:x/db", "postgresql://a:b@c@h/db"])
def test_a_wrong_ledger_is_bad_input_and_names_its_variable(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong ledger address is a mistake in STUDIO_LEDGER_URL: exit status 2, and what to write."""
    monkeypatch.setenv("STUDIO_LEDGER_URL", text)
    with pytest.raises(SettingsError) as caught:
        _ = load_settings().ledger
    assert (caught.value.where, caught.value.exit_status) == ("STUDIO_LEDGER_URL", 2)
    assert caught.value.hint
    with pytest.raises(LedgerError, match="STUDIO_LEDGER_URL"):
        open_ledger(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("postgresql://bob:SECRET@db.example:5433/studio?sslmode=require", "postgresql://db.example:5433/studio"),
        ("postgres://db.example/studio?user=bob&password=SECRET#x", "postgresql://db.example/studio"),
        ("postgresql+psycopg://b%40b:SE%40CRET@[::1]/studio", "postgresql://[::1]/studio"),
        ("postgresql:///studio?host=/run/pg", "postgresql:///studio"),
        ("sqlite:////data/ledger.db?timeout=5", "sqlite:////data/ledger.db"),
    ],
)
def test_a_ledgers_name(text: str, name: str) -> None:
    """Host, port and database are told; a password in the query is moved to where the database's own repr hides it."""
    url = ledger_url(text)
    assert ledger_name(url) == name
    assert "SECRET" not in repr(url)


SECRETS = [
    "https://bob:SECRET@luma.example/v1", "https://luma.example/v1?key=SECRET", "https://luma.example/v1#SECRET",
    "https://luma.example:SECRET/v1", "https://[SECRET/v1", "SECRET", "ftp://SECRET.example", "https://a/\x1bSECRET",
    "https://bob:a/SECRET@luma.example/v1",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (name, text)
        for name in ("LUMAAI_BASE_URL", "LUMA_BASE_URL", "STUDIO_PUBLISH_BASE_URL", "STUDIO_PUBLISH_URL")
        for text in SECRETS
        if name != "STUDIO_PUBLISH_URL" or "://" in text  # else it names a folder
    ],
)
def test_an_address_that_cannot_be_used_names_its_variable_alone(
    text: str, name: str, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """User, password, query, a bad port, a bracket left open, another scheme: one error that repeats none of it."""
    monkeypatch.setenv("LUMAAI_API_KEY", "key")
    if name == "STUDIO_PUBLISH_URL":
        text = text.replace("https://", "s3://")
    else:
        monkeypatch.setenv("STUDIO_PUBLISH_URL", str(workplace))
    monkeypatch.setenv(name, text)
    settings = load_settings()
    with pytest.raises(SettingsError) as caught:
        choose_publisher(settings, choose_service(settings))
    assert caught.value.where == name
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


def test_a_callback_address_may_hold_a_secret_and_must_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A callback URL may hold a token in its query; what is no address is refused at once."""
    monkeypatch.setenv("STUDIO_CALLBACK_URL", "https://hooks.example/luma?token=SECRET")
    assert "SECRET" not in repr(load_settings())
    monkeypatch.setenv("STUDIO_CALLBACK_URL", "hooks.example:SECRET")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.where == "STUDIO_CALLBACK_URL"
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://bob:SECRET@127.0.0.1:4200/api?key=SECRET#SECRET", "http://127.0.0.1:4200/api"),
        ("http://[::1]:4200/api", "http://[::1]:4200/api"),
        ("http://h:SECRET/api", "an address that cannot be read"),
        ("http://bob:1/SECRET@h/api", "http://bob:1"),
    ],
)
def test_the_form_for_people(url: str, told: str) -> None:
    """An address that is printed has no user, password, query and fragment."""
    assert shown(url) == told


@given(st.text(max_size=30), st.sampled_from(["postgresql://", "sqlite:///", "postgresql://u:p@h/", "", "x+y://"]))
def test_any_text_is_an_address_or_a_settings_error(text: str, start: str) -> None:
    """Whatever stands in STUDIO_LEDGER_URL: an address, or one error; and any web address can be shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with contextlib.suppress(SettingsError):
            ledger_name(ledger_url(start + text))
        shown(text)
        shown(f"http://{text}")
