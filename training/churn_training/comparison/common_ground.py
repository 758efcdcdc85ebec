"""On whom two models can be compared: customers whom neither was fitted on, each model asked by its own columns.

Features match by name, and what the new model does not take is read from the file once more for the old one. It must
not judge; where there is no such ground it says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from churn_data.dataset import Dataset, Origin, rows_of, schema_of
from churn_data.errors import DataError
from churn_data.files import file_sha256
from churn_data.labels import same_label
from churn_data.other_columns import OtherRows, read_ids, read_other_rows
from churn_model.holdout import Holdout
from churn_model.manifest import Manifest
from churn_model.schema import Row, Schema, SchemaFeature
from churn_model.usecase import Label
from churn_training.comparison.doubts import FEWEST_OF_A_CLASS, count_classes
from churn_training.comparison.splits import keys_of, own_positions, under_other_names
from churn_training.comparison.verdict import Finding

UNREADABLE = 0.1
"""Share of customers whose cells the champion cannot read above which the file is not one of its customers."""


class NoContestError(Exception):
    """Two models cannot be compared; the message says why, as a clause."""


@dataclass(frozen=True)
class CommonGround:
    """Places of the customers among those held out, the champion's rows of them, and what is to be known about both."""

    places: numpy.ndarray
    rows: list[Row]
    finding: Finding


def common_ground(held_out: Dataset, rule: Holdout, champion: Manifest) -> CommonGround:
    """Find it.

    Args:
        held_out: customers whom the challenger was not fitted on.
        rule: by which they were held out.
        champion: of the champion's package.

    Raises:
        NoContestError: there are no such customers, too few, or the champion cannot be asked about them.
    """
    require_same_question(champion.training_data.label, held_out.usecase.label)
    asked = asked_rows(held_out, champion.schema)
    strangers, remarks = _strangers(held_out, rule, champion, asked)
    unreadable = int((strangers & ~asked.readable).sum())
    if unreadable > UNREADABLE * strangers.sum():
        problem = f"the champion cannot read the cells of {unreadable} of {int(strangers.sum())} held-out customers"
        raise NoContestError(problem)
    if unreadable:
        remarks.append(f"{unreadable} more are left out, for the champion cannot read their cells")
    places = numpy.flatnonzero(strangers & asked.readable)
    judged = held_out.take(places)
    left, stayed = count_classes(judged.churned, judged.customers)
    if min(left, stayed) < FEWEST_OF_A_CLASS:
        raise NoContestError(
            f"of those held out only {left} who left and {stayed} who stayed are new to both models, at least "
            f"{FEWEST_OF_A_CLASS} of each are needed"
        )
    count = len(judged) if judged.customers is None else len(numpy.unique(judged.customers))
    told = "; ".join([f"Both were judged on {count:,} {held_out.source.people} whom neither was fitted on", *remarks])
    rows = [asked.rows[place] for place in places]
    return CommonGround(places, rows, Finding("strangers", passed=True, sentence=f"{told}."))


def _strangers(
    held_out: Dataset, rule: Holdout, champion: Manifest, asked: OtherRows
) -> tuple[numpy.ndarray, list[str]]:
    """Which rows are of customers new to the champion as far as anybody knows, and what nobody knows."""
    its = champion.training_data.holdout
    everybody = numpy.ones(len(held_out), dtype=bool)
    if its is None:
        return everybody, ["the champion's package does not say whom it was fitted on, which may favour the champion"]
    if under_other_names(its.by, rule.by):
        remark = "the champion knew its customers by other names, so it may have been fitted on some, which favours it"
        return everybody, [remark]
    if its.by and asked.keys is not None:
        strangers = own_positions(asked.keys, its.salt) < its.share
        return strangers if its.by == rule.by else strangers & ~_learnt_from(held_out, champion, asked.keys), []
    same = not its.by and not rule.by and champion.schema.names == schema_of(held_out).names
    if not same:
        return everybody, ["the champion's customers had no ids, so it may have been fitted on some, which favours it"]
    remark = (
        "without ids a customer is known by the values of the row: whoever changed may have been among those that the "
        "champion was fitted on, which favours it"
    )
    return own_positions(keys_of(held_out), its.salt) < its.share, [remark]


def _learnt_from(held_out: Dataset, champion: Manifest, keys: numpy.ndarray) -> numpy.ndarray:
    """Which rows are of customers who, as the champion knows them, have other rows that the new model may have learnt
    from, since it knows customers by another column or by none."""
    origin = _origin(held_out, "knows customers by another column")
    ids = read_ids(champion.schema.id, champion.schema.missing, origin)
    return numpy.isin(keys, numpy.unique(numpy.delete(ids, origin.places)))


def require_same_question(champions: Label | None, new: Label) -> None:
    """Refuse a contest between models of two questions: what is right to the one is wrong to the other.

    Raises:
        NoContestError: they are of two.
    """
    if champions is None:
        return
    same = champions.column == new.column and _same_values(champions, new)
    if not same or (champions.window and new.window and champions.window != new.window):
        raise NoContestError(f"the champion tells {_in_words(champions)}, the new model {_in_words(new)}")


def _same_values(one: Label, other: Label) -> bool:
    """Whether the same values, however spelt, say that a customer left."""
    known = [[any(same_label(value, each) for each in two.leavers) for value in first.leavers]
             for first, two in ((one, other), (other, one))]  # fmt: skip
    return all(map(all, known))


def _in_words(label: Label) -> str:
    within = f" within {label.window:g}" if isinstance(label.window, float | int) else ""
    values = " or ".join(f'"{value}"' for value in label.leavers)
    return f'whether "{label.column}" is {values}{within}'


def asked_rows(held_out: Dataset, schema: Schema) -> OtherRows:
    """The champion's rows: from what was read where the columns mean the same, else from the file.

    Raises:
        NoContestError: the file cannot be read for it.
    """
    now = schema_of(held_out)
    if schema.id == now.id and _shape(schema.features) <= _shape(now.features) and schema.missing == now.missing:
        rows = rows_of(held_out.frame[list(schema.names)])
        return OtherRows(rows, numpy.ones(len(rows), dtype=bool), keys_of(held_out) if schema.id else None, ())
    origin = _origin(held_out, "takes other features")
    try:
        return read_other_rows(schema, origin)
    except DataError as error:
        raise NoContestError(f"the champion cannot be asked about these customers: {error}") from error


def _origin(held_out: Dataset, why: str) -> Origin:
    """Where to read for the champion, which does or takes something else, what was not read for the new model."""
    if held_out.origin is None:
        raise NoContestError(f"the champion {why}, and there is no file to read for it")
    if file_sha256(held_out.origin.path) != held_out.source.sha256:
        raise NoContestError(f"{held_out.source.name} has changed since it was read, and the champion {why}")
    return held_out.origin


def _shape(features: Sequence[SchemaFeature]) -> set[object]:
    """What must agree for the same cells to be the same values."""
    return {(each.name, each.type, each.minimum, each.maximum, each.date) for each in features}
