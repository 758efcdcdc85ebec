"""Ties plans to what pages show: the current batch's customers, the model that lies there, the use case's rules.

Who asks for a plan where there is nothing to stand on is told what is missing and what to do.
"""

from pathlib import Path

from churn_marketing.planning.faults import PlanningFault
from churn_marketing.planning.ground import Ground, known_usecase
from churn_marketing.planning.terms import Choices
from churn_marketing.store.library import Library
from churn_marketing.store.served_model import ServedModel


class Standing:
    """Safe to use from many threads."""

    def __init__(self, usecase: str, library: Library, model: ServedModel, verify_key: Path, folder: Path) -> None:
        self._usecase, self._library, self._model = usecase, library, model
        self._verify_key, self._folder = verify_key, folder

    def ground(self) -> Ground:
        """What plans stand on now.

        Raises:
            PlanningFault: there are no actions, no scores, no customers or no model.
        """
        if not known_usecase(self._usecase).actions:
            raise PlanningFault(
                "There is nothing to plan with: the use case names no actions. Whoever runs the app can add some under "
                "“actions”, with what each costs and keeps, and train again."
            )
        package, current = self._model.package, self._library.snapshot().current
        if package is None:
            raise PlanningFault(f"There is no model to plan with: {self._model.problem}.")
        if current is None:
            raise PlanningFault("There are no scores yet. Score the customers, then plan.")
        batch = current.batch
        if batch.customers is None:
            raise PlanningFault(
                f"Planning needs the customers' own fields, their consents among them. Put the file that was scored as "
                f"“{batch.name}” into the folder of customers under the same name."
            )
        return Ground(
            usecase=self._usecase,
            model=self._model.folder,
            digest=package.digest,
            verify_key=self._verify_key,
            customers=batch.customers,
            batch=batch.code,
            folder=self._folder,
        )

    def choices(self) -> Choices:
        """What there is to choose from; no segments as long as there is no model."""
        package = self._model.package
        profiles = {} if package is None else package.description.segmenter.profiles
        return Choices(known_usecase(self._usecase).actions, tuple(sorted(profiles)))

    def segment_names(self) -> dict[int, str]:
        """The segments in words."""
        package = self._model.package
        return (
            {} if package is None else {key: each.name for key, each in package.description.segmenter.profiles.items()}
        )
