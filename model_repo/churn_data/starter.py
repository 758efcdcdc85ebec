"""Writes a first use case for a data file that nobody described yet.

Its text is meant to be read and corrected by a person; every guess says that it is one, every column what is in it.
"""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from churn_data.code_columns import may_be_codes
from churn_data.column_facts import ColumnFacts, facts_of
from churn_data.column_names import human_label
from churn_data.customer_ids import check_ids
from churn_data.dialects import FORM
from churn_data.far_numbers import fillers, texts_of
from churn_data.held_notices import HeldNotices
from churn_data.impossible_days import impossible_days
from churn_data.inference import LEAK, LEFT_OUT, infer_features
from churn_data.labels import labels_of
from churn_data.leaks import leak_in
from churn_data.money_columns import value_candidates
from churn_data.notices import Listener, Notices
from churn_data.snapshots import ANOTHER, GUESSED, with_snapshot
from churn_data.starter_choices import Ask, Chosen, choose_value, unasked
from churn_data.starter_ids import choose_id
from churn_data.starter_labels import WITHOUT_LABEL, choose_label, choose_positive, label_rule, with_labels
from churn_data.starter_names import model_name
from churn_data.starter_template import TEMPLATE, VALUE, WITHOUT_VALUE, commented
from churn_data.whole_tables import Cells, read_cells
from churn_model.names import name_fault
from churn_model.rules import Feature, TimeRule, ValueRule
from churn_model.usecase import DEFAULT_MISSING, UseCase

_KEPT = 3
"""So many features stand as an example of what the prediction log may keep."""
_RANKS = {LEAK: -1, LEFT_OUT: 1}
"""Of findings where there is no room for all: the use case has a line for each column that is left out."""
CALL, CALL_COST = 1 / 6, 10.0
"""What a call costs as a share of what a customer pays a month, and where that is not known."""
SPECIAL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Wishes:
    """What somebody said about the file: columns by name, and the label's value for customers who left. None: find out
    (`value`: only where a column is clearly money a month). `name` is the model's."""

    label: str | None = None
    positive: str | None = None
    id: str | None = None
    value: str | None = None
    name: str | None = None


def starter_usecase(
    path: Path, wishes: Wishes, notice: Listener, ask: Ask = unasked, *, most: int | None = None
) -> str:
    """The YAML text of a use case for this file.

    Args:
        path: CSV or Parquet of labelled customers.
        wishes: what was said.
        notice: told one line about each column that is left out.
        ask: puts what is not clear to a person.
        most: lines that are told at the end, or before a question; None: all, as they are found.

    Raises:
        DataError: not a table, no such column, or it is not clear which column is the label.
    """
    notices = HeldNotices(str(path), notice, most)

    def ask_then(question: str, options: Sequence[str]) -> str | None:
        notices.release(_RANKS, "")
        return ask(question, options)

    where = ""
    try:
        text = _starter(path, wishes, notices, ask_then)
        where = "; the comments of the use case tell them"
    finally:
        notices.release(_RANKS, where)
    return text


def _starter(path: Path, wishes: Wishes, notices: Notices, ask: Ask) -> str:
    file = str(path)
    cells, facts, missing = _read(path, wishes, notices)
    columns, rows = cells.columns, cells.rows
    label = choose_label(wishes.label, facts, columns, file, ask, wishes.positive)
    positive = choose_positive(wishes.positive, facts[label.name], file, ask)
    found_id = choose_id(wishes.id, facts, label.name, file, ask)
    check_ids(found_id.name if found_id else "", columns, rows, notices)
    if found_id and wishes.id and found_id.reason:
        notices.tell("id", found_id.reason, found_id.name)
    taken = {label.name, found_id.name if found_id else ""}
    value = choose_value(wishes.value, facts, taken, file)
    rule = label_rule(label.name, positive, facts[label.name], notices)
    columns, rows = with_labels(columns, rows, rule, notices)
    churned = labels_of(columns[label.name], rows, rule, file)
    if value and value.reason and leak_in(facts[value.name], columns[value.name], churned):
        value = None  # it will be left out, so nobody can be worth it
    guess = UseCase(
        name=wishes.name or model_name(path, columns),
        id=found_id.name if found_id else "",
        label=rule,
        value=ValueRule(value.name) if value else None,
        missing=missing,
    )
    guess = with_snapshot(columns, infer_features(columns, churned, guess, notices), notices)
    parts = _Parts(guess, facts, notices, label, positive, found_id, value)
    return parts.text(path)


def _read(path: Path, wishes: Wishes, notices: Notices) -> tuple[Cells, dict[str, ColumnFacts], tuple[str, ...]]:
    """The file's cells, what they are, and the texts for missing, numbers that can mean nothing else among them."""
    missing: tuple[str, ...] = DEFAULT_MISSING
    while True:
        cells = read_cells(path, missing, notices, as_written=[wishes.label or ""], strict=False)
        facts = {name: facts_of(name, cells) for name, cells in cells.columns.items()}
        others = {name: each for name, each in facts.items() if name not in (wishes.label, wishes.id)}
        far, days = fillers(others), impossible_days(others)
        if not (far or days) or missing != DEFAULT_MISSING:
            return cells, facts, missing
        for name, told in ((name, found.told) for each in (far, days) for name, found in each.items()):
            notices.tell("missing tokens", f"{told}: read as missing, as `missing` now says", name)
        texts = (
            *(text for found in far.values() for text in texts_of(found)),
            *(text for found in days.values() for text in found.rows),
        )
        missing = (*DEFAULT_MISSING, *dict.fromkeys(texts))


@dataclass(frozen=True)
class _Parts:
    usecase: UseCase
    facts: Mapping[str, ColumnFacts]
    notices: Notices
    label: Chosen
    positive: Chosen
    id: Chosen | None
    value: Chosen | None

    def text(self, path: Path) -> str:
        return TEMPLATE.format(
            file=_line(path.name),
            options=f"{shlex.quote(_line(path.name))}{FORM.get().options}",
            name=_quoted(self.usecase.name),
            title=_quoted(human_label(path.stem)),
            id=self._id(),
            label=_quoted(self.label.name) + _remark(self.label.reason),
            positive=_values(self.usecase.label.positive) + _remark(self.positive.reason or "the customer left"),
            negative=self._negative(),
            missing=", ".join(map(_quoted, self.usecase.missing)),
            value=self._value(),
            time=self._time(),
            kept=", ".join(_quoted(feature.name) for feature in self.usecase.features[:_KEPT]),
            features="\n".join(map(self._feature, self.usecase.features)),
            left_out=self._left_out(),
            **self._costs(),
        )

    def _id(self) -> str:
        if self.id is None:
            return '# No column of customer ids was found, rows are numbered. If there is one:\n# id: "customer_id"'
        reason = "; ".join(filter(None, ["never a feature", self.id.reason]))
        return f"id: {_quoted(self.id.name)} # the customers' ids, {reason}"

    def _negative(self) -> str:
        negative = self.usecase.label.negative
        remark = " # whoever has none stayed" if negative == "" else ""
        if not remark and any(notice.kind == WITHOUT_LABEL for notice in self.notices):
            remark = ' # beside them "", in brackets, if who has no label stayed'
        return "" if negative is None else f"\n  negative: {_values(negative)}{remark}"

    def _value(self) -> str:
        if self.value is not None:
            return VALUE.format(column=_quoted(self.value.name), reason=_remark(self.value.reason))
        candidates = value_candidates(self.facts, self.facts.keys() - {each.name for each in self.usecase.features})
        options = ", ".join(map(_quoted, candidates)) or "no column is called so"
        return commented(WITHOUT_VALUE.format(options=options, column=_quoted(candidates[0] if candidates else "…")))

    def _costs(self) -> dict[str, str]:
        """What actions cost, in the currency of the file, so that each pays for somebody."""
        usual = 0.0 if self.value is None else self.facts[self.value.name].median
        call = usual * CALL if usual > 0 else CALL_COST
        return {"call_cost": _rounded(call), "message_cost": _rounded(call / 10)}

    def _time(self) -> str:
        rule = self.usecase.time or TimeRule()
        if not rule.snapshot:
            needed = "# a number of months: `label.window` and `churn value` need it"
            return f"# time:\n#   snapshot: 2024-03-31\n#   column: tenure {needed}"
        spelling = f"\n  snapshot_spelling: {_quoted(rule.snapshot_spelling)}" if rule.snapshot_spelling else ""
        guessed = "".join(notice.text for notice in self.notices.of(GUESSED)).removesuffix(ANOTHER)
        found = "each row's own date" if rule.snapshot in self.facts else _line(guessed)
        return f"time:\n  snapshot: {_quoted(rule.snapshot)} # {found}{spelling}"

    def _feature(self, feature: Feature) -> str:
        facts = self.facts[feature.name]
        asked = "; if these are codes: type: category" if feature.type == "number" and may_be_codes(facts) else ""
        found = "".join(f"; {each.text}" for each in self.notices if each.column == feature.name)
        return f"  - {_entry(feature)} # {_line(facts.summary)}{asked}{_line(found)}"

    def _left_out(self) -> str:
        lines = []
        for notice in (*self.notices.of(LEAK), *self.notices.of(LEFT_OUT)):
            facts = self.facts.get(notice.column or "")
            if facts is None or not facts.known or name_fault(facts.name):
                lines.append(f"  # {_line(notice.line)}")
                continue
            feature = Feature(facts.name, "number" if facts.numeric else "category", human_label(facts.name))
            lines.append(f"  # - {_entry(feature)} # {_line(notice.text)}")
        if not lines:
            return ""
        return "\n".join(
            ["  # Left out, each with its reason. Without the first # a line is a feature all the same.", *lines, ""]
        )


def _rounded(amount: float) -> str:
    """Two digits that count, without an exponent, which YAML would take for a text."""
    return f"{float(f'{amount:.2g}'):.12f}".rstrip("0").rstrip(".")


def _entry(feature: Feature) -> str:
    spelling = f", spelling: {_quoted(feature.spelling)}" if feature.spelling else ""
    return f"{{name: {_quoted(feature.name)}, type: {feature.type}, label: {_quoted(feature.words)}{spelling}}}"


def _remark(reason: str) -> str:
    return f" # {reason}" if reason else ""


def _line(text: str) -> str:
    return SPECIAL.sub(" ", text)


def _values(values: str | tuple[str, ...]) -> str:
    return _quoted(values) if isinstance(values, str) else f"[{', '.join(map(_quoted, values))}]"


def _quoted(text: str) -> str:
    """The text as a YAML string, whatever is in it."""
    return SPECIAL.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
