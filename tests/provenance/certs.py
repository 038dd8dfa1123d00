"""Certificates for tests, as authorities issue them, and with each of the mistakes that one can be issued with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
TLS = ExtendedKeyUsageOID.SERVER_AUTH
UNUSED = (
    "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only",
)  # fmt: skip


def name(common: str, organisation: str = "Quay Films") -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, common)
    ])  # fmt: skip


def key_of(kind: str) -> Any:
    match kind:
        case "rsa":
            return rsa.generate_private_key(65537, 2048)
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "secp384r1":
            return ec.generate_private_key(ec.SECP384R1())
    return ec.generate_private_key(ec.SECP256R1())


class Issued:
    """A signer's certificate with its key, in files of ``folder``, and the authority's."""

    def __init__(
        self, folder: Path, *, kind: str = "secp256r1", days: tuple[int, int] = (-1, 90), purpose: Any = SIGNING,
        passphrase: str = "", by_itself: bool = False, signature: bool = True, ca: bool = False,
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC)
        authority_key, key = key_of("secp256r1"), key_of(kind)
        issuer = name("Quay Authority")
        subject = issuer if by_itself else name("Quay Signer")

        def issued(to: x509.Name, public: Any, *, of_ca: bool, purpose: Any) -> x509.Certificate:
            usage = dict.fromkeys(UNUSED, False)
            builder = (
                x509.CertificateBuilder()
                .subject_name(to)
                .issuer_name(issuer)
                .public_key(public)
                .serial_number(x509.random_serial_number())
                .not_valid_before(now + timedelta(days=-400 if of_ca else days[0]))
                .not_valid_after(now + timedelta(days=400 if of_ca else days[1]))
                .add_extension(x509.BasicConstraints(ca=of_ca, path_length=None), critical=True)
                .add_extension(
                    x509.KeyUsage(digital_signature=signature, key_cert_sign=of_ca, crl_sign=of_ca, **usage),
                    critical=True,
                )
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
                .add_extension(
                    x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
                )
            )
            if purpose is not None:
                builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            return builder.sign(authority_key, hashes.SHA256())

        leaf = issued(subject, key.public_key(), of_ca=ca, purpose=purpose)
        authority = issued(issuer, authority_key.public_key(), of_ca=True, purpose=None)
        pem = serialization.Encoding.PEM
        self.certificate, self.key, self.authority = (
            folder / "certificate.pem", folder / "key.pem", folder / "authority.pem",
        )  # fmt: skip
        self.certificate.write_bytes(leaf.public_bytes(pem) + authority.public_bytes(pem))
        self.authority.write_bytes(authority.public_bytes(pem))
        protection: Any = serialization.NoEncryption()
        if passphrase:
            protection = serialization.BestAvailableEncryption(passphrase.encode())
        self.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, protection))
