"""What all customers of a batch come to: the sums that pages show, computed once when the batch is prepared."""

from typing import Any

from churn_marketing.store.database import Preparing

BINS = 20
_COMMON = 6


def facts_of(database: Preparing, columns: list[dict[str, str]]) -> dict[str, Any]:
    """Totals, and the same by risk, segment and action; how probabilities are spread; what segments are like."""
    return {
        "total": _totals(database, "")[0],
        "risks": _totals(database, "risk"),
        "segments": _totals(database, "segment"),
        "actions": _totals(database, "action"),
        "spread": _spread(database),
        "profiles": {each["column"]: _profile(database, each) for each in columns},
    }


def _totals(database: Preparing, by: str) -> list[dict[str, Any]]:
    sums = """count(*), avg(probability), sum(probability), sum(value), sum(at_risk), count(value),
    sum(expected_value), count(*) FILTER (WHERE action <> 'none'), count(*) FILTER (WHERE risk = 2)"""
    names = (
        "customers",
        "probability",
        "leavers",
        "value",
        "at_risk",
        "valued",
        "expected_value",
        "with_action",
        "high",
    )
    grouped = f"GROUP BY {by} ORDER BY {by}" if by else ""
    rows = database.rows(f"SELECT {by or 0}, {sums} FROM customers {grouped}")
    return [{"of": row[0], **dict(zip(names, row[1:], strict=True))} for row in rows]


def _spread(database: Preparing) -> list[int]:
    rows = database.rows(
        f"SELECT least(floor(probability * {BINS}), {BINS - 1})::INT AS bin, count(*) FROM customers GROUP BY bin"
    )
    counts = dict(rows)
    return [counts.get(number, 0) for number in range(BINS)]


def _profile(database: Preparing, column: dict[str, str]) -> dict[str, Any]:
    """Of a number the mean (and the middle half by segment), of a category how usual its commonest levels are."""
    name = column["column"]
    if column["type"] == "number":
        rows = database.rows(
            f"""SELECT segment, avg({name}), quantile_cont({name}, [0.25, 0.5, 0.75]) FROM customers
            GROUP BY segment ORDER BY segment"""
        )
        ((mean, deviation),) = database.rows(f"SELECT avg({name}), stddev_pop({name}) FROM customers")
        segments = [{"of": of, "mean": of_mean, "quartiles": quartiles} for of, of_mean, quartiles in rows]
        return {"mean": mean, "deviation": deviation, "segments": segments}
    levels = [
        row[0]
        for row in database.rows(
            f"SELECT {name} FROM customers WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY count(*) DESC, {name} "
            f"LIMIT {_COMMON}"
        )
    ]
    counts = ", ".join(f"avg(CASE WHEN {name} = ? THEN 1.0 ELSE 0.0 END)" for _ in levels)
    rows = database.rows(
        f"SELECT segment{', ' if levels else ''}{counts} FROM customers GROUP BY segment ORDER BY segment",
        levels,
    )
    everybody = database.rows(f"SELECT {counts or 0} FROM customers", levels)[0] if levels else ()
    segments = [{"of": row[0], "shares": list(row[1:])} for row in rows]
    return {"levels": levels, "shares": list(everybody), "segments": segments}
