"""Certificates for servers of tests, from authorities that are made for the moment.

It must not know who shows them.
"""

import datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOUR = datetime.timedelta(hours=1)


class Pair(NamedTuple):
    """A certificate and its key, in PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path) -> None:
        """Put them where a server reads them, each in the place of the former at once."""
        for name, content in (("tls.crt", self.certificate), ("tls.key", self.key)):
            (folder / f".{name}").write_bytes(content)
            (folder / f".{name}").replace(folder / name)


class CertificateAuthority:
    """Vouches for names; ``certificate`` is what those who believe it need, in PEM."""

    def __init__(self, name: str) -> None:
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        made = self._builder(self._name, self._key.public_key(), now - HOUR, now + HOUR)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate = self._signed(made)

    def pair(self, *names: str, until: datetime.timedelta = HOUR) -> Pair:
        """A certificate for host names, valid for so long from now on: a time in the past is one that has ended."""
        key = ec.generate_private_key(ec.SECP256R1())
        end = datetime.datetime.now(datetime.UTC) + until
        made = self._builder(x509.Name([]), key.public_key(), end - 2 * HOUR, end)
        made = made.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]),
            critical=True,  # as the subject is empty
        )
        return Pair(self._signed(made), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, begin: datetime.datetime, end: datetime.datetime
    ) -> x509.CertificateBuilder:
        return x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number(), begin, end)

    def _signed(self, made: x509.CertificateBuilder) -> bytes:
        return made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
