"""A row of another schema is never encoded in part: one value more or less is an error, not a shorter answer."""

from pathlib import Path
from typing import Any

import pytest

from churn_model import open_package
from sample_package import sample_rows


@pytest.mark.parametrize("change", [lambda row: row[:-1], lambda row: [*row, 1.0]])
def test_a_row_of_another_width_is_refused(package_folder: Path, keys: Any, change: Any) -> None:
    package = open_package(package_folder, keys.trusted)
    row = change(list(sample_rows(1, 2)[0]))
    with pytest.raises(ValueError, match="argument"):
        package.description.encoder.encode([row])
    with pytest.raises(ValueError, match="argument"):
        package.description.degraded_scores([row])
