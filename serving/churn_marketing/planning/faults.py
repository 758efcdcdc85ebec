"""What can go wrong with plans, for people who plan: a part of the app's tree of errors.

    MarketingError
    └── PlanningFault       one line that says what to do next
        ├── NoSuchPlan          there is no plan of that name
        ├── TermsFault          fields of a form that cannot be used, each with its line
        ├── StaleDraft          somebody else has changed the draft since it was read
        ├── CustomersTaken      another open campaign has some of the customers
        ├── WishesChanged       some of the customers have asked not to be contacted
        ├── WishesSince         some of a frozen plan's have, and its list is not taken away yet
        ├── NotPossible         the plan is not in a state for that
        ├── UploadFault         a file of outcomes that cannot be read
        └── NotEnoughYet        the outcomes are fine and too few

They travel between processes, so each is made of its arguments alone. None holds a customer's id.
"""

from churn_marketing.errors import MarketingError


class PlanningFault(MarketingError):
    """Something about a plan cannot be done; one line."""


class NoSuchPlan(PlanningFault):
    """There is no such plan."""

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return "There is no such plan. It may have been discarded; the list of plans shows all there are."


class TermsFault(PlanningFault):
    """What somebody typed cannot be planned by; ``faults``: a line a field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return " ".join(self.faults.values())


class StaleDraft(PlanningFault):
    """The draft was changed by ``person`` meanwhile."""

    def __init__(self, person: str) -> None:
        super().__init__(person)
        self.person = person

    def __str__(self) -> str:
        return f"{self.person} has changed this draft meanwhile. What you typed is kept; nothing of either is lost."


class CustomersTaken(PlanningFault):
    """Other open campaigns have some of these customers; ``others``: name of the plan, who froze it, how many."""

    def __init__(self, others: tuple[tuple[str, str, int], ...]) -> None:
        super().__init__(others)
        self.others = others

    def __str__(self) -> str:
        told = "; ".join(f"{count:,} by {person} for “{name}”" for name, person, count in self.others)
        return (
            f"Not frozen: meanwhile customers of this plan were taken, {told}. Your draft is as it was; it is worked "
            "out again without them."
        )


class WishesChanged(PlanningFault):
    """Meanwhile ``count`` of these customers have asked not to be contacted."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count

    def __str__(self) -> str:
        return (
            f"Not frozen: meanwhile {self.count:,} of these customers have asked not to be contacted. Your draft is as "
            "it was; it is worked out again without them."
        )


class WishesSince(PlanningFault):
    """``count`` customers of a frozen plan have asked not to be contacted, and nobody has its list yet."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count

    def __str__(self) -> str:
        some = "customer has" if self.count == 1 else "customers have"
        return (
            f"No list was written: since this plan was frozen {self.count:,} of its {some} asked not to be contacted. "
            "Undo the freeze and freeze it again, and the list is without them."
        )


class NotPossible(PlanningFault):
    """The plan is not in a state for that."""


class UploadFault(PlanningFault):
    """A file cannot be used; the line names column and row."""


class NotEnoughYet(PlanningFault):
    """The outcomes so far tell nothing."""
