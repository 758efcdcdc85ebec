"""Runs inside an image, handed to its Python as text: no tools to build with, the right packages, bytecode."""

import importlib.util
import os
import shutil
import sys
import sysconfig
from pathlib import Path

UNCHECKED = 1  # flags of a .pyc that is trusted without looking at its source
TOOLS = ("pip", "pip3", "uv", "gcc", "cc", "g++", "make", "ld", "as", "git")
LIBRARIES = ("pip", "ensurepip")
OURS = {
    "training": {"churn_data", "churn_training", "churn_cli", "churn_campaigns", "churn_monitoring", "churn_delivery"},
    "marketing": {"churn_data", "churn_campaigns", "churn_marketing"},
}
"""Packages of this project beside churn_model; in all other images that is churn_serving."""


def faults(image: str) -> list[str]:
    """What an image of this name should not be like."""
    found = [f"runs as {os.getuid()}:{os.getgid()}"] if (os.getuid(), os.getgid()) != (10001, 10001) else []
    found += [f"{tool} is there" for tool in TOOLS if shutil.which(tool)]
    found += [f"{name} can be imported" for name in LIBRARIES if importlib.util.find_spec(name)]
    wanted = {"churn_model", *OURS.get(image, {"churn_serving"})}
    for name in sorted(set().union(wanted, {"churn_serving"}, *OURS.values())):
        if (importlib.util.find_spec(name) is not None) != (name in wanted):
            found.append(f"{name} is {'missing' if name in wanted else 'there'}")
    return found + uncompiled(Path(sysconfig.get_path("purelib")))


def uncompiled(packages: Path) -> list[str]:
    """Modules that Python would compile at every start."""
    found = []
    for source in packages.rglob("*.py"):
        bytecode = Path(importlib.util.cache_from_source(str(source)))
        if not bytecode.is_file() or int.from_bytes(bytecode.read_bytes()[4:8], "little") != UNCHECKED:
            found.append(f"{source.relative_to(packages)} is not compiled")
    return found


def writable() -> list[str]:
    """Whether the root can be written to, which would make the rest of the check worthless."""
    try:
        Path("/written").touch()
    except OSError:
        return []
    return ["the root file system can be written to"]


if __name__ == "__main__":
    problems = faults(sys.argv[1]) + writable()
    print("\n".join(problems[:20]))
    sys.exit(1 if problems else 0)
