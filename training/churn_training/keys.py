"""The signing key of this machine: loaded, or made for local use on first need.

It must not sign anything itself.
"""

import os

from churn_model.signing import SigningKey
from churn_training.home import Home


def signing_key(home: Home) -> SigningKey:
    """The private key in the home folder, with its public half beside it for whoever serves.

    Raises:
        UntrustedPackage: the key file is there but cannot be used.
    """
    path = home.signing_key
    key = SigningKey.load(path) if path.exists() else SigningKey.generate(path)
    public = key.public_pem()
    trusted = home.verify_key.read_bytes() if home.verify_key.exists() else b""
    if public not in trusted:
        # Keys that were trusted before stay so: versions signed with them may be served or rolled back to.
        temporary = home.verify_key.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(trusted + public)
        temporary.replace(home.verify_key)
    return key
