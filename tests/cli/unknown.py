"""A data set nobody has described: missing values, mixed types, an id, a text label, a category of 26 levels."""

import csv
import random
from pathlib import Path

HEADER = [
    "Kundennummer", "Stadt", "monthly fee (EUR)", "joined", "visits", "Größe", "constant", "comment", "VIP", "status"
]  # fmt: skip
USECASE = """
name: gym
id: Kundennummer
label: {column: status, positive: gekündigt, negative: aktiv}
value: {column: monthly fee (EUR), months: 12}
actions:
  - {id: trainer, name: A free hour with a trainer, cost: 5, effect: 0.1}
"""


def write_unknown(folder: Path, rows: int = 700, seed: int = 1) -> tuple[Path, Path]:
    """Write data and use case; returns both paths."""
    source = random.Random(seed)
    data, usecase = folder / "gym members.csv", folder / "gym.yaml"
    cities = [f"Stadt {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    with data.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for number in range(rows):
            visits = source.gauss(10, 4)
            city = source.randrange(26)
            left = source.random() < 0.15 + 0.5 * (visits < 8) + 0.2 * (city > 20)
            writer.writerow(
                [
                    f"K-{number:05d}",
                    "" if source.random() < 0.05 else cities[city],
                    source.choice(["19.90", "29.90", "39.9", "  49 "]),
                    f"20{source.randint(10, 25)}-0{source.randint(1, 9)}",
                    "NA" if source.random() < 0.1 else f"{visits:.2f}",
                    source.choice(["S", "M", "L", "n/a, see file", "3"]),
                    "x",
                    f'says "{source.random()}",\nand more',
                    source.choice(["true", "false", ""]),
                    "gekündigt" if left else "aktiv",
                ]
            )
    usecase.write_text(USECASE, encoding="utf-8")
    return data, usecase
