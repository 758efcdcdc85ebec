"""Who has been champion in MLflow, and whether its alias says so: what aliases alone cannot hold.

MLflow's alias `champion` can be moved by anybody in its pages, past every gate, and knows no past. So each change that
goes through this project is kept as a tag of the registered model, the way back, the present champion last; the aliases
show it. An alias that says something else was moved by somebody else: it is not followed, and named.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
PREVIOUS = "previous"
HISTORY_TAG = "churn.champions"
"""Of the registered model: versions that were champion and not taken back, oldest first, with spaces between."""
LONGEST = 100


class Champions:
    """The champions of registered models. MLflow's errors pass."""

    def __init__(self, client: "MlflowClient") -> None:
        self._client = client

    def history(self, name: str) -> list[str]:
        """Versions that were champion, the present one last; none where there is none. A version that was deleted is
        no way back. What a registry of former releases knows stands in its aliases, where `previous` is newer than the
        champion after a rollback, and was rejected then."""
        model = self._model(name)
        if model is None:
            return []
        recorded = str(model.tags.get(HISTORY_TAG, "")).split()
        if not recorded:
            recorded = [str(model.aliases[alias]) for alias in (PREVIOUS, CHAMPION) if alias in model.aliases]
            recorded = recorded if sorted(recorded, key=int) == recorded else recorded[-1:]
        there = {str(version.version) for version in self._client.search_model_versions(f"name = '{name}'")}
        return [version for version in dict.fromkeys(recorded) if version in there] if there else []

    def astray(self, name: str) -> str | None:
        """The version that the alias `champion` was moved to by somebody else; None while it says what is kept."""
        model = self._model(name)
        if model is None or CHAMPION not in model.aliases:
            return None
        alias, history = str(model.aliases[CHAMPION]), self.history(name)
        return alias if history and history[-1] != alias else None

    def keep(self, name: str, history: list[str]) -> None:
        """Make the last of these versions champion. The tag is written last: a crash before it leaves the champion as
        it was, and an alias that is named as astray."""
        if len(history) > 1:
            self._client.set_registered_model_alias(name, PREVIOUS, history[-2])
        elif (model := self._model(name)) is not None and PREVIOUS in model.aliases:
            self._client.delete_registered_model_alias(name, PREVIOUS)
        self._client.set_registered_model_alias(name, CHAMPION, history[-1])
        self._client.set_registered_model_tag(name, HISTORY_TAG, " ".join(history[-LONGEST:]))

    def _model(self, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - MLflow's own, which has no types
        found = self._client.search_registered_models(f"name = '{name}'")
        return found[0] if found else None
