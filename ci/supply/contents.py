"""What an image holds, read from its layers: Python distributions and Debian packages. A second opinion on syft's.

It must not know syft or SBOMs.
"""

import email.parser
import re
import tarfile
from collections.abc import Iterable
from pathlib import Path

from ci.image.sizes import manifest_of

_METADATA = re.compile(r"\.dist-info/METADATA$")
_DPKG = re.compile(r"(^|/)var/lib/dpkg/status(\.d/[^/]+)?$")
_HIDDEN = ".wh."
Found = set[tuple[str, str, str]]
"""Kind (pypi or deb), name and version."""


def contents(layout: Path) -> Found:
    """Distributions and packages in the file system that the layers make together."""
    files: dict[str, bytes] = {}
    manifest = manifest_of(layout)[1]
    for layer in manifest["layers"]:
        _lay_over(files, layout / "blobs" / Path(*layer["digest"].split(":")))
    found: Found = set()
    for path, text in files.items():
        found |= set(_distribution(text)) if _METADATA.search(path) else set(_packages(text))
    return found


def _lay_over(files: dict[str, bytes], layer: Path) -> None:
    with tarfile.open(layer) as archive:
        for entry in archive:
            folder, _, name = entry.name.removeprefix("./").rpartition("/")
            if name.startswith(_HIDDEN):
                opaque = name == ".wh..wh..opq"
                gone = folder if opaque else f"{folder}/{name.removeprefix(_HIDDEN)}".lstrip("/")
                for path in [each for each in files if each == gone or each.startswith(f"{gone}/")]:
                    del files[path]
            path = f"{folder}/{name}".lstrip("/")
            if entry.isfile() and (_METADATA.search(path) or _DPKG.search(path)):
                content = archive.extractfile(entry)
                files[path] = content.read() if content else b""


def _distribution(text: bytes) -> Iterable[tuple[str, str, str]]:
    words = email.parser.BytesHeaderParser().parsebytes(text)
    name, version = str(words["Name"] or ""), str(words["Version"] or "")
    if name:
        yield "pypi", normal(name), version


def _packages(text: bytes) -> Iterable[tuple[str, str, str]]:
    for part in text.decode("utf-8", "replace").split("\n\n"):
        words = email.parser.HeaderParser().parsestr(part)
        installed = "Status" not in words or str(words["Status"]).endswith(" installed")
        if words["Package"] and installed:
            yield "deb", str(words["Package"]), str(words["Version"])


def normal(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
