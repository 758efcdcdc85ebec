"""The file of a use case: found by a shipped one's name or its own path, and read as plain data with bounds.

It must not know what the keys mean.
"""

import errno
from pathlib import Path

import yaml

from churn_model.alike import nearest
from churn_model.errors import UseCaseError
from churn_model.small_files import read_small_file
from churn_model.usecase_document import read_yaml
from churn_model.yaml_limits import MAXIMUM_BYTES, RefusedYAML

SHIPPED_FOLDER = Path(__file__).parent / "usecases"
_SHOWN = 200
_SHOWN_NAME = 100


def shipped_usecases() -> list[str]:
    """Names of the use cases that ship with the package."""
    return sorted(path.stem for path in SHIPPED_FOLDER.glob("*.yaml"))


def find_usecase(name_or_path: str) -> Path:
    """The file that is meant.

    Raises:
        UseCaseError: no shipped one has this name, and it is no path of a file.
    """
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml") or _exists(path):
        return path
    shipped = shipped_usecases()
    if name_or_path not in shipped:
        listed, near = ", ".join(shipped), nearest(name_or_path, shipped)
        hint = f"; did you mean {near}?" if near else ""
        raise UseCaseError(
            f"{shown(name_or_path, _SHOWN_NAME)}: no such use case; give a YAML file or one of {listed}{hint}"
        )
    return SHIPPED_FOLDER / f"{name_or_path}.yaml"


def is_shipped(path: Path) -> bool:
    """Whether the file came with the package, so that nobody looks for mistakes in it."""
    return path.parent == SHIPPED_FOLDER


def read_text(path: Path, name: str = "") -> str:
    """What the file holds; `name` is what its reader calls it, by default the whole path.

    Raises:
        UseCaseError: it cannot be read, is too large, or no text.
    """
    name = shown(name or str(path))
    try:
        return read_small_file(path, MAXIMUM_BYTES).decode()
    except UnicodeDecodeError as error:
        raise UseCaseError(f"{name}: cannot be read (not UTF-8)") from error
    except OSError as error:
        raise UseCaseError(f"{name}: {_why_unread(error)}") from error


def read_document(text: str, name: str) -> object:
    """What a file's text says, as plain data.

    Raises:
        UseCaseError: it is not YAML, or none that is read here; with the line.
    """
    name = shown(name)
    try:
        return read_yaml(text)
    except RefusedYAML as error:
        raise UseCaseError(f"{name}: {_line(error)}{error.problem}") from error
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "unreadable"
        raise UseCaseError(f"{name}: {_line(error)}not valid YAML ({problem})") from error


def _why_unread(error: OSError) -> str:
    match error.errno:
        case errno.EINVAL:
            return "is not a file"
        case errno.EFBIG:
            return f"is larger than {MAXIMUM_BYTES >> 20} MiB, which no use case is"
        case _:
            return f"cannot be read ({error.strerror})"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for any file
        return False


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}: " if mark else ""


def shown(name: str, most: int = _SHOWN) -> str:
    """A name or path as a line of text holds it."""
    plain = name if name.isprintable() else ascii(name)[1:-1]
    return plain if len(plain) <= most else f"{plain[:most]}…"
