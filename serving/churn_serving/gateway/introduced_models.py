"""The models that a segment of the prediction log has introduced, and what may be kept of their rows.

It must not know who answered or what becomes of a record.
"""

import operator
from collections.abc import Callable

from churn_model import Description, Row
from churn_model.prediction_log.frames import frame
from churn_model.prediction_log.records import encode_note, kept_features, model_note

_Values = tuple[float | str | None, ...]
_Kept = Callable[[Row], _Values]
"""The values of a row that may be kept."""


def _getter(places: tuple[int, ...]) -> _Kept:
    if len(places) > 1:
        return operator.itemgetter(*places)
    return lambda row: tuple([row[place] for place in places])


class IntroducedModels:
    """The models that the present segment has introduced, by digest; each knows which values may be kept.

    Names and places are looked up once a model, and what a row costs is one call.
    """

    def __init__(self) -> None:
        self._sequence = -1
        self._numbers: dict[str, int] = {}
        self._kept: dict[str, _Kept] = {}

    def kept(self, description: Description) -> _Kept:
        """What tells the values of a row that may be kept."""
        found = self._kept.get(description.digest)
        if found is None:
            found = self._kept[description.digest] = _getter(kept_features(description))
        return found

    def number(self, sequence: int, description: Description) -> tuple[int, bytes]:
        """A model's number in this segment, and what introduces it, empty where that was done."""
        if sequence != self._sequence:
            self._sequence = sequence
            self._numbers.clear()
        number = self._numbers.get(description.digest)
        if number is not None:
            return number, b""
        number = self._numbers[description.digest] = len(self._numbers)
        return number, frame(encode_note(model_note(number, description)))

    def forget(self) -> None:
        """What was said last was not written: all is said again, and a number means what was said of it last."""
        self._sequence = -1
