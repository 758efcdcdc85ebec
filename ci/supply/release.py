"""``ci/release``: wheel, images, charts and SBOMs of one version, with checksums and signatures, in dist/VERSION.

Without ``--yes`` it says what it would do and what is against it. Everything is made in a folder beside and checked
before anything is pushed; dist/VERSION is there whole or not at all. Running it again after a failure is safe: what a
registry has got already is the same digest.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import yaml

from churn_delivery.errors import DeliveryError
from ci.image.unpacking import UnpackingError, unpacked
from ci.supply.layouts import layouts
from ci.supply.programs import ROOT, SupplyError, run, say
from ci.supply.push import push
from ci.supply.sbom import describe
from ci.supply.sign import sign, sign_file, signing_key

CHARTS = sorted(path.parent for path in (ROOT / "charts").glob("*/Chart.yaml"))
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")


def objections(version: str, registry: str) -> list[str]:
    """Everything that keeps this version from being released now, with what to do."""
    found = [] if _VERSION.fullmatch(version) else [f"VERSION={version} is not of the form 1.2.3"]
    found += [] if registry else ["REGISTRY names no registry (registry.example.com/team)"]
    found += [] if os.environ.get("COSIGN_KEY") else ["COSIGN_KEY names no key to sign with (cosign generate-key-pair)"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    told = {"pyproject.toml, version": project}
    for folder in CHARTS:
        chart = yaml.safe_load((folder / "Chart.yaml").read_text(encoding="utf-8"))
        told |= {f"{folder.name}/Chart.yaml, {key}": chart[key] for key in ("version", "appVersion")}
    found += [f"{place} is {value}, not {version}" for place, value in told.items() if str(value) != version]
    found += [] if _changes(version) else [f"CHANGELOG.md has nothing under a heading '## {version}'"]
    if _git("status", "--porcelain"):
        found.append("the tree has changes that are not committed (git status)")
    if (ROOT / "dist" / version).exists():
        found.append(f"dist/{version} is there already; a version is released once")
    return found


def _changes(version: str) -> str:
    """What the changelog says of a version."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.compile(rf"^## \[?{re.escape(version)}\]?(?: .*)?$", re.MULTILINE)
    found = heading.search(text)
    return text[found.end() :].partition("\n## ")[0].strip() if found else ""


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", ROOT, *words], check=False, capture_output=True, text=True)  # noqa: S603, S607 - git of PATH
    if done.returncode:
        raise SupplyError(f"git {words[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()


def make(version: str, registry: str, folder: Path | None) -> Path:
    """Make and push everything.

    Raises:
        SupplyError: something failed; dist/VERSION is not there.
    """
    dist, key = ROOT / "dist", signing_key()
    dist.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{version}.", dir=dist) as name:
        work = Path(name)
        _wheel(work)
        for chart in CHARTS:
            run("helm", "package", chart, "--destination", work)
        for image, layout in layouts(folder).items():
            say(f"describing {image}")
            describe(image, layout, work / "sbom" / f"{image}.cdx.json")
        images = push(registry, folder, version)
        (work / "images.json").write_text(images.text(), encoding="utf-8")
        for reference in images.references().values():
            sign(reference, key)
        _push_charts(work, version, registry, key)
        _seal(work, key)
        work.chmod(0o755)
        shutil.rmtree(dist / f".{version}.whole", ignore_errors=True)  # of a run that was killed here
        shutil.copytree(work, dist / f".{version}.whole")
    (dist / f".{version}.whole").rename(dist / version)
    return dist / version


def _push_charts(work: Path, version: str, registry: str, key: str) -> None:
    local = ["--plain-http"] if registry.split(":", maxsplit=1)[0] in ("localhost", "127.0.0.1") else []
    for folder in CHARTS:
        run("helm", "push", work / f"{folder.name}-{version}.tgz", f"oci://{registry}/charts", *local)
        reference = f"{registry}/charts/{folder.name}"
        sign(f"{reference}@{run('crane', 'digest', f'{reference}:{version}').stdout.strip()}", key)


def _wheel(work: Path) -> None:
    """From what is committed, in a copy, because a build leaves folders beside the sources."""
    with tempfile.TemporaryDirectory() as copy:
        archive = Path(copy, "sources.tar")
        _git("archive", "--output", str(archive), "HEAD")
        try:
            sources = unpacked(archive, Path(copy, "sources"))
        except UnpackingError as error:
            raise SupplyError(str(error)) from error
        words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        words += ["--wheel-dir", str(work), str(sources)]
        done = subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603 - this interpreter
    if done.returncode:
        raise SupplyError(f"the wheel could not be built: {done.stderr.strip()[-500:]}")


def _seal(work: Path, key: str) -> None:
    """SHA256SUMS of all files, and cosign's signature of it."""
    files = sorted(path for path in work.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(work)}\n" for path in files]
    sums = work / "SHA256SUMS"
    sums.write_text("".join(lines), encoding="utf-8")
    sign_file(sums, key)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="ci/release", description="Make wheel, images and charts of one version.")
    parser.add_argument("--version", default=os.environ.get("VERSION", ""), help="as 1.2.3 (environment VERSION)")
    parser.add_argument("--registry", default=os.environ.get("REGISTRY", ""), help="where to (environment REGISTRY)")
    parser.add_argument(
        "--layouts", type=Path, help="folder of OCI layouts (default: the images that make images built)"
    )
    parser.add_argument("--yes", action="store_true", help="do it; without, say what would be done")
    options = parser.parse_args()
    registry = options.registry.strip("/")
    try:
        against = objections(options.version, registry)
        for each in against:
            say(f"release: {each}")
        if against:
            return 2
        if not options.yes:
            print(f"would make dist/{options.version}: wheel, charts, SBOMs, images.json, SHA256SUMS and its signature")
            print(f"would push and sign images and charts at {registry}; do it with --yes (make release ARGS=--yes)")
            return 0
        print(make(options.version, registry, options.layouts))
    except (SupplyError, DeliveryError) as error:
        say(f"release: {error}; dist/{options.version} was not made")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
