"""``ci/push``: images to a registry, and the one file that says which digest each has; or from registry to registry.

What is in the registry afterwards is what the layout has, byte for byte: its digest is asked for again. Between
registries an image and its signatures are copied by digest; nothing is built.
"""

import argparse
import sys
from pathlib import Path

from churn_delivery.errors import DeliveryError
from churn_delivery.released_images import ReleasedImages, read_images
from ci.supply.layouts import PREFIX, digest, layouts, version
from ci.supply.programs import ROOT, SupplyError, run, say, write_whole

RECORD = ROOT / "dist" / "images.json"


def push(registry: str, folder: Path | None, tag: str) -> ReleasedImages:
    """Push every layout.

    Raises:
        SupplyError: the registry refuses one, or has another digest afterwards.
    """
    digests = {}
    for name, layout in layouts(folder).items():
        repository, wanted = f"{PREFIX}/{name}", digest(layout)
        reference = f"{registry}/{repository}"
        say(f"pushing {reference}:{tag}")
        run("crane", "push", layout, f"{reference}:{tag}")
        _require_digest(reference, tag, wanted)
        digests[repository] = wanted
    return ReleasedImages(registry, tag, digests)


def copy(images: ReleasedImages, registry: str) -> ReleasedImages:
    """Copy a release to another registry by digest, its signatures too.

    Raises:
        SupplyError: the registry it comes from has not got a digest, or the other one refuses it.
    """
    for name, wanted in images.digests.items():
        source, target = f"{images.registry}/{name}", f"{registry}/{name}"
        say(f"copying {source}@{wanted}")
        run("crane", "copy", f"{source}@{wanted}", f"{target}:{images.version}")
        _require_digest(target, images.version, wanted)
        signatures = wanted.replace(":", "-")  # where registries without a list of referrers keep them
        if signatures in run("crane", "ls", source).stdout.split():
            run("crane", "copy", f"{source}:{signatures}", f"{target}:{signatures}")
    return ReleasedImages(registry, images.version, images.digests)


def _require_digest(reference: str, tag: str, wanted: str) -> None:
    found = run("crane", "digest", f"{reference}:{tag}").stdout.strip()
    if found != wanted:
        raise SupplyError(f"{reference}:{tag}: the registry has {found} and not {wanted}")


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="ci/push", description="Push the images, or copy a release between registries."
    )
    parser.add_argument("--registry", required=True, help="where to, as registry.example.com/team")
    parser.add_argument(
        "--layouts", type=Path, help="folder of OCI layouts (default: the images that make images built)"
    )
    parser.add_argument("--from", dest="source", type=Path, help="copy the release of this file instead of pushing")
    parser.add_argument("--record", type=Path, default=RECORD, help="file to write the digests to (%(default)s)")
    options = parser.parse_args()
    registry = options.registry.strip("/")
    try:
        if options.source:
            images = copy(read_images(options.source), registry)
        else:
            images = push(registry, options.layouts, version())
    except (SupplyError, DeliveryError) as error:
        say(f"push: {error}")
        return 1
    write_whole(options.record, images.text())
    print("\n".join(images.references().values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
