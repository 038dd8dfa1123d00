"""The sandbox's own certificate for HTTPS, and the authority for clients to trust.

Both are made on this machine and stored in the sandbox's home. The authority's private key signs one certificate and is
discarded without being written, and the authority is valid for this machine's names only. So trusting it is safe.
"""

from __future__ import annotations

import ipaddress
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from luma_sandbox.atomic import atomic
from luma_sandbox.errors import SettingsError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
VALID = timedelta(days=397)  # all current clients accept this length
RENEWED = timedelta(days=30)  # renewed this long before its end: a sandbox may run for weeks
EARLIER = timedelta(days=1)  # tolerance for a client whose clock is behind


@dataclass(frozen=True)
class Certificate:
    """A server's certificate on disk.

    ca:      the authority that clients trust, PEM
    server:  the server's certificate, PEM
    key:     its private key, PEM; readable by its owner only
    until:   when it expires, UTC
    """

    ca: Path
    server: Path
    key: Path
    until: datetime


def names_of(host: str, public_url: str) -> tuple[str, ...]:
    """The names by which clients may call this server: this machine's, its listening address, its public URL's host.

    Raises SettingsError for an invalid public URL.
    """
    try:
        said = urlsplit(public_url).hostname or ""
    except ValueError as error:
        raise SettingsError(f"--public-url {public_url!r} is no address", hint="https://clips.example") from error
    more = [host, said]
    return tuple(dict.fromkeys([*LOOPBACK, *(name for name in more if name and not _anywhere(name))]))


def certificate(folder: Path, names: Iterable[str], now: float) -> Certificate:
    """The certificate in ``folder`` for these names; a new one if there is none, or it is no longer usable.

    ``now`` is in seconds since the epoch. Raises OSError where the folder cannot be written, SettingsError for an
    invalid host name.
    """
    places = folder / "ca.pem", folder / "server.pem", folder / "server.key"
    wanted, moment = [_name(name) for name in names], datetime.fromtimestamp(now, UTC)
    until = _usable_until(*places, wanted, moment)
    if until is None:
        folder.mkdir(parents=True, exist_ok=True)
        until = _make(*places, wanted, moment)
    return Certificate(*places, until)


def _usable_until(
    ca: Path, server: Path, key: Path, names: list[x509.GeneralName], moment: datetime
) -> datetime | None:  # fmt: skip
    """The time at which the certificate expires; None if it is unusable: missing, damaged, readable by others, or
    ending soon."""
    try:
        if key.stat().st_mode & 0o077:
            return None
        authority = x509.load_pem_x509_certificate(ca.read_bytes())
        shown = x509.load_pem_x509_certificate(server.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
        shown.verify_directly_issued_by(authority)
        covered = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return None
    if private.public_key() != shown.public_key() or not set(names) <= set(covered):
        return None
    ends = min(authority.not_valid_after_utc, shown.not_valid_after_utc)
    begun = max(authority.not_valid_before_utc, shown.not_valid_before_utc) <= moment
    return ends if begun and ends - moment > RENEWED else None


def _make(ca: Path, server: Path, key: Path, names: list[x509.GeneralName], moment: datetime) -> datetime:
    """Make an authority and a certificate signed by it, write both, and return their expiry."""
    begins, until = moment - EARLIER, moment + VALID - EARLIER
    signing, serving = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    title = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Luma sandbox {uuid.uuid4().hex[:8]}")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOOPBACK[0])])

    def built(
        name: x509.Name, public: ec.EllipticCurvePublicKey, *, authority: bool
    ) -> x509.CertificateBuilder:  # fmt: skip
        builder = x509.CertificateBuilder(title, name, public, x509.random_serial_number(), begins, until)
        return (
            builder.add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), True)
            .add_extension(_usage(authority), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), False)
        )

    trusted = built(title, signing.public_key(), authority=True).add_extension(
        x509.NameConstraints([_constraint(name) for name in names], None), True
    )
    shown = (
        built(subject, serving.public_key(), authority=False)
        .add_extension(x509.SubjectAlternativeName(names), False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
    )
    pem = serialization.Encoding.PEM
    private = serving.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(key, private, 0o600)
    _write(server, shown.sign(signing, hashes.SHA256()).public_bytes(pem), 0o644)
    _write(ca, trusted.sign(signing, hashes.SHA256()).public_bytes(pem), 0o644)
    return until.replace(microsecond=0)


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.partition("%")[0]))  # without an interface
    except ValueError:
        pass
    try:
        return x509.DNSName(name.encode("idna").decode("ascii"))
    except UnicodeError as error:
        raise SettingsError(f"no certificate can be made for {name!r}", hint="give the host's plain name") from error


def _constraint(name: x509.GeneralName) -> x509.GeneralName:
    """The authority's name constraint for a name; for an address, the network of that address alone."""
    return x509.IPAddress(ipaddress.ip_network(str(name.value))) if isinstance(name, x509.IPAddress) else name


def _anywhere(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_unspecified
    except ValueError:
        return False


def _write(place: Path, content: bytes, mode: int) -> None:
    with atomic(place) as part:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)  # never readable by others
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
