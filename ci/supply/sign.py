"""``ci/sign``: cosign's signature on every image of a release, by key; ``ci/sign --check`` proves them.

No transparency log and no network but the registry. The key is named by COSIGN_KEY (a file, or whatever address of a
key service cosign knows) and its password by COSIGN_PASSWORD; both go to cosign alone.
Model packages are not signed again: each carries an Ed25519 signature which every server proves before it answers.
"""

import argparse
import os
import sys
from pathlib import Path

from churn_delivery.errors import DeliveryError
from churn_delivery.image_promotion import deployed_references
from churn_delivery.image_signatures import require_signed
from churn_delivery.layout import read_layout
from churn_delivery.released_images import read_images
from churn_delivery.repository import Checkout
from ci.supply.programs import ROOT, SupplyError, program, run, say
from ci.supply.push import RECORD

_OFFLINE = ("--tlog-upload=false", "--use-signing-config=false", "--yes")


def sign(reference: str, key: str) -> None:
    """Sign one image.

    Raises:
        SupplyError: the key cannot be used or the registry refuses the signature.
    """
    _run_cosign("sign", key, reference)
    say(f"signed {reference}")


def sign_file(path: Path, key: str) -> None:
    """Sign a file; its signature lies beside it as a Sigstore bundle.

    Raises:
        SupplyError: the key cannot be used.
    """
    _run_cosign("sign-blob", key, "--bundle", path.with_name(f"{path.name}.sigstore.json"), path)


def _run_cosign(command: str, key: str, *words: str | Path) -> None:
    """A key without a password has an empty one, or cosign would ask for it."""
    password = {} if "COSIGN_PASSWORD" in os.environ else {"COSIGN_PASSWORD": ""}
    run("cosign", command, "--key", key, *_OFFLINE, *words, environment=password)


def signing_key() -> str:
    """Where cosign finds the private key.

    Raises:
        SupplyError: COSIGN_KEY is not set.
    """
    key = os.environ.get("COSIGN_KEY")
    if not key:
        raise SupplyError("COSIGN_KEY names no key: cosign generate-key-pair makes one (COSIGN_KEY=cosign.key)")
    return key


def check(references: list[str], key: Path) -> None:
    """Prove the signature of every image.

    Raises:
        DeliveryError: of the first that is not signed by this key, or whose registry is away.
    """
    for reference in references:
        require_signed(reference, key, str(program("cosign")))
        say(f"signed by {key.name}: {reference}")


def deployed(environment: str) -> list[str]:
    """The images that an environment of this checkout names, as its nodes will pull them."""
    with Checkout(ROOT) as checkout:
        layout = read_layout("manifests/envs", checkout.read)
        layout.require(environment)
        return sorted(set(deployed_references(layout, environment, checkout).values()))


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="ci/sign", description="Sign the images of a release by key, or prove it.")
    parser.add_argument("--record", type=Path, default=RECORD, help="file that make push wrote (%(default)s)")
    parser.add_argument("--check", metavar="PUBLIC_KEY", type=Path, help="prove signatures by this key, sign nothing")
    parser.add_argument("--environment", help="with --check: the images that manifests/envs/NAME/version.yaml names")
    options = parser.parse_args()
    try:
        if options.check and options.environment:
            check(deployed(options.environment), options.check)
            return 0
        references = list(read_images(options.record).references().values())
        if options.check:
            check(references, options.check)
            return 0
        key = signing_key()
        for reference in references:
            sign(reference, key)
    except (SupplyError, DeliveryError) as error:
        say(f"sign: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
