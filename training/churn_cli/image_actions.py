"""What `churn promote --images` does: a release's images become those of an environment, each proven to be signed."""

import argparse
from pathlib import Path
from typing import Any

from churn_cli.environment_actions import place_of
from churn_cli.terminal import say, show
from churn_delivery.errors import DeliveryError
from churn_delivery.image_promotion import promote_images
from churn_delivery.image_signatures import require_signed
from churn_delivery.released_images import read_images


def promote_released(options: argparse.Namespace) -> dict[str, Any]:
    """Promote the images that a file names.

    Raises:
        DeliveryError: it is refused, and nothing was written.
        Unavailable: the registry or the git server does not answer.
    """
    if options.environment is None or options.image_key is None:
        raise DeliveryError("--images: goes with --environment and --image-key, the public key that signed them")
    if options.version is not None or options.force:
        raise DeliveryError("--images: goes with neither a model's version nor --force; signatures are never overruled")
    key = Path(options.image_key)

    def signed(reference: str) -> None:
        require_signed(reference, key)
        say(f"signed by {key.name}: {reference}")

    told = promote_images(place_of(options), options.environment, read_images(Path(options.images)), signed)
    if told["commit"] is None:
        show(f"{told['environment']} runs the images of {told['version']} already; nothing was written", options)
    else:
        where = f"by commit {told['commit'][:10]} on branch {told['branch']}"
        show(f"{told['environment']} runs the images of {told['version']} {where}", options)
    return told
