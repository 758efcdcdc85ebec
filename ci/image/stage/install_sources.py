"""Puts packages of this project beside an image's libraries: ``-m stage.install_sources PROJECT FOLDER PACKAGE...``.

Like an installed wheel without the packages that the image must not hold: modules compiled to unchecked bytecode,
links followed, and the metadata from which the servers learn their version.
"""

import compileall
import py_compile
import shutil
import sys
import tomllib
from pathlib import Path

SOURCES = {
    "churn_model": "model_repo",
    "churn_data": "model_repo",
    "churn_training": "training",
    "churn_cli": "training",
    "churn_serving": "serving",
    "churn_campaigns": "serving",
    "churn_monitoring": "serving",
    "churn_delivery": "serving",
    "churn_marketing": "serving",
}


def main() -> None:
    """Copy, compile and describe."""
    root, packages = Path(sys.argv[1]), Path(sys.argv[2])
    for name in sys.argv[3:]:
        shutil.copytree(root / SOURCES[name] / name, packages / name, ignore=shutil.ignore_patterns("__pycache__"))
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        if not compileall.compile_dir(packages / name, quiet=1, invalidation_mode=mode):
            sys.exit(f"{name} cannot be compiled")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = packages / f"churn_serving-{project['version']}.dist-info"
    metadata.mkdir()
    lines = ["Metadata-Version: 2.4", f"Name: {project['name']}", f"Version: {project['version']}"]
    lines += [
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        "License-File: LICENSE",
    ]
    (metadata / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (metadata / "licenses").mkdir()
    shutil.copy(root / "LICENSE", metadata / "licenses" / "LICENSE")


if __name__ == "__main__":
    main()
