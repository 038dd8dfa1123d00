"""Certificates and keys: those that sign, and the one line for each that cannot."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from studio.errors import SettingsError
from studio.provenance.certificates import Credential, read_credential, trial_credential
from studio.provenance.chosen import chosen_credential, note_of
from studio.provenance.signing import check_can_sign
from studio.settings import Settings
from tests.provenance.certs import TLS, Issued


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [("secp256r1", "es256"), ("secp384r1", "es384"), ("rsa", "ps256"), ("ed25519", "ed25519")],
)
def test_a_certificate_that_signs(tmp_path: Path, kind: str, algorithm: str) -> None:
    """Every kind of key that C2PA knows: it is read, and a signature is tried."""
    made = Issued(tmp_path, kind=kind)
    credential = read_credential(made.certificate, made.key)
    assert (credential.name, credential.algorithm, credential.trial) == ("Quay Films", algorithm, False)
    assert note_of(credential) == "signed by Quay Films (C2PA)"
    check_can_sign(credential)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"days": (-90, -1)}, "expired on "),
        ({"days": (1, 90)}, "is valid from "),
        ({"purpose": TLS}, "is for servers, not for signing documents"),
        ({"purpose": None}, "is for nothing, not for signing documents"),
        ({"by_itself": True}, "is issued by itself"),
        ({"signature": False}, "is not for signatures"),
        ({"ca": True}, "is that of an authority"),
    ],
)
def test_a_certificate_that_cannot_sign(tmp_path: Path, options: dict[str, Any], told: str) -> None:
    """One line with the setting, the file and the reason."""
    made = Issued(tmp_path, **options)
    with pytest.raises(SettingsError) as refused:
        read_credential(made.certificate, made.key)
    assert refused.value.where == f"STUDIO_C2PA_CERTIFICATE ({made.certificate})"
    assert refused.value.message.startswith(told)
    assert refused.value.hint.endswith("nothing was ordered")


def test_a_key_that_does_not_fit(tmp_path: Path) -> None:
    """That of another certificate, none at all, no PEM, or one that is not there; its content is in no error."""
    made, other = Issued(tmp_path / "a"), Issued(tmp_path / "b")
    odd, empty = tmp_path / "odd.pem", tmp_path / "none.pem"
    odd.write_text("SECRET-BYTES")
    for certificate, key, told in (
        (made.certificate, other.key, "is not the key of the certificate"),
        (made.certificate, odd, "is no private key in PEM"),
        (made.certificate, empty, f"{empty} cannot be read: No such file or directory"),
        (odd, made.key, "is no certificate in PEM"),
        (empty, made.key, f"{empty} cannot be read: No such file or directory"),
        (made.certificate, made.certificate, "is no private key in PEM"),
    ):
        with pytest.raises(SettingsError) as refused:
            read_credential(certificate, key)
        assert refused.value.message == told
        assert "SECRET-BYTES" not in str(refused.value)


def test_an_encrypted_key(tmp_path: Path) -> None:
    """With its passphrase it signs; without, or with another, one line says which of the two it is."""
    made = Issued(tmp_path, passphrase="quay 4711")
    check_can_sign(read_credential(made.certificate, made.key, "quay 4711"))
    for passphrase, told in (("", "is encrypted, and there is no passphrase"), ("other", "cannot be decrypted")):
        with pytest.raises(SettingsError) as refused:
            read_credential(made.certificate, made.key, passphrase)
        assert refused.value.message.startswith(told)
        assert "STUDIO_C2PA_PASSPHRASE" in str(refused.value)
        assert "quay 4711" not in str(refused.value)


def test_a_passphrase_for_a_key_without_one(tmp_path: Path) -> None:
    """It is not needed, and no fault."""
    made = Issued(tmp_path)
    assert read_credential(made.certificate, made.key, "needless").name == "Quay Films"


def test_the_certificate_for_trying(tmp_path: Path) -> None:
    """It is made once, its key is the owner's alone, it says what it is, and is made anew before it expires."""
    first = trial_credential(tmp_path)
    check_can_sign(first)
    assert (first.trial, note_of(first)) == (
        True, "signed with a certificate made for trying: nobody trusts it",
    )  # fmt: skip
    assert stat.S_IMODE((tmp_path / "c2pa-trial" / "key.pem").stat().st_mode) == 0o600
    assert trial_credential(tmp_path).id == first.id
    later = trial_credential(tmp_path, now=datetime.now(UTC) + timedelta(days=364.5))
    assert later.id != first.id
    (tmp_path / "c2pa-trial" / "key.pem").write_text("damaged")
    check_can_sign(trial_credential(tmp_path))


def test_a_key_is_in_no_text_of_a_credential(tmp_path: Path) -> None:
    """Logs and tracebacks print values."""
    credential = trial_credential(tmp_path)
    assert "PRIVATE KEY" not in repr(credential)
    assert b"PRIVATE KEY" in credential.key


def test_which_credential_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own where it is set, one for trying where that is asked for, none else; half a setting is an error."""
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "home"))

    def used(wanted: str) -> Credential | None:
        return chosen_credential(Settings(), wanted)

    assert (used("auto"), used("none")) == (None, None)
    trial = used("try")
    assert trial is not None
    assert trial.trial
    made = Issued(tmp_path / "own")
    monkeypatch.setenv("STUDIO_C2PA_CERTIFICATE", str(made.certificate))
    with pytest.raises(SettingsError, match="STUDIO_C2PA_KEY: is not set, and STUDIO_C2PA_CERTIFICATE is"):
        used("auto")
    monkeypatch.setenv("STUDIO_C2PA_KEY", str(made.key))
    own = [used("auto"), used("try")]
    assert [one is not None and one.name for one in own] == ["Quay Films", "Quay Films"]
    assert used("none") is None
