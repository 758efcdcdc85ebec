"""``ci/images``: builds images, checks them, and prints how large they are and how fast they start."""

import argparse
import json
import shutil
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ci.image import inputs, packages
from ci.image.checks import check, check_for_cluster
from ci.image.engine import ROOT, Engine, EngineError, choose, output, succeeds
from ci.image.sizes import Size, measure
from ci.image.started import CheckFailed

REPOSITORY = "docker.io/churn-serving"
# In the order in which they need each other.
DOCKERFILES = {
    "gateway": "serving/images/gateway.Dockerfile",
    "predictor": "serving/images/predictor.Dockerfile",
    "bento": "serving/images/bento.Dockerfile",
    "fallback": "serving/images/fallback.Dockerfile",
    "marketing": "serving/images/marketing.Dockerfile",
    "training": "training/images/training.Dockerfile",
}
# As the Dockerfiles have them; give them with a digest where a build must be repeatable.
_BUILDER = "docker.io/library/python:3.11-bookworm"
_BASE = "docker.io/library/python:3.11-slim-bookworm"
_FOLDER = ROOT / ".images"
# An image says itself what it was built from, so that a new clone of the repository need not build it again.
_INPUTS = "churn-serving.inputs"


@dataclass(frozen=True)
class Result:
    """An image as it lies in the engine's store; its size if it was measured, seconds until ready if it was checked."""

    name: str
    tag: str
    id: str
    size: Size | None
    build_seconds: float
    ready_seconds: float | None


def say(text: str) -> None:
    """Progress goes to stderr, so that stdout is the table or the JSON."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main() -> int:
    """Returns the exit code."""
    options = _options()
    try:
        results = _make(choose(options.engine), options)
    except (EngineError, CheckFailed) as error:
        say(f"images: {error}")
        return 1
    if options.json:
        print(json.dumps([asdict(result) for result in results]))
    else:
        _print_table(results)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ci/images", description="Build the container images and prove each of them.")
    parser.add_argument("images", nargs="*", metavar="IMAGE", help=f"of {', '.join(DOCKERFILES)}; all without")
    parser.add_argument("--engine", help="buildah or docker (the first that is there; environment ENGINE)")
    parser.add_argument("--builder", default=_BUILDER, help="image of the build stages (%(default)s)")
    parser.add_argument("--base", default=_BASE, help="image that the results stand on (%(default)s)")
    parser.add_argument("--no-check", action="store_true", help="do not start what was built")
    parser.add_argument(
        "--for-cluster", action="store_true", help="check only what a cluster that starts them does not"
    )
    parser.add_argument("--no-sizes", action="store_true", help="do not compress what was built to know its size")
    parser.add_argument("--retrain", action="store_true", help="train the starter model anew")
    parser.add_argument("--model", type=Path, help="with fallback alone: the package to bake in")
    parser.add_argument("--verify-key", type=Path, help="with --model: the public key that its servers trust")
    parser.add_argument("--tag", help="another tag than the version")
    parser.add_argument("--json", action="store_true", help="print a JSON list instead of the table")
    options = parser.parse_args()
    unknown = set(options.images) - set(DOCKERFILES)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: not an image; there are {', '.join(DOCKERFILES)}")
    if options.model and (options.images != ["fallback"] or not options.verify_key or not options.tag):
        parser.error("--model goes with the image fallback alone, --verify-key and --tag")
    return options


def _wanted(options: argparse.Namespace) -> list[str]:
    names = set(options.images or DOCKERFILES)
    return [name for name in DOCKERFILES if name in names or (name == "bento" and "fallback" in names)]


def _make(engine: Engine, options: argparse.Namespace) -> list[Result]:
    """Build one image after the other, as they need each other. Beside that packages are trained, and what has been
    built is examined."""
    wanted = _wanted(options)
    if not options.model and {"fallback", "training"} & set(wanted):
        packages.begin_starter(retrain=options.retrain)
    if not options.no_check and {"predictor", "bento", "marketing"} & set(wanted):
        packages.begin_catboost()
    with ThreadPoolExecutor(1) as examining:
        results = []
        for name in wanted:
            tag, seconds = _build(engine, name, options)
            results.append(examining.submit(_examine, engine, name, tag, seconds, options))
        return [result.result() for result in results]


def _examine(engine: Engine, name: str, tag: str, seconds: float, options: argparse.Namespace) -> Result:
    """Measure and check an image if wanted; what is known of an unchanged one is not found out again."""
    identity = engine.identity(tag)
    if identity is None:
        raise EngineError(f"{tag}: built, yet not in the store")
    notes = _Notes(identity.removeprefix("sha256:"))
    if not options.no_sizes and notes.get("size") is None:
        with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
            engine.export(tag, Path(folder, "layout"))
            notes.put("size", asdict(measure(Path(folder, "layout"))))
    if not options.no_check:
        _check(engine, name, tag, notes, for_cluster=options.for_cluster)
    size = Size(**notes.get("size")) if notes.get("size") else None
    return Result(name, tag, identity, size, round(seconds, 1), notes.get("ready_seconds"))


def _check(engine: Engine, name: str, tag: str, notes: "_Notes", *, for_cluster: bool) -> None:
    """What was found out about the same image before holds; the whole check holds for a cluster too."""
    if notes.get("ready_seconds") is not None or (for_cluster and notes.get("checked_for_cluster")):
        return
    say(f"checking {tag}")
    if for_cluster:
        check_for_cluster(engine, name, tag)
        notes.put("checked_for_cluster", value=True)
    else:
        notes.put("ready_seconds", round(check(engine, name, tag), 2))


def _build(engine: Engine, name: str, options: argparse.Namespace) -> tuple[str, float]:
    """Build unless the store has an image that was built from the very same; returns its tag and the seconds."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    # A fallback with a tag of its own still stands on the bento image of this version.
    tag = f"{REPOSITORY}/{name}:{options.tag if options.tag and name in (options.images or DOCKERFILES) else version}"
    arguments = _arguments(name, options, version)
    begin = time.monotonic()
    below = [engine.identity(arguments[key]) for key in ("BUILDER", "BASE", "BENTO") if key in arguments]
    label = f"{_INPUTS}={inputs.digest(name, arguments, below)}"
    if label not in _labels(engine, tag):
        say(f"building {tag}")
        log = _FOLDER / "log" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w+") as file:
            engine.build(tag, DOCKERFILES[name], arguments, label, file)
    return tag, time.monotonic() - begin


def _labels(engine: Engine, tag: str) -> list[str]:
    labels = (engine.configuration(tag).get("Labels") or {}) if engine.identity(tag) else {}
    return [f"{name}={value}" for name, value in labels.items()]


def _arguments(name: str, options: argparse.Namespace, version: str) -> dict[str, str]:
    arguments = {"VERSION": version, "REVISION": _revision()}
    if name == "fallback":
        arguments["BENTO"] = f"{REPOSITORY}/bento:{version if options.model else options.tag or version}"
    else:
        arguments |= {"BUILDER": options.builder, "BASE": options.base}
    if name in ("fallback", "training"):
        folder = _package(options)
        arguments["PACKAGE"] = str(folder.relative_to(ROOT))
    return arguments


def _package(options: argparse.Namespace) -> Path:
    if options.model:
        return packages.custom(options.tag, options.model, options.verify_key)
    return packages.starter()


def _revision() -> str:
    """Commit of the working tree; a changed tree says so."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        return "unknown"
    commit = output(["git", "-C", ROOT, "rev-parse", "HEAD"]).strip()
    return commit if succeeds(["git", "-C", ROOT, "diff", "--quiet", "HEAD"]) else f"{commit}-changed"


class _Notes:
    """What was found out about an image before."""

    def __init__(self, name: str) -> None:
        self._path = _FOLDER / "notes" / f"{name}.json"
        self._known: dict[str, Any] = json.loads(self._path.read_text()) if self._path.exists() else {}

    def get(self, name: str) -> Any:
        """The value, None if unknown."""
        return self._known.get(name)

    def put(self, name: str, value: Any) -> None:
        """Keep a value."""
        self._known[name] = value
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._known))


def _print_table(results: list[Result]) -> None:
    print(f"{'image':48} {'compressed':>11} {'unpacked':>9} {'built in':>9} {'ready in':>9}")
    for result in results:
        ready = "-" if result.ready_seconds is None else f"{result.ready_seconds:.1f} s"
        sizes = f"{'-':>11} {'-':>9}"
        if result.size:
            sizes = f"{result.size.compressed / 1e6:8.0f} MB {result.size.uncompressed / 1e6:6.0f} MB"
        print(f"{result.tag:48} {sizes} {result.build_seconds:7.1f} s {ready:>9}")


if __name__ == "__main__":
    sys.exit(main())
