"""Pictures of the app for the documents: one a page and size, as tall as is promised, none forgotten."""

import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
NAMES = {path.name for path in (ROOT / "docs" / "pictures").glob("app-*.png")}


def test_every_picture_of_the_documents_is_made_of_a_page_as_drawn(tmp_path: Path) -> None:
    drawn, kept = tmp_path / "drawn", tmp_path / "kept"
    drawn.mkdir()
    kept.mkdir()
    for name in NAMES:
        Image.new("RGB", (375 if "phone" in name else 1280, 2000), "white").save(drawn / name.removeprefix("app-"))
    done = subprocess.run([sys.executable, ROOT / "ci" / "documents" / "app_pictures.py", drawn, kept], check=False)
    assert done.returncode == 0
    assert {path.name for path in kept.iterdir()} == NAMES
    for name in NAMES:
        with Image.open(kept / name) as made:
            tall = 2000 if "models" in name else 1200 if "phone" in name else 1400
            assert made.size == (375 if "phone" in name else 1280, tall), name
