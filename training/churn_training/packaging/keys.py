"""The signing key: the one that CHURN_SIGNING_KEY names, else this machine's own, made on first need.

It must not sign anything itself, nor write where a key came from outside: those folders may be read-only.
"""

import os

from churn_model.errors import ChurnModelError, UntrustedPackage
from churn_model.signing import SigningKey, TrustedKeys
from churn_training.packaging.home import Home


class PackageKeyError(ChurnModelError):
    """CHURN_SIGNING_KEY or CHURN_VERIFY_KEY names a file that cannot be used."""


def signing_key(home: Home) -> SigningKey:
    """The private key, once it is certain that whoever serves will trust it.

    The public half is added to the home folder's `verify.pem`; a file that CHURN_VERIFY_KEY names must hold it already.

    Raises:
        PackageKeyError: a key file that the environment names is missing, or the two do not belong together.
        UntrustedPackage: the key file is there but cannot be used.
    """
    path = home.signing_key
    if home.given_signing_key is not None:
        if not path.is_file():
            raise PackageKeyError(f"CHURN_SIGNING_KEY: {path}: no such file")
        key = SigningKey.load(path)
    else:
        key = SigningKey.load(path) if path.exists() else SigningKey.generate(path)
    if home.given_verify_key is not None:
        _require_trust(home, key)
    else:
        _add_trust(home, key)
    return key


def trusted_keys(home: Home) -> TrustedKeys:
    """The public keys whose packages may be used here.

    Raises:
        PackageKeyError: CHURN_VERIFY_KEY names no file.
        UntrustedPackage: there are none, or the file cannot be used.
    """
    if home.given_verify_key is not None and not home.given_verify_key.is_file():
        raise PackageKeyError(f"CHURN_VERIFY_KEY: {home.given_verify_key}: no such file")
    return TrustedKeys.load(home.verify_key)


def _require_trust(home: Home, key: SigningKey) -> None:
    message = b"trust"
    try:
        trusted_keys(home).verify(message, key.sign(message))
    except UntrustedPackage:
        problem = f"does not hold the public half of {home.signing_key}, so nobody would serve what it signs"
        raise PackageKeyError(f"CHURN_VERIFY_KEY: {home.verify_key}: {problem}") from None


def _add_trust(home: Home, key: SigningKey) -> None:
    public = key.public_pem()
    trusted = home.verify_key.read_bytes() if home.verify_key.exists() else b""
    if public in trusted:
        return
    # Keys that were trusted before stay so: versions signed with them may be served or rolled back to.
    home.verify_key.parent.mkdir(parents=True, exist_ok=True)
    temporary = home.verify_key.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(trusted + public)
    temporary.replace(home.verify_key)
