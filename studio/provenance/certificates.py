"""The certificate that films are signed with, and its key: read, checked, or made for trying.

The key is in memory alone: it is in no error, and in no text of a credential.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from studio.atomic import write_atomic
from studio.cleaning import printable
from studio.disk import disk_errors
from studio.errors import SettingsError

CERTIFICATE, KEY, PASSPHRASE = "STUDIO_C2PA_CERTIFICATE", "STUDIO_C2PA_KEY", "STUDIO_C2PA_PASSPHRASE"
FOLDER = "c2pa-trial"  # in STUDIO_HOME
TRIAL = "Studio Producer, made for trying"  # the organisation of certificates that are made here
#: What a certificate may be made for so that it signs claims: documents, e-mail, claims of C2PA, Microsoft's own.
PURPOSES = {
    "1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.4", "1.3.6.1.4.1.62558.2.1", "1.3.6.1.4.1.311.76.59.1.9",
}  # fmt: skip
ANY_PURPOSE = "2.5.29.37.0"
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
UNUSED = (
    "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only",
)  # fmt: skip
SMALLEST_RSA = 2048  # bits
MOST_BYTES = 1 << 20
YEAR = timedelta(days=365)
UNUSABLE = "use a certificate for signing documents (extended key usage documentSigning or emailProtection)"


@dataclass(frozen=True)
class Credential:
    """A certificate with its key, checked: it can sign. ``chain`` and ``key`` are PEM.

    ``name`` is whom it was issued to; ``trial`` is True for one that was made here for trying, which nobody trusts;
    ``id`` tells it from others.
    """

    name: str
    algorithm: str
    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)
    id: str = ""
    trial: bool = False


def read_credential(certificate: Path, key: Path, passphrase: str = "", *, now: datetime | None = None) -> Credential:
    """Read the user's certificate and key, and check that they can sign.

    Raises SettingsError that names the variable and what is wrong: not there, not PEM, expired, not for signing, the
    key of another certificate, encrypted with another passphrase or none. The key's content is in no error.
    """
    chain = _chain(certificate)
    private = _private(key, passphrase)
    leaf = chain[0]
    if told := _unusable(leaf, now or datetime.now(UTC)):
        raise SettingsError(told[0], where=f"{CERTIFICATE} ({certificate})", hint=f"{told[1]}; nothing was ordered")
    if _public(leaf.public_key()) != _public(private.public_key()):
        raise SettingsError(
            "is not the key of the certificate", where=f"{KEY} ({key})",
            hint=f"name the key that {certificate} was issued for; nothing was ordered",
        )  # fmt: skip
    return _credential(chain, private)


def trial_credential(home: Path, *, now: datetime | None = None) -> Credential:
    """The credential for trying, made in ``home`` where there is none that is valid for another day.

    Raises CannotWrite.
    """
    folder, moment = home / FOLDER, now or datetime.now(UTC)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if certificate.is_file() and key.is_file():
        try:
            found = read_credential(certificate, key, now=moment + timedelta(days=1))
        except SettingsError:
            pass  # it is made anew
        else:
            return found
    with disk_errors("the certificate for trying", home):
        folder.mkdir(parents=True, exist_ok=True)
        chain, private = _made(moment)
        credential = _credential(chain, private)
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor, so that nobody else reads it meanwhile
            file.write(credential.key)
        write_atomic(certificate, credential.chain)
    return credential


def _chain(path: Path) -> list[x509.Certificate]:
    data = _read(path, CERTIFICATE, "a certificate (PEM), with those above it behind it")
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError:
        raise SettingsError(
            "is no certificate in PEM", where=f"{CERTIFICATE} ({path})",
            hint="name a file that begins with -----BEGIN CERTIFICATE-----; nothing was ordered",
        ) from None  # fmt: skip


def _private(path: Path, passphrase: str) -> PrivateKeyTypes:
    data, where = _read(path, KEY, "the private key of the certificate (PEM)"), f"{KEY} ({path})"
    try:
        return serialization.load_pem_private_key(data, passphrase.encode() or None)
    except TypeError:  # a passphrase is missing, or is given for a key that has none
        if not passphrase:
            raise SettingsError(
                "is encrypted, and there is no passphrase", where=where, hint=f"set {PASSPHRASE}; nothing was ordered"
            ) from None
        return _private(path, "")
    except (ValueError, UnsupportedAlgorithm):
        encrypted = b"ENCRYPTED" in data
        raise SettingsError(
            "cannot be decrypted with the passphrase" if encrypted else "is no private key in PEM",
            where=f"{PASSPHRASE}" if encrypted else where,
            hint=("set the passphrase of the key" if encrypted else "name a file that begins with -----BEGIN PRIVATE "
                  "KEY-----") + "; nothing was ordered",
        ) from None  # fmt: skip


def _read(path: Path, setting: str, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror or type(error).__name__}", where=setting,
            hint=f"name {what}; nothing was ordered",
        ) from None  # fmt: skip


def _unusable(leaf: x509.Certificate, now: datetime) -> tuple[str, str] | None:
    """The reason why a certificate cannot sign, and what to do; None where it can."""
    if now > leaf.not_valid_after_utc:
        return f"expired on {leaf.not_valid_after_utc:%Y-%m-%d}", "name one that is valid"
    if now < leaf.not_valid_before_utc:
        return f"is valid from {leaf.not_valid_before_utc:%Y-%m-%d} on", "name one that is valid now"
    if leaf.issuer == leaf.subject:
        return "is issued by itself, which no verifier accepts", "use one that an authority has issued"
    found = leaf.extensions
    basic = _extension(found, x509.BasicConstraints)
    if basic is not None and basic.ca:
        return "is that of an authority, not of a signer", "put the signer's certificate first in the file"
    usage = _extension(found, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        return "is not for signatures (key usage digitalSignature is missing)", UNUSABLE
    extended = _extension(found, x509.ExtendedKeyUsage)
    purposes = {purpose.dotted_string for purpose in extended} if extended is not None else set[str]()
    if not purposes & PURPOSES or ANY_PURPOSE in purposes:
        told = ", ".join(sorted(_purpose(purpose) for purpose in purposes)) or "nothing"
        return f"is for {told}, not for signing documents", UNUSABLE
    if _algorithm(leaf.public_key()) is None:
        return "has a key that C2PA does not know", "use P-256, P-384, P-521, Ed25519 or RSA of 2048 bits or more"
    return None


E = TypeVar("E", bound=x509.ExtensionType)


def _extension(found: x509.Extensions, kind: type[E]) -> E | None:
    try:
        return found.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _purpose(dotted: str) -> str:
    names = {
        ExtendedKeyUsageOID.SERVER_AUTH.dotted_string: "servers",
        ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string: "clients",
        ExtendedKeyUsageOID.CODE_SIGNING.dotted_string: "code", ANY_PURPOSE: "any purpose",
        ExtendedKeyUsageOID.TIME_STAMPING.dotted_string: "timestamps",
    }  # fmt: skip
    return names.get(dotted, dotted)


def _algorithm(public: object) -> str | None:
    """The signature algorithm of C2PA for a key; None where it has none."""
    match public:
        case ec.EllipticCurvePublicKey():
            return CURVES.get(public.curve.name)
        case ed25519.Ed25519PublicKey():
            return "ed25519"
        case rsa.RSAPublicKey() if public.key_size >= SMALLEST_RSA:
            return "ps256"
    return None


def _public(key: object) -> bytes:
    encoded: bytes = key.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def _credential(chain: list[x509.Certificate], private: PrivateKeyTypes) -> Credential:
    leaf = chain[0]
    organisations = [str(a.value) for a in leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    commons = [str(a.value) for a in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return Credential(
        name=printable(next(iter((*organisations, *commons)), "nobody named")),
        algorithm=_algorithm(leaf.public_key()) or "",
        chain=b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain),
        key=private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        id=hashlib.sha256(leaf.public_bytes(serialization.Encoding.DER)).hexdigest()[:16],
        trial=TRIAL in organisations,
    )


def _made(now: datetime) -> tuple[list[x509.Certificate], ec.EllipticCurvePrivateKey]:
    """A signer's certificate and that of the authority which issues it, whose own key is thrown away."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, TRIAL), x509.NameAttribute(NameOID.COMMON_NAME, "Trial authority")
    ])  # fmt: skip
    subject = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, TRIAL), x509.NameAttribute(NameOID.COMMON_NAME, "Trial signer")
    ])  # fmt: skip

    def issued(name: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.Certificate:
        usage = dict.fromkeys(UNUSED, False)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + YEAR)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
            .add_extension(
                x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )
        if not ca:
            # Of all purposes that are allowed, the one that every verifier knows.
            purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(purposes, critical=False)
        return builder.sign(authority_key, hashes.SHA256())

    authority = issued(issuer, authority_key.public_key(), ca=True)
    return [issued(subject, key.public_key(), ca=False), authority], key
