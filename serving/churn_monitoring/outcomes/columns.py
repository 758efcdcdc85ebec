"""Which columns of the log a report reads, and what the texts in them mean: each gets a number, since whole numbers are
grouped faster than texts.

It must not know what is made of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from churn_model.spelling import canonical
from churn_model.usecase import UseCase
from churn_monitoring.outcomes.database import Database, Unreadable, hashed, name, parquet
from churn_monitoring.outcomes.packing import Field
from churn_monitoring.prediction_log.tables import FEATURE

MOST_LEVELS = 30
OTHERS, MISSING = "others", "missing"


class Features(NamedTuple):
    """The columns of the log that a report needs and that are kept: the one of values (None: it is not), and the use
    case's groups, of which `lost` are not."""

    value: str | None
    groups: tuple[str, ...]
    lost: tuple[str, ...]


class Model(NamedTuple):
    """A model that answered."""

    digest: str
    name: str
    version: str


class Levels(NamedTuple):
    """The levels of a group: the names of slices, those of the rest first, and by the hash of each frequent text the
    place of its name. Two spellings of one level, and a level called as the rest is, are one slice."""

    names: tuple[str, ...]
    places: Mapping[int, int]


class Words(NamedTuple):
    """What numbers in the units mean: models and actions by their places, and the levels of each group; `hashes` of
    models and actions in the same order."""

    models: tuple[Model, ...]
    actions: tuple[str | None, ...]
    levels: tuple[Levels, ...]
    hashes: tuple[tuple[int, ...], tuple[int, ...]]

    @property
    def model(self) -> str:
        """The number of an answer's model as SQL."""
        return f"({_position(hashed('digest'), self.hashes[0])} - 1)::INTEGER"

    def fields(self, features: Features) -> Iterator[Field]:
        """The numbers of an answer's action and levels as SQL."""
        yield Field("action", f"{_position(hashed('action'), self.hashes[1])} - 1", max(len(self.actions), 1))
        for place, (group, levels) in enumerate(zip(features.groups, self.levels, strict=True)):
            found = f"coalesce({_position(hashed(_text(group)), tuple(levels.places))}, 0)"
            meant = f"{[0, *levels.places.values()]}[1 + {found}]"
            yield Field(f"group_{place}", meant, len(levels.names))


def features_of(database: Database, files: Sequence[Path], usecase: UseCase) -> Features:
    """Which of a use case's columns the log has kept."""
    columns = {row[0] for row in database.rows(f"DESCRIBE SELECT * FROM {parquet(files)}")}
    value = f"{FEATURE}{usecase.value.column}" if usecase.value else ""
    return Features(
        value if value in columns else None,
        tuple(group for group in usecase.groups if f"{FEATURE}{group}" in columns),
        tuple(group for group in usecase.groups if f"{FEATURE}{group}" not in columns),
    )


def read_words(database: Database, files: Sequence[Path], features: Features) -> Words:
    """The words of the columns that take part as numbers.

    Raises:
        Unreadable: a row is no answer of any model.
    """
    source, digest, action = parquet(files), hashed("digest"), hashed("action")
    models = database.rows(f"SELECT {digest}, digest, any_value(model), any_value(version) FROM {source} GROUP BY ALL")
    if any(model[1] is None for model in models):
        raise Unreadable("prediction log", "holds a table without models")
    actions = database.rows(f"SELECT DISTINCT {action}, action FROM {source}")
    levels = tuple(_levels(database, source, group) for group in features.groups)
    hashes = (tuple(row[0] for row in models), tuple(row[0] for row in actions))
    return Words(tuple(Model(*rest) for _, *rest in models), tuple(word for _, word in actions), levels, hashes)


def _levels(database: Database, source: str, group: str) -> Levels:
    text = _text(group)
    rows = database.rows(
        f"SELECT {hashed(text)}, {text}, count(*) FROM {source} GROUP BY ALL ORDER BY 3 DESC, 2 LIMIT {MOST_LEVELS}"
    )
    called = {number: canonical(level) or MISSING for number, level, _ in rows}
    names = tuple(dict.fromkeys((OTHERS, *called.values())))
    return Levels(names, {number: names.index(level) for number, level in called.items()})


def _text(group: str) -> str:
    return f"{name(FEATURE + group)}::VARCHAR"


def _position(hash_of: str, hashes: Sequence[int]) -> str:
    """The place of a hash among these, from 1 on. DuckDB looks up each text of a file's dictionary once."""
    return f"list_position({list(hashes)}::BIGINT[], {hash_of})"
