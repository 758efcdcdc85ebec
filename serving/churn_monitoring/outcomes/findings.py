"""What was found about a file of labels: how many customers of each kind, and by which rows somebody finds them.

Rows are named by their numbers, never by what stands in them. It must not know how anything was found.
"""

from typing import Any, NamedTuple

KINDS = {
    "new": "of whom nothing was known",
    "extended": "known for longer than before",
    "repeated": "say what was known, and add nothing",
    "corrected": "contradict what was said before, and win",
    "late": "of a day before the last one that was known",
    "twice": "are there more than once, and say the same",
    "contradicting": "are there more than once and contradict themselves; the last row holds",
    "unknown": "were never answered",
    "before_prediction": "of a day before the first answer",
}
"""What is counted of a file's customers. The first four are every customer once; the others are some of them."""
TROUBLES = ("corrected", "late", "twice", "contradicting", "unknown", "before_prediction")
"""Those that somebody may want to look at: their rows are named."""
NAMED_ROWS = 20


class Finding(NamedTuple):
    """How many customers, and the last rows of the first of them."""

    customers: int
    rows: tuple[int, ...] = ()


class Looked(NamedTuple):
    """How many tables of answers the log has, and how many of them were read to find who was answered when; months
    that `lists` told of were not."""

    tables: int
    read: int
    lists: int


class Loaded(NamedTuple):
    """What became of a file of labels: its rows, those that say nothing, customers, statements kept (one for each key
    of customers), the findings by kind, and how much of the log was read for them."""

    rows: int
    empty: int
    customers: int
    kept: int
    findings: dict[str, Finding]
    looked: Looked

    def to_json(self) -> dict[str, Any]:
        """The result as JSON knows it."""
        found = {
            kind: {"customers": finding.customers} | ({"rows": list(finding.rows)} if kind in TROUBLES else {})
            for kind, finding in self.findings.items()
        }
        return {
            "rows": self.rows, "empty": self.empty, "customers": self.customers, "statements": self.kept, **found,
            "log": self.looked._asdict(),
        }  # fmt: skip

    def text(self) -> str:
        """The result for people: a line for each kind that occurs."""
        lines = [f"{self.rows:,} rows, {self.empty:,} of them without a label; {self.customers:,} customers:"]
        for kind, finding in self.findings.items():
            if finding.customers:
                lines.append(f"  {finding.customers:>12,} {KINDS[kind]}{_named(finding) if kind in TROUBLES else ''}")
        return "\n".join(lines)


def _named(finding: Finding) -> str:
    shown = ", ".join(map(str, finding.rows))
    more = ", …" if finding.customers > len(finding.rows) else ""
    return f" (row{'s' if finding.customers > 1 else ''} {shown}{more})"
