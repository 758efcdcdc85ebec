"""Files of companies nobody tried, several oddities each, and beside each file its customers as a caller has them."""

import csv
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROWS = 240
Record = dict[str, Any]


@dataclass(frozen=True)
class StrangeFile:
    """A file, of which `churn init` need not be told anything, and its customers in order: columns by name, numbers as
    numbers."""

    path: Path
    customers: list[Record]


def _leaves(source: random.Random, risk: float) -> bool:
    return source.random() < 0.25 + 0.5 * risk


def _european(folder: Path) -> StrangeFile:
    """UTF-16, semicolons, decimal commas, accents, a status that says who left, a price of four levels, German dates of
    which some are missing and some are still to come."""
    source, customers, rows = random.Random(1), [], []
    for number in range(ROWS):
        fee, visits = source.choice([19.9, 29.9, 49.0, 1079.5]), source.randrange(12)
        joined = date(2024, 6, 30) - timedelta(days=source.randrange(2000))
        begun = f"{joined:%d.%m.%Y}" if source.random() < 0.9 else ""
        ends = f"{date.today() + timedelta(days=source.randrange(1, 700)):%d.%m.%Y}"  # noqa: DTZ011 - any zone's will do
        tariff = source.choice(["Größe S", "Größe M", ""])
        status = "gekündigt" if _leaves(source, visits < 4) else "aktiv"
        customers.append({
            "Monatsbeitrag": fee, "Besuche": visits, "Beginn": begun or None, "Laufzeit": ends, "Tarif": tariff or None,
        })  # fmt: skip
        amount = f"{fee:,.2f}".translate({ord(","): ".", ord("."): ","})
        rows.append([f"K{number:04d}", amount, visits, begun, ends, tariff, status])
    path = folder / "Verträge.csv"
    with path.open("w", encoding="utf-16", newline="") as stream:
        header = ["Kundennummer", "Monatsbeitrag", "Besuche", "Beginn", "Laufzeit", "Tarif", "Kundenstatus"]
        csv.writer(stream, delimiter=";").writerows([header, *rows])
    return StrangeFile(path, customers)


def _nested(folder: Path) -> StrangeFile:
    """JSON lines without ids: objects in customers, truth values, -999 for what is not known, Unix time, nothing that
    money is called by."""
    source, customers, lines = random.Random(2), [], []
    for number in range(ROWS):
        seats, share = source.randrange(1, 90), round(source.random(), 4)
        plan, nps = source.choice(["team", "NA", "Business "]), source.choice([-999, *range(11)])
        seen, sso = 1_700_000_000 + 86_400 * (number % 200) + number, source.random() < 0.3
        line = {"plan": {"name": plan, "seats": seats}, "active": share, "sso": sso, "nps": nps, "last_seen": seen}
        lines.append(json.dumps({**line, "churned": _leaves(source, share < 0.4)}))
        flat = {"plan.name": plan, "plan.seats": seats, "active": share, "sso": sso, "nps": nps, "last_seen": seen}
        customers.append(flat)
    path = folder / "accounts.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return StrangeFile(path, customers)


def _panel(folder: Path) -> StrangeFile:
    """Three months a customer, each with its own snapshot; names with quotes and backslashes; dates with gaps as pandas
    writes them; a code that is a number; more levels than rows to learn them from."""
    source, customers, rows = random.Random(3), [], []
    names = ('say "hi"', "back\\slash", "start_date", "area code", "snapshot_date")
    for number in range(ROWS):
        usage, shop = round(source.gauss(10, 4), 2), f"S{source.randrange(30)}"
        start = f"{date(2020, 1, 1) + timedelta(days=source.randrange(900)):%Y%m%d}.0" if source.random() < 0.8 else ""
        cells = [usage, shop, start, source.choice(["0415", "408"]), f"2024-0{1 + number % 3}-28"]
        customers.append({name: cell if cell != "" else None for name, cell in zip(names, cells, strict=True)})
        rows.append([f"c{number // 3}", *cells, int(_leaves(source, usage < 8))])
    path = folder / "month ends.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["customer_id", *names, "churned"], *rows])
    return StrangeFile(path, customers)


def part_of(case: Path, folder: Path) -> StrangeFile:
    """Some customers of a case, one after the other; what is a word in a column of numbers nobody knows."""
    first = 1100 if case.stem == "one-bad-cell" else 0  # row 1236 has the bad cell
    header, *lines = case.read_text(encoding="utf-8").splitlines()
    path = folder / case.name
    path.write_text("\n".join([header, *lines[first : first + 300]]) + "\n", encoding="utf-8")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert case.stem != "one-bad-cell" or [row["tenure"] for row in rows].count("unknown") == 1
    return StrangeFile(path, [{name: _meant(text.strip()) for name, text in row.items()} for row in rows])


def _meant(text: str) -> float | str | None:
    try:
        return float(text)
    except ValueError:
        return None if text in ("", "unknown") else text


WRITERS: dict[str, Callable[[Path], StrangeFile]] = {"european": _european, "nested": _nested, "panel": _panel}
