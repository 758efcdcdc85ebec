"""What to do next where a page says that a figure is not known: why it is not, and whose hand can change it.

A page has this part when it shows such a figure, whichever it is, so that none says so and leaves it at that.
"""

from markupsafe import Markup

from churn_marketing.services import services
from churn_marketing.store.library import Current
from churn_marketing.text.amounts import UNKNOWN

_SCORE = "then score the customers again, and the figures come with the new batch"
_EARLIER = (
    "Where only some are missing: an earlier batch has its figures when the file that was scored lies in {folder} "
    "under the batch's name, and a customer when their fields are filled in; score the corrected file again."
)


def linked(amount: str) -> str:
    """An amount as it stands on a page: one that is not known leads to what to do about it."""
    return Markup('<a class="unknown" href="#not-known">not known</a>') if amount == UNKNOWN else amount


def ways_to_know() -> list[str]:
    """Sentences, each with what is missing and what to do; the last one holds wherever nothing else is wrong."""
    known = services()
    current, package = known.library.snapshot().current, known.model.package
    folder = known.settings.customer_folder
    found = []
    if known.usecase.value is None:
        found.append(
            f"The use case {known.usecase.name} does not say what a customer is worth. Whoever runs the app names the "
            f"column of the amount in it, under “value”, and trains again (churn train); {_SCORE}."
        )
    elif package is not None and not package.description.actions.knows_value:
        found.append(
            "The model was made before the use case said what a customer is worth. Whoever runs the app trains again "
            f"(churn train); {_SCORE}."
        )
    elif current is not None:
        found += _of_batch(current, known.usecase.value.column, str(folder))
    return [*found, _EARLIER.format(folder=folder)]


def _of_batch(current: Current, column: str, folder: str) -> list[str]:
    facts, batch = current.facts, current.batch
    total = facts["total"]
    lacking = total["customers"] - total["valued"]
    found = []
    if batch.customers is None:
        found.append(
            f"The file that was scored as {batch.name} is not there. Copy it into {folder} under that name: it is read "
            "within seconds, and the customers need not be scored again."
        )
    elif not facts["columns"]:
        found.append(
            f"The file of customers of {batch.name} cannot be read; the top of the page says why. Correct it in "
            f"{folder}, {_SCORE}."
        )
    elif lacking:
        found.append(
            f"{lacking:,} of {total['customers']:,} customers have no amount in the column {column}. Fill it in, "
            f"{_SCORE}."
        )
    if total["expected_value"] is None:
        found.append(
            f"The batch {batch.name} says nothing of what actions bring: it was scored by a model that did not know "
            "what customers are worth. Score the customers again with the present one."
        )
    return found
