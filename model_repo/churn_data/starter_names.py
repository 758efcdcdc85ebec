"""What the model of a file that nobody described yet is called."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import msgspec

LONGEST_NAME = 30


def model_name(path: Path, header: Iterable[str]) -> str:
    """The file's name as a model's, with a mark of its columns: files called alike are not the same customers."""
    plain = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))[:LONGEST_NAME].strip("-") or "customers"
    return f"{words}-{hashlib.sha256(msgspec.json.encode(list(header))).hexdigest()[:4]}"
