"""Levels that are one to a reader and two to a model: written with capitals or without, with a hyphen or a blank.

They stay two, in files and with every caller alike: case may matter, and who sends which spelling nobody here knows. It
must not know files.
"""

import re
import unicodedata
from collections.abc import Mapping

from churn_data.errors import glimpse

_BETWEEN = re.compile(r"(?<=\w)[\s_\-\u2010-\u2015]+(?=\w)")
_SHOWN = 3
MOST_LEVELS = 2_000
"""Levels beyond which a column is looked at no more."""


def like_levels(counts: Mapping[str, int]) -> str:
    """What to say of levels that differ by capitals, width of letters or what joins words; empty if none do.

    Args:
        counts: rows by level.
    """
    if len(counts) > MOST_LEVELS:
        return ""
    alike: dict[str, list[str]] = {}
    for level in counts:
        folded = unicodedata.normalize("NFKC", level).casefold()
        alike.setdefault(_BETWEEN.sub(" ", folded), []).append(level)
    several = [sorted(levels, key=lambda each: (-counts[each], each)) for levels in alike.values() if len(levels) > 1]
    if not several:
        return ""
    shown = "; ".join(_spellings(levels, counts) for levels in several[:_SHOWN])
    more = f" and {len(several) - _SHOWN:,} more" if len(several) > _SHOWN else ""
    return f"levels that seem to be one and stay several: {shown}{more}; write each in one way if they mean the same"


def _spellings(levels: list[str], counts: Mapping[str, int]) -> str:
    first, *others = (
        f'"{glimpse(level)}" ({counts[level]:,} row{"" if counts[level] == 1 else "s"})' for level in levels
    )
    return f"{', '.join(others[:_SHOWN])} beside {first}"
