"""Simulated customers whose potential outcomes are all known: what each would do without and with every action.

Only in a simulation can a policy be held against what would have happened otherwise. For every customer and action one
of four response types (principal strata, Frangakis and Rubin 2002) is drawn: persuadable (would leave, stays for the
action), sure thing (stays anyway), lost cause (leaves anyway), do not disturb (would stay, leaves because of the
action). It must not know policies.
"""

from dataclasses import dataclass
from typing import Self

import numpy
import pandas

from churn_campaigns.policy_simulation import neighbours
from churn_campaigns.policy_simulation.assumptions import ACTIONS, CHURN, VALUE, Coefficients
from churn_data.simulate import simulate
from churn_model.usecase import load_usecase

NOTHING = -1

DRIVERS = (
    "tenure", "Contract", "InternetService", "TechSupport", "OnlineSecurity", "PaymentMethod", "PaperlessBilling",
    "SeniorCitizen", "Partner", "Dependents",
)  # fmt: skip
"""What churn and effects of the first family depend on, but for the bill, which every company knows."""

Array = numpy.ndarray


@dataclass(frozen=True)
class Kind:
    """A kind of world: what the probabilities to accept are multiplied with (0: no action does anything, neither does
    it disturb), the share of drivers that the company does not see, and whether it is of the second family."""

    strength: float = 1.0
    hidden: float = 0.0
    neighbours: bool = False


KIND = Kind()
IMAGINED = 2_000_000  # added to the seed of imagined customers, so that they are nobody's own


@dataclass(frozen=True)
class World:
    """Simulated customers.

    Attributes:
        features: all that is known of them.
        hidden: columns among them that the company does not see.
        value: float [customers], money lost when a customer leaves.
        cost: float [actions], per customer contacted.
        churn: float [customers], probability to leave without any action.
        effect: float [customers, actions], by how much an action lowers it, given the features.
        leaves: int [customers], 1 for leaves without any action.
        leaves_after: int [customers, actions], 1 for leaves after the action.
    """

    features: pandas.DataFrame
    value: Array
    cost: Array
    churn: Array
    effect: Array
    leaves: Array
    leaves_after: Array
    hidden: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.features)

    @property
    def visible(self) -> pandas.DataFrame:
        """What the company sees of them."""
        return self.features.drop(columns=list(self.hidden))

    @property
    def net(self) -> Array:
        """Expected value kept less cost: float [customers, actions]."""
        return numpy.asarray(self.effect * self.value[:, None] - self.cost)

    def outcome(self, choice: Array) -> Array:
        """Who leaves under a choice of actions (int [customers], -1 for nothing): int [customers]."""
        taken = self.leaves_after[numpy.arange(len(self)), numpy.maximum(choice, 0)]
        return numpy.where(choice == NOTHING, self.leaves, taken)

    def spent(self, choice: Array) -> float:
        """What a choice costs."""
        return float(self.cost[choice[choice != NOTHING]].sum())

    def response_types(self) -> pandas.DataFrame:
        """The share of each response type among the customers, one row an action."""
        leaves, after = self.leaves[:, None] == 1, self.leaves_after == 1
        types = {
            "persuadable": leaves & ~after,
            "sure thing": ~leaves & ~after,
            "lost cause": leaves & after,
            "do not disturb": ~leaves & after,
        }
        shares = {name: drawn.mean(axis=0) for name, drawn in types.items()}
        return pandas.DataFrame(shares, index=[action.id for action in ACTIONS])

    @classmethod
    def simulate(cls, customers: int, seed: int, kind: Kind = KIND, rules: int | None = None) -> Self:
        """Draw customers; the same seed draws the same.

        Args:
            customers: how many.
            seed: of features and outcomes.
            kind: of world.
            rules: seed of what a world of the second family is like, and of what is hidden (None: the customers' own).
        """
        own = seed if rules is None else rules
        features = simulated_features(customers, seed)
        if kind.neighbours:
            imagined = simulated_features(neighbours.PROTOTYPES, IMAGINED + own)
            churn, accept, disturb = neighbours.respond(features, imagined, own)
        else:
            churn, accept, disturb = _respond(features)
        if kind.neighbours:
            features[VALUE.column] = neighbours.heavy_tailed(features[VALUE.column].to_numpy(), seed)
        accept = accept * kind.strength
        disturb = disturb * (kind.strength > 0.0)
        generator = numpy.random.default_rng([seed, customers])
        leaves = generator.random(customers) < churn
        drawn = generator.random((customers, len(ACTIONS)))
        count = round(kind.hidden * len(DRIVERS))
        hidden = numpy.random.default_rng([own, 31]).choice(DRIVERS, count, replace=False)
        return cls(
            features,
            features[VALUE.column].to_numpy() * VALUE.factor,
            numpy.array([action.cost for action in ACTIONS]),
            churn,
            churn[:, None] * accept - (1.0 - churn[:, None]) * disturb,
            leaves.astype(int),
            numpy.where(leaves[:, None], drawn >= accept, drawn < disturb).astype(int),
            tuple(str(name) for name in hidden),
        )


def simulated_features(customers: int, seed: int) -> pandas.DataFrame:
    """Features of simulated telecom customers, as training reads them: numbers as floats, missing cells as NaN."""
    usecase = load_usecase("telecom")
    header, columns = simulate(usecase, customers, seed)
    table = dict(zip(header, columns, strict=True))
    numbers = {feature.name for feature in usecase.features if feature.type == "number"}
    typed: dict[str, object] = {}
    for feature in usecase.features:
        cells = pandas.Series(table[feature.name], dtype="category")
        typed[feature.name] = pandas.to_numeric(table[feature.name]) if feature.name in numbers else cells
    return pandas.DataFrame(typed)


def _respond(features: pandas.DataFrame) -> tuple[Array, Array, Array]:
    """Churn (float [customers]), acceptance and disturbance (float [customers, actions]) by sums of log-odds."""
    signals = _signals(features)
    accept = numpy.column_stack([_probability(action.accept, signals) for action in ACTIONS])
    disturb = numpy.column_stack([_probability(action.disturb, signals) for action in ACTIONS])
    return _probability(CHURN, signals), accept, disturb


def _probability(coefficients: Coefficients, signals: dict[str, Array]) -> Array:
    log_odds = sum(weight * signals[name] for name, weight in coefficients.items())
    return numpy.asarray(1.0 / (1.0 + numpy.exp(-log_odds)))


def _signals(features: pandas.DataFrame) -> dict[str, Array]:
    """What probabilities depend on: yes or no as 1 or 0, months, and bills above a threshold."""
    months, bill = features["tenure"].to_numpy(), features["MonthlyCharges"].to_numpy()

    def holds(column: str, level: str) -> Array:
        return (features[column] == level).to_numpy().astype(float)

    fibre, no_internet = holds("InternetService", "Fiber optic"), holds("InternetService", "No")
    no_support, check = holds("TechSupport", "No"), holds("PaymentMethod", "Electronic check")
    paperless, monthly = holds("PaperlessBilling", "Yes"), holds("Contract", "Month-to-month")
    automatic = features["PaymentMethod"].astype(str).str.contains("automatic").to_numpy().astype(float)
    return {
        "one": numpy.ones(len(features)),
        "month to month": monthly,
        "one year": holds("Contract", "One year"),
        "two years": holds("Contract", "Two year"),
        "newcomer": numpy.exp(-months / 8.0),  # 1 in the first month, half of it after half a year
        "months": months,
        "after 24 months": (months > 24).astype(float),  # noqa: PLR2004 - the signal's name says it
        "after 48 months": (months > 48).astype(float),  # noqa: PLR2004 - as above
        "after 50 months": (months > 50).astype(float),  # noqa: PLR2004 - as above
        "fibre": fibre,
        "dsl": holds("InternetService", "DSL"),
        "no internet": no_internet,
        "fibre without support": fibre * no_support,
        "fibre by check": fibre * check,
        "fibre by check, month to month": fibre * check * monthly,
        "electronic check": check,
        "automatic payment": automatic,
        "paperless": paperless,
        "paperless and automatic": paperless * automatic,
        "senior": features["SeniorCitizen"].to_numpy(),
        "no support": no_support,
        "no security": holds("OnlineSecurity", "No"),
        "partner": holds("Partner", "Yes"),
        "dependants": holds("Dependents", "Yes"),
        "bill above 65": bill - 65.0,
        "bill above 90": (bill > 90).astype(float),  # noqa: PLR2004 - as above
    }
