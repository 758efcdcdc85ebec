"""How large an image is: what a registry sends, and what lies on a node's disk. Reads an OCI layout."""

import gzip
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Size:
    """Bytes of all layers, and the digest of the manifest that lists them in compressed form."""

    compressed: int
    uncompressed: int
    digest: str


def measure(layout: Path) -> Size:
    """Size of the one image in a layout, whether its layers are compressed there or not."""
    digest, manifest = manifest_of(layout)
    pairs = [_layer(_blob(layout, layer["digest"])) for layer in manifest["layers"]]
    return Size(sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs), digest)


def manifest_of(layout: Path) -> tuple[str, dict[str, Any]]:
    """Digest and manifest of the one image in a layout."""
    digest: str = json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]
    manifest = json.loads(_blob(layout, digest).read_text())
    if "manifests" in manifest:  # Docker's layouts have an index in between
        digest = manifest["manifests"][0]["digest"]
        manifest = json.loads(_blob(layout, digest).read_text())
    return digest, manifest


def _blob(layout: Path, digest: str) -> Path:
    return layout / "blobs" / Path(*digest.split(":"))


def _layer(path: Path) -> tuple[int, int]:
    """Compressed and uncompressed bytes."""
    with path.open("rb") as file:
        zipped = file.read(len(_GZIP)) == _GZIP
    size = path.stat().st_size
    if zipped:
        with gzip.open(path) as content:
            return size, sum(len(chunk) for chunk in iter(lambda: content.read(_CHUNK), b""))
    packer, packed = zlib.compressobj(6), 0
    with path.open("rb") as plain:
        for chunk in iter(lambda: plain.read(_CHUNK), b""):
            packed += len(packer.compress(chunk))
    return packed + len(packer.flush()), size
