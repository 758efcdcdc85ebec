"""Ed25519 keys that sign model packages and the trust in them (RFC 8032).

Training holds the private key, every server only the public ones. Where keys live is the caller's business.
"""

import os
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from churn_model.errors import UntrustedPackage
from churn_model.small_files import read_small_file

_PEM_END = b"-----END PUBLIC KEY-----"


class SigningKey:
    """The private key of whoever makes models."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def load(cls, path: Path) -> "SigningKey":
        """Read an unencrypted PEM file (PKCS#8).

        Raises:
            UntrustedPackage: unreadable or not an Ed25519 private key.
        """
        try:
            key = serialization.load_pem_private_key(read_small_file(path), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise UntrustedPackage(f"signing key {path.name}: cannot be read as a PEM private key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise UntrustedPackage(f"signing key {path.name}: not an Ed25519 key")
        return cls(key)

    @classmethod
    def generate(cls, path: Path) -> "SigningKey":
        """Make a key for local use and store it readable by its owner alone; an existing file is never overwritten
        (the one who lost the race loads the winner's key)."""
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)  # created with mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
            os.link(temporary, path)
        except FileExistsError:
            return cls.load(path)
        finally:
            Path(temporary).unlink()
        return cls(key)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of a message."""
        return self._key.sign(message)

    def public_pem(self) -> bytes:
        """The public half, as servers read it."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


class TrustedKeys:
    """The public keys whose packages may be served; several during a key rotation."""

    def __init__(self, keys: tuple[Ed25519PublicKey, ...]) -> None:
        self._keys = keys

    @classmethod
    def load(cls, path: Path) -> "TrustedKeys":
        """Read one or more public keys from a PEM file.

        Raises:
            UntrustedPackage: unreadable, empty, or a key that is not Ed25519.
        """
        try:
            content = read_small_file(path)
        except OSError as error:
            raise UntrustedPackage(f"public key {path.name}: {error.strerror}") from error
        return cls.from_pem(content, path.name)

    @classmethod
    def from_pem(cls, content: bytes, source: str = "public key") -> "TrustedKeys":
        """As :meth:`load`, from the file's content."""
        keys: list[Ed25519PublicKey] = []
        for block in content.split(_PEM_END)[:-1]:
            try:
                key = serialization.load_pem_public_key(block + _PEM_END)
            except (ValueError, UnsupportedAlgorithm) as error:
                raise UntrustedPackage(f"{source}: not a PEM public key") from error
            if not isinstance(key, Ed25519PublicKey):
                raise UntrustedPackage(f"{source}: not an Ed25519 key")
            keys.append(key)
        if not keys:
            raise UntrustedPackage(f"{source}: holds no PEM public key")
        return cls(tuple(keys))

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return if one of the keys made this signature.

        Raises:
            UntrustedPackage: none did.
        """
        for key in self._keys:
            try:
                key.verify(signature, message)
            except InvalidSignature:
                continue
            return
        raise UntrustedPackage("signature: not made by a trusted key over this manifest")
