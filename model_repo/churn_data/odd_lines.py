"""Lines of a text that are nobody's row, as programs leave them behind: conflicts of a merge, zero bytes.

They are refused by their row, for what belongs in their place is not known. It must not know columns.
"""

import re
from collections.abc import Sequence

_CONFLICT = re.compile(r"(<{7}|>{7}|\|{7})( .*)?|={7}")


def odd_line(fields: Sequence[str]) -> str:
    """What is wrong with a record that is no row; empty where nothing is seen."""
    first = fields[0] if fields else ""
    if _CONFLICT.fullmatch(first.rstrip()):
        return f"a line of a merge that nobody has finished ({first[:7]}): keep one side of it, and no such line"
    zeros = sum(field.count("\0") for field in fields)
    if zeros:
        many = "a zero byte" if zeros == 1 else f"{zeros:,} zero bytes"
        return f"holds {many} (NUL), as where a file was not written to its end: export it again"
    return ""


def starts_conflict(fields: Sequence[str]) -> bool:
    """Whether a record is a line of a merge that nobody has finished, and surely no ruled line."""
    return bool(fields) and fields[0].startswith(("<<<<<<< ", ">>>>>>> "))
