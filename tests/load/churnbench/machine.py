"""Where and with what the figures were taken: without it no figure can be compared with another."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from churnbench.workplace import ROOT

LIBRARIES = (
    "kserve",
    "bentoml",
    "mlflow",
    "fastapi",
    "starlette",
    "uvicorn",
    "uvloop",
    "aiohttp",
    "flask",
    "gunicorn",
    "grpcio",
    "catboost",
    "category-encoders",
    "scikit-learn",
    "pandas",
    "numpy",
)


def circumstances() -> dict[str, Any]:
    """Machine, versions, commit and date."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": {
            "processor": processor(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "system": f"{platform.system()} {platform.release()}",
        },
        "versions": {"python": platform.python_version(), **{name: installed(name) for name in LIBRARIES}},
    }


def installed(name: str) -> str:
    """Version of a library, or that it is missing."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def commit() -> str:
    """Commit of the working tree, with a mark when it holds changes."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return found.stdout.strip() or "no commit yet"


def processor() -> str:
    """Model of the processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
