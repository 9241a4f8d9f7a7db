"""A throwaway certificate authority, and one certificate for each host that a client asks for by name."""

import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .hosts import VAULT_SUFFIX, plane_of

# Real time, whatever the sandbox's calendar says. A state folder outlives its leaves: they are made anew at each start.
CA_DAYS = 3650
LEAF_DAYS = 90
PART = ".part"
"""How the name of a file ends that is not whole yet."""


class Authority:
    """The certificate authority of one state folder; made at first use (EC P-256, quick), kept from then on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ca_file = folder / "ca.pem"
        """What a client must trust, and nothing else."""
        key_file = folder / "ca-key.pem"
        if not (key_file.exists() and self.ca_file.exists()):
            key, certificate = _make_ca()
            write_private(key_file, _pem_of(key))
            write_private(self.ca_file, certificate.public_bytes(serialization.Encoding.PEM))
        loaded = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{key_file} does not hold an EC key")
        self._key = loaded
        self._certificate = x509.load_pem_x509_certificate(self.ca_file.read_bytes())
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: dict[str, ssl.SSLContext] = {}

    def server_context(self, resolves: Callable[[str], bool]) -> ssl.SSLContext:
        """The listener's context: picks the certificate by the name the client asks for, refuses names without an address.

        The refusal is TLS's own (unrecognized_name): the nearest that a listener has to a host that DNS does not know.
        """

        def choose(connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
            if name is None or not resolves(name.lower()):
                return int(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
            connection.context = self._context_for(name.lower())
            return None

        context = self._context_for("management.azure.com")
        context.sni_callback = choose
        return context

    def _context_for(self, host: str) -> ssl.SSLContext:
        name = "*" + VAULT_SUFFIX if plane_of(host) == "vault" else host
        context = self._contexts.get(name)
        if context is None:
            context = self._contexts[name] = self._new_context(name)
        return context

    def _new_context(self, name: str) -> ssl.SSLContext:
        now = datetime.now(UTC)
        leaf = (
            _certificate(name, now + timedelta(days=LEAF_DAYS), self._leaf_key.public_key(), self._certificate.subject)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Python's ssl loads certificates from files only; the file is private and gone as soon as it is loaded.
        file = self._folder / f"leaf-{os.getpid()}-{id(context):x}.pem"
        write_private(file, _pem_of(self._leaf_key) + leaf.public_bytes(serialization.Encoding.PEM))
        try:
            context.load_cert_chain(file)
        finally:
            file.unlink()
        return context


def write_private(path: Path, data: bytes) -> None:
    """Put a file in place at once and whole, readable by its owner only."""
    part = path.with_name(f"{path.name}.{os.getpid()}{PART}")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)
    part.replace(path)


def _make_ca() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = "CMK Admin sandbox CA (trust it nowhere else)"
    certificate = (
        _certificate(name, datetime.now(UTC) + timedelta(days=CA_DAYS), key.public_key(), None)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _certificate(
    name: str, until: datetime, key: ec.EllipticCurvePublicKey, issuer: x509.Name | None
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
