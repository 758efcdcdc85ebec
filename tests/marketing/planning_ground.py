"""Customers, a use case and a package to plan with, small and real."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas
import yaml

from churn_marketing.planning import tasks
from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.ground import Ground, known_usecase
from churn_marketing.planning.planner import Outlook, Planner
from churn_marketing.planning.tasks import Draft
from churn_marketing.planning.terms import Choices, Fields, read_terms
from churn_marketing.planning.under_way import FreezesUnderWay
from churn_model import open_package
from sample_package import Keys, sample_rows, sample_schema

SCHEMA = sample_schema()
ACTIONS: list[dict[str, Any]] = [
    {"id": "call", "name": "A call", "cost": 10.0, "effect": 0.2, "capacity": 40, "consent": "agreed", "rest_days": 30},
    {"id": "discount", "name": "A discount", "cost": 40.0, "effect": 0.35, "minimum_value": 700},
    {"id": "mail", "name": "A message", "cost": 1.5, "effect": 0.02, "yearly_limit": 3, "risk": ["low", "medium"]},
]
USECASE: dict[str, Any] = {
    "name": "sample",
    "id": "customer",
    "label": {"column": "left", "positive": "yes", "negative": "no"},
    "value": {"column": "charges"},
    "groups": ["Contract"],
    "contacts": {
        "days_since_column": "days_since", "last_year_column": "contacts", "do_not_contact_column": "no_contact",
    },
    "actions": ACTIONS,
}  # fmt: skip


def people(count: int, seed: int = 7, prefix: str = "c") -> pandas.DataFrame:
    """Customers who do not exist, with the columns that actions' rules look at."""
    generator = numpy.random.default_rng(seed)
    frame = pandas.DataFrame(sample_rows(count, seed), columns=list(SCHEMA.names))
    frame.insert(0, "customer", [f"{prefix}{number}" for number in range(count)])
    frame["agreed"] = generator.choice(["yes", "No", ""], count)
    frame["no_contact"] = generator.choice(["yes", "", ""], count)
    frame["days_since"] = [None if dealt < 0.3 else round(400 * dealt) for dealt in generator.random(count) ** 2]
    frame["contacts"] = generator.integers(0, 6, count)
    return frame


@dataclass
class Desk:
    """A planner on a batch of customers, and what it told the audit trail."""

    folder: Path
    model: Path
    keys: Keys
    customers: Path
    batch: str = "first"

    def __post_init__(self) -> None:
        self.usecase = self.folder / "sample.yaml"
        self.usecase.write_text(yaml.safe_dump(USECASE))
        self.told: list[tuple[str, str]] = []
        self.planner = self.begin()

    def ground(self) -> Ground:
        digest = open_package(self.model, self.keys.trusted).digest
        place = self.folder / "planning"
        return Ground(str(self.usecase), self.model, digest, self.keys.verify_path, self.customers, self.batch, place)

    def choices(self) -> Choices:
        return Choices(known_usecase(str(self.usecase)).actions, (1, 2, 3))

    def begin(self) -> Planner:
        """A planner as a new process would have it."""

        def audit(person: str, action: str, **_: object) -> None:
            self.told.append((person, action))

        return Planner(self.folder / "planning", self.ground, self.choices, audit)

    def draft(self, person: str = "Ada", **fields: str | list[str]) -> str:
        """A draft with some fields that differ from the usual."""
        given: Fields = self.choices().beginning()
        given |= {name: [text] if isinstance(text, str) else text for name, text in fields.items()}
        return self.planner.make(given, person)

    def outlook(self, plan: str, *, anew: bool = False) -> Outlook:
        """What a draft comes to, when it was worked out."""
        return self.planner.outlook(self.planner.plans.get(plan), 250.0, anew=anew)

    def freeze(self, plan: str, person: str = "Ada") -> None:
        """Work a draft out and freeze it."""
        shown = self.outlook(plan).shown
        version = self.planner.plans.get(plan).version
        if not self.planner.freeze(plan, version, shown, person):
            assert self.planner.frozen(plan, 250.0)

    def work_out_here(self, plan: str) -> tuple[Draft, str]:
        """The draft and the name of what it comes to, worked out in this process."""
        found = self.planner.plans.get(plan)
        draft = Draft(plan, found.version, found.salt, read_terms(found.fields, self.choices()))
        tasks.work_out(self.ground(), draft)
        folder = self.planner.places.last_calculation(plan, self.ground().code, found.version)
        assert folder is not None
        return draft, folder.name

    def freeze_here(self, plan: str, person: str = "Ada") -> None:
        """The same by the same tasks in this process, where none has to be started for it."""
        draft, shown = self.work_out_here(plan)
        attempt = FreezesUnderWay(PlanDatabase(self.planner.places.database)).begin(plan, person)
        tasks.freeze(self.ground(), draft, shown, person, attempt)


@contextmanager
def desk_of(count: int, folder: Path, model: Path, keys: Keys) -> Iterator[Desk]:
    """A desk before so many customers, in a folder of its own."""
    people(count).to_csv(folder / "customers.csv", index=False)
    made = Desk(folder, model, keys, folder / "customers.csv")
    try:
        yield made
    finally:
        made.planner.end()
