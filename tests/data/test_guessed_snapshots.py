"""As of when customers are described, where nobody says it: of no day that is still to come."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from churn_data.guessed_snapshots import guess_snapshot
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_model.usecase import load_usecase

TODAY = date(2026, 6, 30)
NONE_HAS_COME = "today, for none of them is a day that has come"


def days(*texts: str) -> set[datetime]:
    return set(map(datetime.fromisoformat, texts))


GUESSED: dict[str, tuple[dict[str, set[datetime]], str, str]] = {
    "past": ({"joined": days("2024-01-01", "2025-03-04 12:00")}, "2025-03-04", "the latest that occurs"),
    "to come by its days": (
        {"joined": days("2024-01-01"), "contract": days("2026-05-01", "2027-01-01", "2028-05-14")},
        "2024-01-01", 'the latest that occurs but for days to come (in "contract")',
    ),
    "to come by its name": (
        {"last_seen": days("2024-03-31"), "contract_end": days("2023-01-01", "2026-01-01")},
        "2024-03-31", 'the latest that occurs but for days to come (in "contract_end")',
    ),
    "a named end in the past": (
        {"joined": days("2024-03-31"), "Vertragsende": days("2023-01-01")}, "2024-03-31", "the latest that occurs",
    ),
    "ends alone": ({"contract_end": days("2025-01-01", "2026-01-01")}, "2026-01-01", "the latest that occurs"),
    "a mistake": (
        {"joined": {datetime(2024, 1, 1) + timedelta(days=day) for day in range(50)} | days("2062-01-01")},  # noqa: DTZ001
        "2024-02-19", 'the latest that occurs but for days to come (in "joined")',
    ),
    "all to come": ({"contract_end": days("2027-01-01")}, "2026-06-30", NONE_HAS_COME),
    "tomorrow, east of here": ({"seen": days("2026-07-01")}, "2026-07-01", "the latest that occurs"),
    "none known": ({"seen": set()}, "2026-06-30", NONE_HAS_COME),
}  # fmt: skip


@pytest.mark.parametrize("kind", GUESSED)
def test_the_last_day_on_which_something_happened(kind: str) -> None:
    columns, day, reason = GUESSED[kind]
    guess = guess_snapshot(columns, TODAY)
    assert guess is not None
    assert (guess.day.isoformat(), guess.reason) == (day, reason)
    assert guess_snapshot({}, TODAY) is None


def test_a_first_use_case_says_how_it_came_by_its_snapshot(tmp_path: Path) -> None:
    today, path = datetime.now(UTC).date(), tmp_path / "customers.csv"
    rows = (
        f"c{row},{today - timedelta(days=20 + row)},{today + timedelta(days=row % 90)},{'yes' if row % 3 else 'no'}"
        for row in range(120)
    )
    path.write_text("\n".join(["id,joined,paid_up,churn", *rows]), encoding="utf-8")
    lines: list[str] = []
    text = starter_usecase(path, Wishes(), lines.append)
    day = (today - timedelta(days=20)).isoformat()
    reason = f'dates become days before {day}, the latest that occurs but for days to come (in "paid_up")'
    assert f'snapshot: "{day}" # {reason}\n' in text
    assert f"{path}: {reason}; `time.snapshot` sets another" in lines
    (tmp_path / "usecase.yaml").write_text(text, encoding="utf-8")
    frame = read_customers(path, load_usecase(tmp_path / "usecase.yaml")).frame
    assert frame["joined"].min() == 0.0
    assert frame["paid_up"].max() == -20.0
