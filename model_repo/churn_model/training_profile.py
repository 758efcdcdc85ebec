"""How the customers were spread whom a model was made of, as counts in bins, so that those whom it is asked about later
can be held against them.

A bin is an interval between quantiles or a usual level, so no row can be read from it, neither an extreme nor a level
that only a few customers have. It must not know how bins are chosen nor what follows from a difference.
"""

import msgspec

MISSING, RARE, UNSEEN = "(missing)", "(rare)", "(unseen)"
"""What bins are called that are none of a value: not known; a level that training saw seldom; one that it never saw."""


class ColumnProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One column. Of numbers the bins are the intervals from one of ``cuts`` (rising) up to below the next, open at
    both ends, then the missing ones; of a ``category`` they are ``levels``, then rare, missing and unseen ones.
    ``counts`` are rows by bin; ``fitted`` those of customers whom the model was fitted on where these differ from
    everybody else, who alone stand in ``counts`` then: it answers them better, and knows all of their levels.
    ``effects`` say by how much a bin moves the log-odds of the model's answer, against the mean of all rows; empty
    where that is not known or the column is no feature."""

    counts: tuple[int, ...]
    category: bool = False
    cuts: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    effects: tuple[float, ...] = ()
    fitted: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a profile whose parts do not fit each other.

        Raises:
            ValueError: so many counts or effects are not those of the bins.
        """
        bins = len(self.levels) + 3 if self.category else len(self.cuts) + 2
        if len(self.counts) != bins or not {len(self.effects), len(self.fitted)} <= {0, bins}:
            found = f"{len(self.counts)}, {len(self.fitted)} counts and {len(self.effects)} effects"
            raise ValueError(f"a column of {bins} bins has {found}")
        if min(*self.counts, *self.fitted) < 0 or any(
            low >= high for low, high in zip(self.cuts, self.cuts[1:], strict=False)
        ):
            raise ValueError("a count is below 0, or cuts do not rise")

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return sum(self.counts)


class TrainingProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``features`` by name; ``score`` is of the model's answers (probabilities), ``segments`` of its segments, as
    texts. ``independent`` is the share of rows that count as customers of their own: below 1 where a customer has
    several rows. ``log_odds`` is the mean of the answers to customers whom it was not fitted on, and ``deviation``
    their standard deviation."""

    features: dict[str, ColumnProfile]
    score: ColumnProfile
    segments: ColumnProfile
    independent: float
    log_odds: float
    deviation: float
