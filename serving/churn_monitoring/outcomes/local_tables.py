"""Tables of a store as files of this machine, as long as somebody reads them.

Those in object storage are copied to a temporary folder, which therefore needs room for all that is read at once. It
must not know what they hold.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from churn_monitoring.prediction_log.store import Store


@contextmanager
def local_tables(store: Store, names: Sequence[str]) -> Iterator[list[Path]]:
    """The files of these names; what somebody has taken away meanwhile is left out.

    Raises:
        DataError, Unavailable: the store cannot be asked.
    """
    if isinstance(store.root, Path):
        yield [path for each in names if (path := store.root / each).exists()]
        return
    with tempfile.TemporaryDirectory(prefix="churn-") as folder:
        yield [copy for place, each in enumerate(names) if (copy := _copy(store, each, Path(folder), place))]


def _copy(store: Store, name: str, folder: Path, place: int) -> Path | None:
    content = store.get(name)
    if content is None:
        return None
    path = folder / f"{place}.parquet"
    path.write_bytes(content)
    return path
