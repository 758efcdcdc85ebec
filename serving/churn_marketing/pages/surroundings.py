"""What stands around every page: who asks, where else to go, which batch and model this is about, and what is wrong
with them."""

import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import g, request

from churn_marketing.pages.unknown import ways_to_know
from churn_marketing.services import services
from churn_marketing.settings import Settings
from churn_marketing.store.fetched import fetching_of
from churn_marketing.text.amounts import day, length
from churn_model.package import Package

NAVIGATION = (
    ("overview.page", "Overview"),
    ("customers.page", "Customers"),
    ("segments.page", "Segments"),
    ("plan.page", "Plans"),
    ("results.page", "Results"),
    ("models.page", "Models"),
)

_BELONGS = {"customer": "customers", "frozen_plan": "plan", "wishes": "plan"}
"""Pages that are reached from another one, which is the one to be marked."""


@dataclass(frozen=True)
class Notice:
    """Something that people should know before they read on; ``kind`` is info or warning."""

    kind: str
    text: str


def surroundings() -> dict[str, Any]:
    """For every template."""
    who = g.get("person")
    if who is None:
        return {"person": None, "navigation": ()}
    here = (request.endpoint or "").split(".")[0]
    here = _BELONGS.get(here, here)
    current = services().library.snapshot().current
    return {
        "person": who,
        "navigation": [(name, label, name.split(".")[0] == here) for name, label in NAVIGATION],
        "notices": notices(),
        "snapshot": services().library.snapshot(),
        "batch_folder": services().settings.batch_folder,
        "customer_folder": services().settings.customer_folder,
        "scoring": _scoring(),
        "package": services().model.package,
        "now": time.time(),
        "ways_to_know": ways_to_know,
        "some_unknown": current is not None and current.facts["total"]["valued"] < current.facts["total"]["customers"],
    }


def _scoring() -> tuple[str, str]:
    """What to type for `churn score` on this machine: the program, and the words that say whose customers these are."""
    here = Path(sys.executable).with_name("churn")
    usecase = services().settings.usecase
    own = Path(usecase)
    name = str(own.resolve()) if own.is_file() else usecase
    words = "" if name == Settings.model_fields["usecase"].default else f" --usecase {shlex.quote(name)}"
    return shlex.quote(str(here)) if here.exists() else "churn", words


def _simulated(package: Package | None) -> list[Notice]:
    """Whose figures are about nobody: all of them, or those that the gateway answers with."""
    if package is not None and package.manifest.training_data.simulated:
        text = "Simulated customers: the model learnt from made-up data, so no figure here is about real people."
        return [Notice("warning", text)]
    serving = services().gateway.glance()
    if serving is None or not serving.simulated:
        return []
    text = (
        f"Simulated customers: the model that serves now, version {serving.version}, learnt from made-up data, so its "
        "reasons and what it answers to “what if” are not about real people."
    )
    return [Notice("warning", text)]


def notices() -> list[Notice]:
    """What is wrong with, or special about, what pages show."""
    known = services()
    snapshot, package = known.library.snapshot(), known.model.package
    found = _simulated(package)
    if known.model.problem:
        found.append(Notice("warning", f"The model cannot be shown: {known.model.problem}."))
    away_since = fetching_of(known.settings.batch_folder.parent).away_since
    if away_since is not None:
        text = (
            f"No new scores since {day(away_since)}: object storage, where they come from, does not answer. New ones "
            "appear by themselves once it does; whoever runs the app finds more in the log of what fetches them."
        )
        found.append(Notice("warning", text))
    if snapshot.preparing:
        found.append(
            Notice(
                "info", f"The batch {snapshot.preparing} is being prepared. Until then you see what was there before."
            )
        )
    found += [Notice("warning", f"The batch {each.name} is not shown: {each.problem}.") for each in snapshot.unfit]
    if snapshot.current is not None:
        age = snapshot.current.age(time.time())
        if age > known.settings.stale_hours * 3600:
            found.append(
                Notice(
                    "warning", f"These scores are {length(age)} old. Score the customers again before you act on them."
                )
            )
        found += [Notice("warning", each) for each in snapshot.current.facts["warnings"]]
        found += [Notice("info", each) for each in snapshot.current.facts["notes"]]
    return found
