"""Images as OCI layouts, a folder each: the very bytes that are described, pushed and signed.

Exported from the engine's store once; what is pushed later is not built or compressed again.
"""

import json
import shutil
import tempfile
import tomllib
from pathlib import Path

from ci.image.engine import ROOT, EngineError, choose
from ci.supply.programs import SupplyError, say

FOLDER = ROOT / ".images" / "layouts"
IMAGES = ("gateway", "predictor", "fallback", "training", "marketing")
"""What the chart runs; the image bento is a layer below the fallback's."""
PREFIX = "churn-serving"


def version() -> str:
    """The project's version, which is the tag of its images."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return found


def layouts(folder: Path | None, names: tuple[str, ...] = IMAGES) -> dict[str, Path]:
    """Of every image its layout: from a folder that has one, else exported from the engine's store.

    Raises:
        SupplyError: one is not there.
    """
    if folder is not None:
        found = {path.name: path for path in sorted(folder.iterdir()) if (path / "index.json").is_file()}
        if not found:
            raise SupplyError(f"{folder}: holds no OCI layout (a folder an image, with index.json)")
        return found
    try:
        return {name: _exported(name) for name in names}
    except EngineError as error:
        raise SupplyError(str(error)) from error


def _exported(name: str) -> Path:
    engine, tag = choose(None), f"docker.io/{PREFIX}/{name}:{version()}"
    identity = engine.identity(tag)
    if identity is None:
        raise SupplyError(f"{tag}: there is no such image; make images builds it")
    target = FOLDER / name
    mark = FOLDER / f"{name}.id"
    if target.is_dir() and mark.is_file() and mark.read_text() == identity:
        return target
    say(f"exporting {tag}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as work:
        engine.export(tag, Path(work, "layout"))
        mark.unlink(missing_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        Path(work, "layout").rename(target)
    mark.write_text(identity)
    return target


def digest(layout: Path) -> str:
    """Digest of the one image in a layout.

    Raises:
        SupplyError: there is none, or there are several.
    """
    try:
        manifests = json.loads((layout / "index.json").read_text(encoding="utf-8"))["manifests"]
        if len(manifests) == 1:
            return str(manifests[0]["digest"])
    except (OSError, ValueError, KeyError) as error:
        raise SupplyError(f"{layout}: is no OCI layout ({type(error).__name__})") from error
    raise SupplyError(f"{layout}: holds {len(manifests)} images instead of one")
