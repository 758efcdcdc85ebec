"""The file of a use case: found by a shipped one's name or its own path, and read as plain data with bounds.

It must not know what the keys mean.
"""

import errno
from pathlib import Path

import yaml

from churn_model.errors import UseCaseError
from churn_model.small_files import read_small_file
from churn_model.usecase_document import read_yaml
from churn_model.yaml_limits import MAXIMUM_BYTES, RefusedYAML

SHIPPED_FOLDER = Path(__file__).parent / "usecases"
_SHOWN = 100


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
        listed = ", ".join(shipped)
        raise UseCaseError(f"{_shown(name_or_path)}: no such use case; give a YAML file or one of {listed}")
    return SHIPPED_FOLDER / f"{name_or_path}.yaml"


def read_document(path: Path) -> object:
    """What the file says, as plain data.

    Raises:
        UseCaseError: it cannot be read, is too large, or not YAML; with the line.
    """
    name = _shown(path.name)
    try:
        return read_yaml(_text(path, name))
    except RefusedYAML as error:
        raise UseCaseError(f"{name}:{_line(error)}: {error.problem}") from error
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "unreadable"
        raise UseCaseError(f"{name}:{_line(error)} not valid YAML ({problem})") from error


def _text(path: Path, name: str) -> str:
    try:
        return read_small_file(path, MAXIMUM_BYTES).decode()
    except UnicodeDecodeError as error:
        raise UseCaseError(f"{name}: cannot be read (not UTF-8)") from error
    except OSError as error:
        raise UseCaseError(f"{name}: {_why_unread(error)}") from error


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
    return f" line {mark.line + 1}" if mark else ""


def _shown(text: str) -> str:
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
