"""``ci/scan``: nothing unpinned goes in, and no high finding that has a fix goes out.

Pins are checked everywhere. Findings come from grype and its database, read from the SBOMs of `make sbom`; where either
cannot be had this says what was not looked at, and ends well unless ``--require-database`` is given (exit code 3).
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from ci.supply.programs import ROOT, say
from ci.supply.sbom import FOLDER

_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
_REQUIREMENT = re.compile(r"^[A-Za-z0-9][^\n]*(?:\n[ \t]+[^\n]*)*", re.MULTILINE)
_INSTALL = re.compile(r"pip[^\n]* install (?:[^\n]*\\\n)*[^\n]*")
UNKNOWN, FOUND = 3, 1


def unpinned(root: Path) -> list[str]:
    """Every requirement, install and Go module that is not tied to a digest."""
    found = []
    locks = [root / "requirements.lock", *root.glob("*/images/*.lock")]
    for lock in sorted(locks):
        found += [
            f"{lock.relative_to(root)}: {entry.split()[0]} has no version or no hash"
            for entry in _REQUIREMENT.findall(lock.read_text(encoding="utf-8"))
            if "==" not in entry.split("\\")[0] or not _HASH.search(entry)
        ]
    for dockerfile in sorted(root.glob("*/images/*.Dockerfile")):
        installs = _INSTALL.findall(dockerfile.read_text(encoding="utf-8"))
        if any("--require-hashes" not in install for install in installs):
            found.append(f"{dockerfile.relative_to(root)}: installs without --require-hashes")
    modules = sorted((root / "ci").rglob("go.mod"))
    return found + [
        f"{module.relative_to(root)}: has no go.sum beside it"
        for module in modules
        if not module.with_name("go.sum").is_file()
    ]


def database() -> str | None:
    """Why nothing can be looked up; None if grype and a database are there."""
    if shutil.which("grype") is None:
        return "grype is not installed"
    done = subprocess.run(["grype", "db", "update"], check=False, capture_output=True, text=True)  # noqa: S607 - of PATH
    return None if done.returncode == 0 else f"grype's database cannot be had ({done.stderr.strip()[-200:]})"


def findings(sbom: Path) -> str | None:
    """What grype says of an SBOM where something high or worse has a fix; None if nothing has."""
    command = ["grype", f"sbom:{sbom}", "--only-fixed", "--fail-on", "high", "--quiet"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - a list of words
    return None if done.returncode == 0 else (done.stdout + done.stderr).strip()


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="ci/scan", description="Check pins, and images for vulnerabilities with a fix."
    )
    parser.add_argument("--sboms", type=Path, default=FOLDER, help="folder that make sbom wrote (%(default)s)")
    parser.add_argument("--root", type=Path, default=ROOT, help="checkout whose pins are checked (%(default)s)")
    parser.add_argument(
        "--require-database", action="store_true", help="fail (3) where vulnerabilities cannot be looked up"
    )
    options = parser.parse_args()
    problems = unpinned(options.root)
    for problem in problems:
        say(f"scan: {problem}")
    if not problems:
        say("scan: every library, install and Go module is tied to a digest")
    sboms = sorted(options.sboms.glob("*.cdx.json")) if options.sboms.is_dir() else []
    missing = database() or (None if sboms else f"{options.sboms} has no SBOM; make sbom writes them")
    if missing:
        say(f"scan: NOT CHECKED: known vulnerabilities of libraries and Debian packages in the images: {missing}")
        return FOUND if problems else UNKNOWN if options.require_database else 0
    for sbom in sboms:
        if said := findings(sbom):
            problems.append(sbom.name)
            say(f"scan: {sbom.name}: high or worse, with a fix:\n{said}")
    return FOUND if problems else 0


if __name__ == "__main__":
    sys.exit(main())
