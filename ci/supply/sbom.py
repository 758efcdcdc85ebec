"""``ci/sbom``: a CycloneDX file an image, made by syft from the very layout that is pushed, and held against it.

``ci/sbom --check`` proves files that are there: each is of exactly this image, and names every Python distribution and
Debian package in it with its version, and no other.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ci.supply.contents import Found, contents, normal
from ci.supply.layouts import PREFIX, digest, layouts
from ci.supply.programs import ROOT, SupplyError, run, say, write_whole

FOLDER = ROOT / "dist" / "sbom"
_QUIET = {"SYFT_CHECK_FOR_APP_UPDATE": "false"}


def describe(name: str, layout: Path, target: Path) -> int:
    """Write the SBOM of an image once it is proven; returns how many packages it names.

    Raises:
        SupplyError: syft fails, or does not see what is there.
    """
    words = ["--source-name", f"{PREFIX}/{name}", "--source-version", digest(layout)]
    with tempfile.TemporaryDirectory() as work:
        file = Path(work, "sbom.json")
        run(
            "syft",
            "scan",
            f"oci-dir:{layout}",
            *words,
            "--quiet",
            "--output",
            f"cyclonedx-json={file}",
            environment=_QUIET,
        )
        text = file.read_text(encoding="utf-8")
    count = check(name, layout, json.loads(text))
    write_whole(target, text)
    return count


def check(name: str, layout: Path, sbom: dict[str, Any]) -> int:
    """Prove that an SBOM is that of an image; returns how many packages it names.

    Raises:
        SupplyError: it is of another image, names something that is not there or lacks something that is.
    """
    described = sbom.get("metadata", {}).get("component", {}).get("version")
    if described != digest(layout):
        raise SupplyError(f"{name}: the SBOM is of {described}, the image is {digest(layout)}; make sbom again")
    there, named = contents(layout), _named(sbom)
    problems = [f"lacks {' '.join(one)}" for one in sorted(there - named)]
    problems += [f"names {' '.join(one)}, which is not there" for one in sorted(named - there)]
    if problems:
        raise SupplyError(f"{name}: the SBOM {'; '.join(problems[:10])}")
    if not named:
        raise SupplyError(f"{name}: no package was found in the image, so its SBOM would say nothing")
    return len(named)


def _named(sbom: dict[str, Any]) -> Found:
    found: Found = set()
    for component in sbom.get("components", []):
        kind = str(component.get("purl", "")).removeprefix("pkg:").partition("/")[0]
        if kind in ("pypi", "deb"):
            name = component["name"]
            found.add((kind, normal(name) if kind == "pypi" else name, unquote(component["version"])))
    return found


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="ci/sbom", description="Say what is in each image, or prove what is said.")
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="some of the images")
    parser.add_argument(
        "--layouts", type=Path, help="folder of OCI layouts (default: the images that make images built)"
    )
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder of the SBOMs (%(default)s)")
    parser.add_argument("--check", action="store_true", help="prove the SBOMs that are there, write nothing")
    options = parser.parse_args()
    try:
        found = layouts(options.layouts, *([tuple(options.images)] if options.images else []))
        for name, layout in found.items():
            target = options.into / f"{name}.cdx.json"
            count = _proven(name, layout, target) if options.check else describe(name, layout, target)
            say(f"{target}: {count} packages, proven against {digest(layout)}")
    except SupplyError as error:
        say(f"sbom: {error}")
        return 1
    return 0


def _proven(name: str, layout: Path, target: Path) -> int:
    try:
        return check(name, layout, json.loads(target.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise SupplyError(f"{target}: cannot be read ({type(error).__name__}); make sbom writes it") from error


if __name__ == "__main__":
    sys.exit(main())
