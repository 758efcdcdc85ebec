"""Whose packages may be served: several keys during a rotation, and nothing that only looks like a key."""

import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from churn_model import SigningKey, TrustedKeys
from churn_model.errors import UntrustedPackage

MESSAGE = b"a manifest"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[SigningKey, SigningKey]:
    return SigningKey.generate(tmp_path / "one.pem"), SigningKey.generate(tmp_path / "two.pem")


def test_each_of_several_keys_is_trusted_and_a_removed_one_no_longer(pair: tuple[SigningKey, SigningKey]) -> None:
    one, two = pair
    both = TrustedKeys.from_pem(one.public_pem() + two.public_pem())
    for key in pair:
        both.verify(MESSAGE, key.sign(MESSAGE))
    with pytest.raises(UntrustedPackage):
        TrustedKeys.from_pem(two.public_pem()).verify(MESSAGE, one.sign(MESSAGE))


@pytest.mark.parametrize("length", [0, 1, 63, 65])
def test_a_signature_of_another_length_or_message_is_refused(pair: tuple[SigningKey, SigningKey], length: int) -> None:
    trusted = TrustedKeys.from_pem(pair[0].public_pem() + pair[1].public_pem())
    with pytest.raises(UntrustedPackage):
        trusted.verify(MESSAGE, (pair[0].sign(MESSAGE) + b"\0")[:length])
    with pytest.raises(UntrustedPackage):
        trusted.verify(MESSAGE + b"\n", pair[0].sign(MESSAGE))


def test_what_is_no_ed25519_key_is_none(tmp_path: Path, pair: tuple[SigningKey, SigningKey]) -> None:
    other = generate_private_key(SECP256R1())
    private = tmp_path / "other.pem"
    private.write_bytes(
        other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = other.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(UntrustedPackage, match=r"other\.pem: not an Ed25519 key"):
        SigningKey.load(private)
    garbage = b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
    for content in (b"", b"text", public, garbage, pair[0].public_pem() + public, pair[0].public_pem() + garbage):
        with pytest.raises(UntrustedPackage):
            TrustedKeys.from_pem(content)
    for load in (SigningKey.load, TrustedKeys.load):
        with pytest.raises(UntrustedPackage, match=r"nowhere\.pem"):
            load(tmp_path / "nowhere.pem")


def test_a_new_key_is_its_owners_alone_and_never_replaces_another(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "deep" / "signing.pem"
    made: list[SigningKey] = []
    threads = [threading.Thread(target=lambda: made.append(SigningKey.generate(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key.public_pem() for key in made} == {SigningKey.load(path).public_pem()}
    assert len(made) == 8
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["signing.pem"]
