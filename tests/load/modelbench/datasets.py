"""Which files are tried, and how each is cut in two: 70 % to learn from, 30 % to judge by."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pandas
from sklearn.model_selection import train_test_split

JUDGED = 0.3


@dataclass(frozen=True)
class Data:
    """A file, its column of ids, its label and the label's value of who left; `name` is for people."""

    name: str
    path: Path
    id: str
    label: str
    positive: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `FILE:ID:LABEL:POSITIVE`.

        Raises:
            ValueError: it has not four parts, or there is no such file.
        """
        parts = text.rsplit(":", 3)
        if len(parts) != 4 or not all(parts):
            raise ValueError(f"{text}: expected FILE:ID:LABEL:POSITIVE")
        path = Path(parts[0])
        if not path.is_file():
            raise ValueError(f"{path}: no such file")
        return cls(path.stem, path, *parts[1:])

    def split(self, seed: int, folder: Path) -> tuple[Path, Path]:
        """Two CSV files in `folder`, drawn by the seed with as large a share of leavers in both."""
        # As texts, so that both halves hold what the file held.
        cells = pandas.read_csv(self.path, dtype=str, keep_default_na=False)
        learnt, judged = train_test_split(
            cells, test_size=JUDGED, random_state=seed, stratify=cells[self.label] == self.positive
        )
        folder.mkdir(parents=True, exist_ok=True)
        paths = folder / "learnt.csv", folder / "judged.csv"
        learnt.to_csv(paths[0], index=False)
        judged.to_csv(paths[1], index=False)
        return paths


PUBLIC = (
    ("telco.csv", "customerID", "Churn", "Yes"),
    ("bigml.csv", "id", "Churn", "yes"),
    ("iranian.csv", "id", "Churn", "1"),
    ("bankchurners.csv", "CLIENTNUM", "Attrition_Flag", "Attrited Customer"),
)
"""Public churn data, by the names that the files have in a folder of them."""


def public(folder: Path) -> list[Data]:
    """Those of :data:`PUBLIC` that the folder holds."""
    found = [Data(Path(name).stem, folder / name, *columns) for name, *columns in PUBLIC]
    return [data for data in found if data.path.is_file()]
