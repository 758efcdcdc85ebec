"""Columns of money by their names, and numbers that can be it: an age is none, whatever stands in front of it.

It must not know what money is asked for.
"""

from collections.abc import Iterable, Mapping

from churn_data.column_facts import ColumnFacts

MONEY = {
    "charge", "charges", "bill", "billing", "billed", "fee", "fees", "payment", "revenue", "spend", "spending", "price",
    "rent", "arpu", "mrr",
}  # fmt: skip
MONEY_ENDINGS = (
    "gebühr", "gebuehr", "beitrag", "betrag", "umsatz", "preis", "entgelt", "kosten", "miete", "cuota", "importe",
    "ingreso", "ingresos", "gasto", "precio", "prix", "montant", "loyer", "dépense", "depense", "canone", "prezzo",
    "importo", "mensalidade", "preço", "opłata", "składka", "abonament", "czynsz", "ücret", "prijs", "费",
    "费用", "料金",
)  # fmt: skip
"""Of such words in other languages: German writes a compound as one."""
PERIOD = {"monthly", "month", "arpu", "mrr", "mensual", "mensuel", "mensuelle"}
_PERIOD_BEGINNINGS = ("monat", "mensu", "mensal", "mensil", "miesięczn", "aylık", "maand", "月")  # noqa: RUF001 - Turkish
"""Words that say that an amount is one of a month, and beginnings of them."""
UNITS = {
    "hour", "hours", "minute", "minutes", "min", "mins", "second", "seconds", "days", "count", "ct", "calls", "share",
    "rate", "ratio", "delay", "delays", "failures", "change", "growth", "percent", "perc", "pct",
}  # fmt: skip
REFUNDED = 0.05
"""Share of rows up to which money below 0 is what was given back, of a column of what customers pay."""
FEW = 12
"""Different numbers up to which those of a column called money could be codes or levels."""


def value_candidates(facts: Mapping[str, ColumnFacts], taken: Iterable[str]) -> list[str]:
    """Number columns that are called money by a whole word, and no length of time or count by another."""
    return [
        name
        for name, column in facts.items()
        if name not in set(taken)
        and column.numeric
        and column.rows_below_zero <= REFUNDED * column.known
        and (column.distinct > FEW or _are_prices(column))
        and any(word in MONEY or word.endswith(MONEY_ENDINGS) for word in column.words)
        and not set(column.words) & UNITS
    ]


def is_monthly(column: ColumnFacts) -> bool:
    """Whether the name says that an amount is one of a month."""
    return any(map(_is_period, column.words))


def beside_money(column: ColumnFacts) -> int:
    """How many words of the name say what the money is for: of a part of a bill more than of the whole."""
    return sum(word not in MONEY and not word.endswith(MONEY_ENDINGS) and not _is_period(word) for word in column.words)


def _is_period(word: str) -> bool:
    return word in PERIOD or word.startswith(_PERIOD_BEGINNINGS)


def _are_prices(column: ColumnFacts) -> bool:
    """Whether a few numbers are prices rather than codes, levels or answers, which are counted on from one another."""
    values = column.values
    counted = column.whole and values[-1] - values[0] < 2 * len(values)
    return len(values) > 1 and not counted
