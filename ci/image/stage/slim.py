"""Takes out of an image's libraries what a running process never reads: ``-m stage.slim ENVIRONMENT [PRUNE-FILE...]``.

Everywhere: tests, headers, sources of extension modules, type stubs, symbols. In one image: what its prune file lists,
one pattern a line below ``site-packages``, each with its reason. A pattern that matches nothing is an error, so that
the list cannot outlive what it was written for. What is left is compiled to bytecode that is trusted unchecked, since
an image's files never change.
"""

import compileall
import os
import py_compile
import shutil
import sys
from pathlib import Path

from stage.shared_libraries import Unexpected, rewrite, without_gpu_code, without_symbols

ENDINGS = {".a", ".c", ".cc", ".cpp", ".f", ".f90", ".h", ".hpp", ".pxd", ".pxi", ".pyi", ".pyx"}
FOLDERS = {"tests", "__pycache__"}


def remove(path: Path) -> None:
    """A file, or a folder with everything in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def prune(packages: Path, listed: Path) -> list[str]:
    """Remove what the file lists; returns the patterns that matched nothing."""
    unmatched = []
    for line in listed.read_text(encoding="utf-8").splitlines():
        pattern = line.partition("#")[0].strip()
        found = sorted(packages.glob(pattern)) if pattern else []
        if pattern and not found:
            unmatched.append(pattern)
        for path in found:
            remove(path)
    return unmatched


def remove_everywhere(packages: Path) -> None:
    """Remove what no image needs."""
    for folder, names, files in os.walk(packages):
        for name in FOLDERS.intersection(names):
            shutil.rmtree(Path(folder, name))
            names.remove(name)
        for name in files:
            if Path(name).suffix in ENDINGS:
                Path(folder, name).unlink()


def shorten_libraries(packages: Path) -> None:
    """Take symbols out of every shared library, and GPU code out of CatBoost's."""
    for library in packages.rglob("*.so*"):
        if library.is_file() and not library.is_symlink():
            rewrite(library, without_gpu_code if library.match("catboost/_catboost*.so") else without_symbols)


def megabytes(packages: Path) -> int:
    """What the files take, in MB."""
    return round(sum(path.lstat().st_size for path in packages.rglob("*") if path.is_file()) / 1e6)


def main() -> int:
    """Returns the exit code: 1 if a pattern matched nothing or a library looks different than expected."""
    (packages,) = Path(sys.argv[1]).glob("lib/python3*/site-packages")
    before = megabytes(packages)
    unmatched = [(name, pattern) for name in sys.argv[2:] for pattern in prune(packages, Path(name))]
    for name, pattern in unmatched:
        print(f"{name}: {pattern} matches nothing any more: take it out", file=sys.stderr)
    remove_everywhere(packages)
    try:
        shorten_libraries(packages)
    except Unexpected as error:
        print(error, file=sys.stderr)
        return 1
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compiled = compileall.compile_dir(packages, quiet=2, workers=0, invalidation_mode=mode)
    if not compiled:
        print("some files cannot be compiled, as Python will say where they are imported", file=sys.stderr)
    print(f"libraries: {before} MB -> {megabytes(packages)} MB with bytecode", file=sys.stderr)
    return 1 if unmatched else 0


if __name__ == "__main__":
    sys.exit(main())
