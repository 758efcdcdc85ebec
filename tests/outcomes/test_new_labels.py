"""Of how many customers something became known since a training: late labels count, the same ones again do not."""

from datetime import UTC, datetime, timedelta

from churn_monitoring.outcomes.new_labels import new_labels
from tests.outcomes.answered import LIMITS, Home

FIRST_FILE = [["a", "no", "2026-09-30"], ["b", "yes", "2026-09-10"]]


def test_labels_that_come_twice_or_late(home: Home) -> None:
    assert new_labels(home.store, "sample", None, LIMITS) is None
    home.said(*FIRST_FILE)
    assert new_labels(home.store, "sample", None, LIMITS) == 2
    trained = datetime.now(UTC)
    assert new_labels(home.store, "sample", trained, LIMITS) == 0
    # The same file again, and what it said as a part of a larger one, are nothing new.
    home.said(*FIRST_FILE)
    assert new_labels(home.store, "sample", trained, LIMITS) == 0
    home.said(*FIRST_FILE, *FIRST_FILE[:1], ["c", "yes", "2026-09-20"])
    assert new_labels(home.store, "sample", trained, LIMITS) == 1
    # Said late, of a day long before the training: nobody could have trained on it.
    home.said(["d", "yes", "2026-01-05"])
    assert new_labels(home.store, "sample", trained, LIMITS) == 2
    # Who is spoken of in two files counts once, and one who was there longer or is corrected counts.
    home.said(["c", "no", "2026-10-31"], ["a", "no", "2026-10-31"])
    assert new_labels(home.store, "sample", trained, LIMITS) == 3
    assert new_labels(home.store, "sample", datetime.now(UTC) + timedelta(days=1), LIMITS) == 0
