"""Mutation testing: changes the code in one place after the other and asks whether the tests notice.

Every mutant is made in a copy under `.mutation/`, so that the working tree can be edited meanwhile. A package is tried
with the suites that belong to it and with nothing else; what survives there is behaviour that nobody asserts. Like the
benchmark it reports and judges nothing by its exit code: 0 whatever the score, 1 when a package could not be tried.
Scores go to stdout, progress to stderr, survivors with their differences to `.mutation/<package>.survivors.txt`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from findings import Score, line, outcome, record, survivors
from packages import PACKAGES, Package

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".mutation"
TOOL = WORK / "tool" / "bin"
WARM = str(ROOT / "tests" / "mutation" / "warm.py")
SOURCES = ("model_repo", "training", "serving")
# A mutant that takes so much more CPU time than the tests of the unchanged code runs for ever, and counts as noticed.
# CPU time, since on a busy machine sound tests take any time. One that sleeps for ever is ended by `warm.py`.
PATIENCE_FACTOR, PATIENCE_SECONDS = 4, 10
LONGEST_SECONDS = 1800
# Other plugins take longer to import than most mutants take to die.
PLUGINS = ("pytest_asyncio.plugin", "pytest_timeout", "_hypothesis_pytestplugin")


class MutationError(Exception):
    """A package could not be tried, in one line."""


def main() -> int:
    """Try the packages that were asked for."""
    arguments = parse(sys.argv[1:])
    failures = 0
    for name in arguments.packages:
        package = PACKAGES[name]
        sample = package.sample if arguments.sample is None else arguments.sample
        try:
            score = tried(name, package, sample, arguments)
        except MutationError as error:
            failures += 1
            progress(f"{name} could not be tried: {error}")
            continue
        record(WORK / "results.json", name, score)
        sys.stdout.write(line(name, score) + "\n")
        sys.stdout.flush()
    return 1 if failures else 0


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The command line; a mistake ends with 2 and one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help=f"of: {', '.join(PACKAGES)} (default: all)")
    parser.add_argument("--revision", help="a commit whose code and tests are tried instead of the working tree")
    parser.add_argument("--sample", type=int, help="mutants tried a package; 0: all (default: as the package says)")
    parser.add_argument("--seed", type=int, default=9, help="of the sample (default 9)")
    parser.add_argument(
        "--modules", nargs="+", metavar="NAME", help="only these modules of the package: breaker routing"
    )
    parser.add_argument("--resume", action="store_true", help="go on where an interrupted run stopped")
    arguments = parser.parse_args(words)
    arguments.packages = arguments.packages or list(PACKAGES)
    unknown = [name for name in arguments.packages if name not in PACKAGES]
    if unknown:
        parser.error(f"{', '.join(unknown)}: no such package; there are {', '.join(PACKAGES)}")
    return arguments


def tried(name: str, package: Package, sample: int, arguments: argparse.Namespace) -> Score:
    """Copy, check that the tests pass, make the mutants, try them, count.

    Raises:
        MutationError: the tests fail without any mutant, or the tool does.
    """
    folder = WORK / name
    session = folder / "session.sqlite"
    config = folder / "cosmic-ray.toml"
    counts = folder / "counts.json"
    tree = folder / "tree"
    if arguments.resume and counts.is_file():
        unpack(tree)  # whoever was interrupted may have left a mutant in it
    else:
        shutil.rmtree(folder, ignore_errors=True)
        copy_tree(tree, arguments.revision)
        configure(config, tree, package, arguments.modules)
        run([str(TOOL / "cosmic-ray"), "init", str(config), str(session)], tree)
        chosen = ["--sample", str(sample), "--seed", str(arguments.seed)]
        counts.write_text(
            run([str(TOOL / "python"), str(ROOT / "tests/mutation/choose.py"), str(session), *chosen], tree)
        )
    found = json.loads(counts.read_text())
    progress(f"{name}: {found['tried']} of {found['mutants']} mutants, tested by {' '.join(package.suites)}")
    with warmed(folder, package):
        run([str(TOOL / "cosmic-ray"), "exec", str(config), str(session)], tree)
    results = [json.loads(each) for each in run([str(TOOL / "cosmic-ray"), "dump", str(session)], tree).splitlines()]
    (WORK / f"{name}.survivors.txt").write_text(survivors(results))
    outcomes = [outcome(result) for _, result in results]
    return Score(
        **found,
        killed=outcomes.count("killed"),
        survived=outcomes.count("survived"),
        failed=outcomes.count("failed"),
        seed=arguments.seed,
        revision=arguments.revision or "working tree",
    )


def copy_tree(target: Path, revision: str | None) -> None:
    """Everything that is versioned, as a former commit had it or as it is now, new files included.

    Raises:
        MutationError: there is no such commit.
    """
    target.mkdir(parents=True)
    archive = target.with_suffix(".tar")
    if revision:
        run(["git", "archive", "--output", str(archive), revision], ROOT)
    else:
        listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"], ROOT)
        present = [name for name in listed.splitlines() if os.path.lexists(ROOT / name)]
        names = target.with_suffix(".names")
        names.write_text("\n".join(present))
        run(["tar", "--create", "--file", str(archive), "--verbatim-files-from", "--files-from", str(names)], ROOT)
    unpack(target)


def unpack(target: Path) -> None:
    """Make the files of a copy what they were."""
    run(["tar", "--extract", "--file", str(target.with_suffix(".tar")), "--directory", str(target)], ROOT)


def configure(config: Path, tree: Path, package: Package, modules: Sequence[str] | None) -> None:
    """The tool's own configuration, with a limit from the CPU time that the tests of the unchanged code take.

    Raises:
        MutationError: they fail.
    """
    before = os.times()
    run([sys.executable, WARM, "learn", str(tree.parent / "order.json"), "--", *pytest_arguments(package)], tree)
    after = os.times()
    used = after.children_user - before.children_user + after.children_system - before.children_system
    limit = math.ceil(PATIENCE_FACTOR * used) + PATIENCE_SECONDS
    (tree.parent / "limit").write_text(str(limit))
    command = [sys.executable, "-I", "-S", WARM, "try", str(tree.parent / "socket")]
    paths = [f"{package.path}/{module}.py" for module in modules] if modules else [package.path]
    lines = [
        "[cosmic-ray]",
        f"module-path = {json.dumps(paths)}",
        f"timeout = {LONGEST_SECONDS}.0",
        "excluded-modules = []",
    ]
    lines += [f"test-command = {json.dumps(shlex.join(command))}", "", "[cosmic-ray.distributor]", 'name = "local"']
    config.write_text("\n".join([*lines, ""]))


def pytest_arguments(package: Package) -> list[str]:
    """How a package's suites are run; what a random example finds must be found again, and no test has a limit of its
    own: on a busy machine sound tests take any time, and `warm.py` ends what does nothing any more."""
    plugins = [word for plugin in PLUGINS for word in ("-p", plugin)]
    usual = ["--exitfirst", "--quiet", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--timeout=0"]
    return [*usual, *plugins, *package.suites, *(f"--ignore={file}" for file in package.without)]


@contextlib.contextmanager
def warmed(folder: Path, package: Package) -> Iterator[None]:
    """The process that runs the tests of every mutant; see `warm.py`.

    Raises:
        MutationError: it does not start, or has ended on the way.
    """
    address, tree = folder / "socket", folder / "tree"
    address.unlink(missing_ok=True)
    command = [sys.executable, WARM, "serve", str(address), (folder / "limit").read_text(), str(folder / "order.json")]
    with (
        (folder / "warm.log").open("w") as log,
        subprocess.Popen(
            [*command, "--", *pytest_arguments(package)], cwd=tree, env=environment_of(tree), stdout=log, stderr=log
        ) as server,
    ):
        try:
            while not address.exists() and server.poll() is None:
                time.sleep(0.1)
            yield
            if server.poll() is not None:
                raise MutationError(f"the process that runs the tests ended with {server.returncode}")
        finally:
            server.terminate()


def environment_of(folder: Path) -> dict[str, str]:
    """Variables by which the code in a copy is run."""
    paths = os.pathsep.join(str(folder / source) for source in SOURCES)
    customers = os.environ.get("CHURN_TELCO") or str(ROOT.parent / "shared" / "data" / "telco.csv")
    environment = os.environ | {"PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "CHURN_TELCO": customers}
    return environment | {"PYTHONDONTWRITEBYTECODE": "1"}  # two mutants of the same second and size would share one


def run(command: Sequence[str], folder: Path) -> str:
    """Run to the end and answer what it wrote.

    Raises:
        MutationError: it failed; says what it said last.
    """
    done = subprocess.run(command, cwd=folder, env=environment_of(folder), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = [each for each in (done.stdout + done.stderr).splitlines() if each.strip()]
        raise MutationError(
            f"{' '.join(command[:4])} … ended with {done.returncode}: {said[-1] if said else 'no output'}"
        )
    return done.stdout


def progress(text: str) -> None:
    """One line about what happens now."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
