"""So many of something, in words: the one place that knows when a noun has an s.

Lines of commands, pages and errors count things. It must not know which.
"""


def counted(count: float, one: str, more: str = "") -> str:
    """So many of what is called this: 1 customer, 12,345 customers, 2.5 days.

    Args:
        count: with thousands apart, and with what is behind the point where there is something.
        one: what one of them is called.
        more: what several are called, where that is not the same with an s.
    """
    shown = f"{count:,.0f}" if float(count).is_integer() else f"{count:,g}"
    return f"{shown} {one if count == 1 else more or one + 's'}"
