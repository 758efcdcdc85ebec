"""Which images a release is made of, by digest: the one file that pushing writes and that signing and promotion go by.

It must not know registries or how images are made.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from churn_delivery.errors import EnvironmentProblem

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9][a-z0-9._/-]*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True)
class ReleasedImages:
    """`registry` where they were pushed to; `version` of the release; `digests`: of every repository below the registry
    the digest of its manifest (sha256:...)."""

    registry: str
    version: str
    digests: Mapping[str, str]

    def references(self) -> dict[str, str]:
        """Of every repository the full reference by digest."""
        return {name: f"{self.registry}/{name}@{digest}" for name, digest in self.digests.items()}

    def text(self) -> str:
        """The whole file."""
        words = {"registry": self.registry, "version": self.version, "images": dict(sorted(self.digests.items()))}
        return json.dumps(words, indent=2) + "\n"


def read_images(file: Path) -> ReleasedImages:
    """Read the file.

    Raises:
        EnvironmentProblem: it cannot be read, or is not what `make push` writes.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not JSON"
        raise EnvironmentProblem(str(file), f"cannot be read ({reason}); make push writes it") from None
    registry, version, images = (found.get(key) if isinstance(found, dict) else None for key in _KEYS)
    if not isinstance(registry, str) or not isinstance(version, str) or not isinstance(images, dict) or not images:
        raise EnvironmentProblem(str(file), "must hold registry, version and images, as make push writes them")
    if not _TAG.fullmatch(version):
        raise EnvironmentProblem(str(file), "is not a version that could be a tag of images", key="version")
    for name, digest in images.items():
        if not _NAME.fullmatch(name) or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise EnvironmentProblem(str(file), "is not a digest (sha256: and 64 digits)", key=f"images.{name[:80]}")
    return ReleasedImages(registry, version, images)


_KEYS = ("registry", "version", "images")
