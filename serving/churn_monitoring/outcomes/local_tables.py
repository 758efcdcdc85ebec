"""Tables of a store as files of this machine, as long as somebody reads them.

Those in object storage are copied to a temporary folder, which therefore needs room for all that is read at once. It
must not know what they hold.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow
import pyarrow.parquet

from churn_data.errors import DataError
from churn_monitoring.outcomes.database import Unreadable
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import OUTCOMES, is_answers_table, is_kept_table


@contextmanager
def local_tables(store: Store, names: Sequence[str]) -> Iterator[list[Path]]:
    """The files of these names; what somebody has taken away meanwhile is left out.

    Raises:
        DataError, Unavailable: the store cannot be asked; one of the files is no table, which is named where
        something read in the block was said to be wrong.
    """
    if isinstance(store.root, Path):
        found = {name: path for name in names if (path := store.root / name).exists()}
        with _naming(store, found.items()):
            yield list(found.values())
        return
    with tempfile.TemporaryDirectory(prefix="churn-") as folder:
        copied = (_copy(store, each, Path(folder), place) for place, each in enumerate(names))
        found = {name: copy for name, copy in zip(names, copied, strict=True) if copy}
        with _naming(store, found.items()):
            yield list(found.values())


def _copy(store: Store, name: str, folder: Path, place: int) -> Path | None:
    content = store.get(name)
    if content is None:
        return None
    path = folder / f"{place}.parquet"
    path.write_bytes(content)
    return path


@contextmanager
def _naming(store: Store, files: Iterable[tuple[str, Path]]) -> Iterator[None]:
    """What is wrong in the block is the fault of the file that is none of ours, where there is one. They are looked at
    only then: whoever reads them looks at all of them anyway."""
    try:
        yield
    except Unreadable:
        for name, path in files:
            if not _is_ours(name, path):
                raise DataError(f"{store.root}/{name}", "is no table of the prediction log; move it away") from None
        raise


def _is_ours(name: str, path: Path) -> bool:
    try:
        schema = pyarrow.parquet.read_schema(path)
    except FileNotFoundError:  # its time was over meanwhile
        return True
    except (pyarrow.ArrowException, OSError):
        return False
    return is_kept_table(schema) and (name.startswith(f"{OUTCOMES}/") or is_answers_table(schema))
