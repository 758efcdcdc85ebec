"""Makes of a batch one database that answers in milliseconds: answers, opaque keys, value and own fields of each
customer in a row, and what all of them come to.

It runs in a process of its own, lower than whoever waits for pages, and its result appears whole or not at all:
`python -m churn_marketing.store.preparation` with one JSON document on its standard input, since that holds a secret.
"""

import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pyarrow

from churn_data.written_files import whole_file
from churn_marketing.errors import BatchError, MarketingError
from churn_marketing.store.database import Preparing, table_of
from churn_marketing.store.facts import facts_of
from churn_marketing.store.fields import Leavers, Meaning, field_tables, fields_of
from churn_marketing.store.served_model import ServedModel
from churn_model.errors import ChurnModelError
from churn_model.plurals import counted

NEEDED = ("id", "churn_probability", "risk", "segment", "action", "expected_value", "cost")
_NUMBERS = ("churn_probability", "segment", "expected_value", "cost")
_KEY_BYTES = 8


class Order(msgspec.Struct, frozen=True):
    """What is to be made: of which answers and customers, by which model, with which secret, and where."""

    name: str
    files: tuple[str, ...]
    customers: str | None
    model: str
    verify_key: str
    secret: str
    meaning: Meaning
    target: str
    memory: str = "1GB"
    threads: int = 2


@dataclass
class _Found:
    """Sentences for people: what could not be used, and what should not be acted on as it is."""

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def prepare(order: Order) -> None:
    """Make it.

    Raises:
        BatchError: the answers are not whole, or none.
    """
    target = Path(order.target)
    target.parent.mkdir(parents=True, exist_ok=True)
    found = _Found()
    with whole_file(target) as temporary, Preparing(temporary, order.memory, order.threads, order.name) as database:
        _take_answers(database, order)
        _take_keys(database, bytes.fromhex(order.secret))
        columns = _take_fields(database, order, found)
        _join(database, columns)
        _require_all_customers(database, order)
        facts = facts_of(database, columns)
        facts["notes"] = _notes(database, found)
        facts["warnings"] = found.warnings
        facts["columns"] = columns
        database.keep("facts", facts)


def _take_answers(database: Preparing, order: Order) -> None:
    source = table_of([Path(file) for file in order.files])
    there = {row[0] for row in database.rows(f"DESCRIBE SELECT * FROM {source}")}
    lacking = [name for name in NEEDED if name not in there]
    if lacking:
        raise BatchError(f"the column {lacking[0]} is missing, so it is not what `churn score` writes")
    database.run(f"CREATE TEMP TABLE cells AS SELECT row_number() OVER () AS place, * FROM {source}")
    if not database.rows("SELECT count(*) FROM cells")[0][0]:
        raise BatchError("it has a header and no customers")
    for name in _NUMBERS:
        as_number = f"try_cast({name} AS DOUBLE)"
        bad = f"{name} IS NOT NULL AND ({as_number} IS NULL OR NOT isfinite({as_number}))"
        _require(database, bad, name, "is not a number")
    whole = "segment::DOUBLE BETWEEN 0 AND 99 AND segment::DOUBLE = floor(segment::DOUBLE)"
    _require(database, f"segment IS NOT NULL AND NOT ({whole})", "segment", "is not a whole number from 0 to 99")
    for name in ("id", "action"):
        _require(database, f"{name} IS NULL OR {name} = ''", name, "is empty")
    bad = "churn_probability IS NULL OR NOT churn_probability::DOUBLE BETWEEN 0 AND 1"
    _require(database, bad, "churn_probability", "is not between 0 and 1")
    _require(database, "risk IS NULL OR risk NOT IN ('low', 'medium', 'high')", "risk", "is not low, medium or high")
    database.run(
        """CREATE TEMP TABLE answers AS SELECT min(place) AS place, id::VARCHAR AS id,
        arg_min(churn_probability::DOUBLE, place) AS probability,
        arg_min(CASE risk WHEN 'high' THEN 2 WHEN 'medium' THEN 1 ELSE 0 END, place)::TINYINT AS risk,
        arg_min(coalesce(segment::DOUBLE, 0), place)::TINYINT AS segment, arg_min(action::VARCHAR, place) AS action,
        arg_min(expected_value::DOUBLE, place) AS expected_value, arg_min(cost::DOUBLE, place) AS cost
        FROM cells GROUP BY id"""
    )


def _require(database: Preparing, fault: str, column: str, problem: str) -> None:
    """Return if no row has the fault; rows are counted as a spreadsheet does, the header being row 1."""
    found = database.rows(f"SELECT min(place) + 1 FROM cells WHERE {fault}")[0][0]
    if found is not None:
        raise BatchError(f"column {column}, row {found}: {problem}; score the file again")


def _take_keys(database: Preparing, secret: bytes) -> None:
    ids = database.table("SELECT id FROM answers").column("id")
    keys = pyarrow.array((key_of(each, secret) for each in ids.to_pylist()), pyarrow.uint64())
    database.append("keys", pyarrow.table({"id": ids, "key": keys}))


def key_of(customer: str, secret: bytes) -> int:
    """The opaque key of a customer, the same in every batch; without the secret nobody can tell whose it is."""
    return int.from_bytes(hashlib.blake2b(customer.encode(), digest_size=_KEY_BYTES, key=secret).digest(), "big")


def _take_fields(database: Preparing, order: Order, found: _Found) -> list[dict[str, str]]:
    """The customers' own fields, as far as there are any; the columns that they are in."""
    model = ServedModel(Path(order.model), Path(order.verify_key))
    package = model.package
    if order.customers is None or package is None:
        missing = "the file that was scored is not there" if order.customers is None else model.problem
        found.notes.append(f"Nothing is known of customers' own fields and value: {missing}.")
        return []
    leavers = Leavers(order.meaning)
    try:
        for content in field_tables(Path(order.customers), package, order.meaning, leavers):
            database.append("fields", content)
    except ChurnModelError as error:
        database.run("DROP TABLE IF EXISTS fields")
        found.notes.append(f"Nothing is known of customers' own fields and value: {error}.")
        return []
    found.warnings += _left_already(order, leavers)
    return fields_of(package)


def _left_already(order: Order, leavers: Leavers) -> list[str]:
    """That some of the customers are gone, where their own file says so."""
    label = order.meaning.label
    if label is None or not leavers.left:
        return []
    have, them = ("has", "this one") if leavers.left == 1 else ("have", "these")
    gone = (
        f"{leavers.left:,} of {counted(leavers.rows, 'customer')} {have} left already, as the column "
        f"{label.column} of the file that was scored says. Every figure here counts them, and a plan would "
        f"contact them: take {them} out of the file, then score it again."
    )
    return [gone]


def _join(database: Preparing, columns: list[dict[str, str]]) -> None:
    own = "".join(f", any_value({each['column']}) AS {each['column']}" for each in columns)
    if columns:
        database.run(f"CREATE TEMP TABLE own AS SELECT id, any_value(value) AS value{own} FROM fields GROUP BY id")
    else:
        database.run("CREATE TEMP TABLE own (id VARCHAR, value DOUBLE)")
    chosen = "".join(f", own.{each['column']}" for each in columns)
    database.run(
        f"""CREATE TABLE customers AS SELECT keys.key, answers.id, answers.probability, answers.risk, answers.segment,
        answers.action, answers.expected_value, answers.cost, own.value,
        answers.probability * own.value AS at_risk{chosen}
        FROM answers JOIN keys USING (id) LEFT JOIN own USING (id) ORDER BY answers.probability DESC, keys.key"""
    )
    # Sorted, so that whoever searches for how an id begins reads a block of it and not a million texts; composed, so
    # that an id is found however file and keyboard write its accents.
    folded = "lower(nfc_normalize(id)) AS folded"
    database.run(f"CREATE TABLE ids AS SELECT {folded}, rowid AS place FROM customers ORDER BY folded")


def _require_all_customers(database: Preparing, order: Order) -> None:
    if order.customers is None:
        return
    known, scored = database.rows("SELECT (SELECT count(*) FROM own), (SELECT count(*) FROM answers)")[0]
    both = database.rows("SELECT count(*) FROM own JOIN answers USING (id)")[0][0]
    if known > both and scored < known:
        raise BatchError(f"it holds scores of {scored:,} of the {known:,} customers that were scored; half-written?")


def _notes(database: Preparing, found: _Found) -> list[str]:
    again = database.rows("SELECT (SELECT count(*) FROM cells) - (SELECT count(*) FROM answers)")[0][0]
    if again:
        be = "is" if again == 1 else "are"
        found.notes.append(
            f"{counted(again, 'row')} {be} of customers who were there before; the first row of each counts."
        )
    return found.notes


def main() -> int:
    """Prepare as the standard input says; what is wrong is one line on the standard error, and the exit code is 2."""
    try:
        prepare(msgspec.json.decode(sys.stdin.buffer.read(), type=Order))
    except (MarketingError, ChurnModelError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
