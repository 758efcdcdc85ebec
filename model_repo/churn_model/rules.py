"""The parts of a use case: what a company says about its customers, their value, its campaigns and its actions.

Plain data with defaults. How they are read and held against each other is the business of `usecase`.
"""

from typing import Any, Literal

import msgspec

from churn_model.money import value_factor

FeatureType = Literal["number", "category", "date"]
"""What a feature is in people's files. To a model a date is a number: the days from it to a snapshot."""
ValueType = Literal["number", "category"]
Risk = Literal["low", "medium", "high"]
Source = Literal["assumed", "measured"]
"""Where an action's effect comes from."""
FEWEST_SEGMENTS, MOST_SEGMENTS = 2, 12
RISKS: tuple[Risk, ...] = ("low", "medium", "high")

LARGEST_HOLDOUT = 0.5
"""Share of customers; more than half would be judged on and less than half learnt from."""
ANY_DATE = "any date"
"""In place of a label's value: customers left on the day that the column holds, and stayed where it holds none."""
EVER = "ever"
"""The window of a label in a file that holds everybody who ever left."""


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which column says who left. ``positive`` is its value for customers who left, or several, or `any date`: whoever
    has a date in it left, whoever has none stayed. ``negative=None``: whatever is not ``positive`` is negative, as long
    as that is one value; "" among them: whoever has none stayed. ``window``: the label means left within the last so
    many, in the units of the time column; `ever`: at any time, and the file holds all who left; None: not known."""

    column: str
    positive: str | tuple[str, ...]
    negative: str | tuple[str, ...] | None = None
    window: float | Literal["ever"] | None = None

    @property
    def is_date(self) -> bool:
        """Whether the column holds the days on which customers left."""
        return self.positive == ANY_DATE

    @property
    def leavers(self) -> tuple[str, ...]:
        """The values for customers who left."""
        return (self.positive,) if isinstance(self.positive, str) else self.positive

    @property
    def stayers(self) -> tuple[str, ...]:
        """The values for customers who stayed, as far as they are known; with dates, what is missing."""
        if self.negative is None:
            return ("",) if self.is_date else ()
        return (self.negative,) if isinstance(self.negative, str) else self.negative

    def written(self, day: str) -> tuple[str, str]:
        """What to write into the column for a customer who left, on that `day`, and for one who stayed."""
        left = day if self.is_date else self.leavers[0]
        return left, self.stayers[0] if self.stayers else f"not {left}"


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One input of the model. ``minimum`` and ``maximum`` bound what a server accepts (None: unbounded);
    ``spelling`` is how a file writes dates, a format of ``strptime`` (empty: found out);
    ``simulate`` tells the simulator how such values are distributed (None: this feature cannot be simulated)."""

    name: str
    type: FeatureType
    label: str = ""
    minimum: float | None = None
    maximum: float | None = None
    spelling: str = ""
    simulate: dict[str, Any] | None = None

    @property
    def words(self) -> str:
        """The feature in plain words, for names and reasons."""
        return self.label or self.name


class SegmentRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The behaviour features that segments are built on (never the label); empty: all features. ``count`` is how many
    segments there are."""

    features: tuple[str, ...] = ()
    count: int = 4


class ValueRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer's lifetime value: ``column`` × ``margin`` a month, over ``months`` months, each counted as far as the
    customer is still there (``retention``) and discounted by ``discount_rate`` a year.

    ``retention`` is the share of customers, kept today, who are still there after 1, 2, … months; past its end the last
    month's ratio goes on, and empty means that everybody stays. Money is in the currency of the column.
    """

    column: str
    months: float = 12.0
    margin: float = 1.0
    discount_rate: float = 0.0
    retention: tuple[float, ...] = ()

    @property
    def factor(self) -> float:
        """What the column is multiplied with for all that is ahead: :func:`~churn_model.money.value_factor`."""
        return value_factor(self)


class TimeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a customer has been one: a number ``column`` in units of ``months`` months (12 for years; empty: not
    known). ``observed_since`` names the column with the duration at which each customer's observation began, in the
    same units, where it differs by customer; it is never a feature. ``snapshot`` is as of when customers are described,
    so that dates become days before it: an ISO date, or the name of a column with each row's own (empty: the latest
    date that the training file holds, days to come left aside), which is spelt as
    ``snapshot_spelling`` says (empty: found out)."""

    column: str = ""
    months: float = 1.0
    observed_since: str = ""
    snapshot: str = ""
    snapshot_spelling: str = ""


class HoldoutRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Customers who are never learnt from, so that models can be compared on them. ``salt`` names them, empty: the
    model's name does; another one holds out others, and models of before and after can hardly be compared. ``share`` of
    the customers, None: a tenth, or a fifth where a tenth is too few."""

    salt: str = ""
    share: float | None = None


class RefreshRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a champion is old enough to give way to a model of newer data that is not worse, though not shown to be
    better: ``after_days`` since it was made, if what the new one earns is lower by no more than ``margin``, a share of
    what the champion earns."""

    after_days: float
    margin: float


class LogRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which features may be kept beside an answer in the prediction log; no others ever are, and none unless said."""

    features: tuple[str, ...] = ()


class ProfitRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The economics of a retention campaign (Verbraken et al. 2013): lifetime value, cost of the offer, cost of the
    contact, and the beta distribution of the probability that a would-be churner accepts the offer. ``budget_share`` is
    the share of customers that a campaign of fixed budget can contact."""

    customer_value: float = 200.0
    offer_cost: float = 10.0
    contact_cost: float = 1.0
    acceptance_alpha: float = 6.0
    acceptance_beta: float = 14.0
    budget_share: float = 0.1


class RefreshTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a champion's package says about giving way: the ``rule`` of the use case that it was trained by, and
    ``profit``, the economics by which it was compared then."""

    rule: RefreshRule
    profit: ProfitRule


class ProfitStatement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a use case says of the economics of a campaign, as far as it does; the rest follows from its other parts.

    ``customer_value``: None, the mean of what keeping each customer is worth by the value rule. ``action``: the id of
    the action by which models are compared, whose costs and effect take the place of offer, contact and acceptance.
    What else is not said is as in :class:`ProfitRule`.
    """

    customer_value: float | None = None
    action: str = ""
    offer_cost: float | None = None
    contact_cost: float | None = None
    acceptance_alpha: float | None = None
    acceptance_beta: float | None = None
    budget_share: float | None = None


class RiskRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Churn probabilities from which a customer counts as medium and as high risk."""

    medium: float = 0.3
    high: float = 0.6


class ContactRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a campaign's file of customers says about contacting them: the column with the days since the last contact
    (empty cell: never), the one with how many there were in the last year, and a yes/no column of those who have said
    that they want no contact at all, whatever the action (empty cell: no). Empty names: the file does not say."""

    days_since_column: str = ""
    last_year_column: str = ""
    do_not_contact_column: str = ""


class ActionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something a company can do for a customer.

    ``effect`` is the probability that a customer who would leave stays because of it; ``source`` says whether that was
    measured in an experiment or assumed, ``evidence`` where, ``effect_interval`` how sure (95 %). ``cost`` is what a
    customer who accepts costs in all, ``contact_cost`` the part of it that reaching a customer costs in any case (None:
    all of it). ``capacity`` how many customers a campaign can give it to (None: no limit). ``consent`` names the yes/no
    column of a campaign's file without whose «yes» the action is not for a customer; ``rest_days`` and ``yearly_limit``
    keep customers who were contacted lately or often out of it. Empty ``segments``: all of them.
    """

    id: str
    name: str
    cost: float
    effect: float
    contact_cost: float | None = None
    source: Source = "assumed"
    evidence: str = ""
    effect_interval: tuple[float, float] | None = None
    segments: tuple[int, ...] = ()
    risk: tuple[Risk, ...] = RISKS
    minimum_value: float = 0.0
    capacity: int | None = None
    consent: str = ""
    rest_days: int = 0
    yearly_limit: int | None = None

    @property
    def contact(self) -> float:
        """Cost of reaching a customer, whatever comes of it."""
        return self.cost if self.contact_cost is None else self.contact_cost

    @property
    def offer(self) -> float:
        """Cost of the offer, once it is accepted."""
        return self.cost - self.contact
