"""How customers moved from one batch to the next: between segments and risks, who is new and who is gone.

Two prepared batches are held against each other by customers' keys, in a process of its own:
`python -m churn_marketing.store.movement BEFORE AFTER`.
"""

import json
import sys
from pathlib import Path
from typing import Any

from churn_marketing.errors import MarketingError
from churn_marketing.store.database import Preparing, text

_MEMORY, _THREADS = "1GB", 2


def movement(before: Path, after: Path) -> dict[str, Any]:
    """Counts of customers by where they were and where they are; None stands for a batch that they are not in.

    Raises:
        BatchError: one of the two cannot be read.
    """
    with Preparing(Path(":memory:"), _MEMORY, _THREADS, after.stem) as database:
        database.run(f"ATTACH {text(str(before))} AS earlier (READ_ONLY)")
        database.run(f"ATTACH {text(str(after))} AS later (READ_ONLY)")
        return {by: _table(database, by) for by in ("segment", "risk")}


def _table(database: Preparing, by: str) -> list[list[int | None]]:
    rows = database.rows(
        f"""SELECT earlier.{by}, later.{by}, count(*) FROM earlier.customers AS earlier
        FULL JOIN later.customers AS later USING (key) GROUP BY 1, 2 ORDER BY 1, 2"""
    )
    return [list(row) for row in rows]


def main() -> int:
    """Print the counts as JSON; what is wrong is one line on the standard error, and the exit code is 2."""
    try:
        found = movement(Path(sys.argv[1]), Path(sys.argv[2]))
    except MarketingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
