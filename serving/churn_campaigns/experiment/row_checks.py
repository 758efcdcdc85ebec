"""What tells that a row of a plan or an assignment was edited by hand.

It keeps nobody from recomputing it: it is for those who err. So is what tells that ids have lost their zeros. It must
not know which columns there are.
"""

import hashlib
from collections.abc import Callable

from churn_data.errors import glimpse

ROW_CHECK = "row_check"
_CHECKED_DECIMALS, _LETTERS, _MOST_ZEROS = 6, 12, 12
_AS_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def row_check(texts: tuple[str, ...], numbers: tuple[float | None, ...]) -> str:
    """Twelve letters that are others when any of these cells is (None: an empty one), numbers as far as six digits
    after the point: a spreadsheet may have rounded them.

    Letters alone: of hexadecimal digits some look like a number, which a spreadsheet saves as another text.
    """
    written = (*texts, *("" if number is None else f"{number + 0.0:.{_CHECKED_DECIMALS}f}" for number in numbers))
    return in_letters(hashlib.sha256("\x1f".join(written).encode()).hexdigest()[:_LETTERS])


def lost_zeros(customer: str, is_known: Callable[[str], bool]) -> str:
    """That an id which is not known would be with zeros before it, in words; empty where it would not."""
    for zeros in range(1, _MOST_ZEROS + 1):
        if is_known("0" * zeros + customer):
            lost = "1 leading zero" if zeros == 1 else f"{zeros} leading zeros"
            return f'"{glimpse(customer)}" has lost {lost}: a spreadsheet took the ids for numbers'
    return ""


def in_letters(check: str) -> str:
    """A check as it is written now; a former version wrote hexadecimal digits."""
    return check.translate(_AS_LETTERS)
