"""The models that a segment of the prediction log has introduced, and what may be kept of their rows.

It must not know who answered or what becomes of a record.
"""

import operator
from collections.abc import Callable

from churn_model import Description, Row
from churn_model.prediction_log.frames import frame
from churn_model.prediction_log.records import encode_note, kept_features, model_note

_Values = tuple[float | str | None, ...]
_NOWHERE = -1
_Kept = Callable[[Row], _Values]
"""The values of a row that may be kept."""


def _getter(places: tuple[int, ...]) -> _Kept:
    if len(places) > 1:
        return operator.itemgetter(*places)
    return lambda row: tuple([row[place] for place in places])


class KnownModel:
    """A model that answered: ``kept`` tells the values of a row that may be kept, ``number`` is the model's in the
    segment of number ``sequence``."""

    __slots__ = ("description", "kept", "number", "sequence")

    def __init__(self, description: Description) -> None:
        self.description = description
        self.kept = _getter(kept_features(description))
        self.number, self.sequence = 0, _NOWHERE


class IntroducedModels:
    """The models that the present segment has introduced. Names and places are looked up once a model, and what a row
    costs is one call."""

    def __init__(self) -> None:
        self._known: dict[str, KnownModel] = {}
        self._sequence = _NOWHERE
        self._count = 0

    def of(self, description: Description) -> KnownModel:
        """What is known of a model."""
        digest = description.digest
        return self._known.get(digest) or self._known.setdefault(digest, KnownModel(description))

    def introduce(self, model: KnownModel, sequence: int) -> bytes:
        """Give a model that is new to a segment its number there, and return what introduces it."""
        if sequence != self._sequence:
            self._sequence, self._count = sequence, 0
        model.sequence, model.number = sequence, self._count
        self._count += 1
        return frame(encode_note(model_note(model.number, model.description)))

    def forget(self) -> None:
        """What was said last was not written: all is said again, by numbers that the segment has not used, so that one
        means the same in all of it, whatever part of it a disk spoils."""
        for model in self._known.values():
            model.sequence = _NOWHERE
