"""What an environment has served, from the commits that changed its model file: a stack that a rollback walks down.

It goes by what the file held and not by who changed it or with which words, so that `git revert`, a merge of a squashed
branch and an edit by hand count as what they are: a model that was there before is a way back, and what had come since
was taken back. It must not know how git keeps commits.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from churn_delivery.errors import EnvironmentProblem
from churn_delivery.model_file import ServedModel, read_model


@dataclass(frozen=True)
class FileState:
    """What a file held from a commit on; None: it was not there. `day` in UTC, as 2026-01-31."""

    commit: str
    day: str
    text: bytes | None


@dataclass(frozen=True)
class Served:
    """A model that was or is served; since when and by which commit, and which text brought it."""

    model: ServedModel
    commit: str
    day: str
    text: bytes


@dataclass(frozen=True)
class History:
    """`stack`: the way back, the present model last; `withdrawn`: what was taken back, by identity, and not promoted
    again since, with the commit that did it."""

    stack: tuple[Served, ...]
    withdrawn: dict[str, Served]

    @property
    def present(self) -> Served | None:
        """What is served; None before the first promotion."""
        return self.stack[-1] if self.stack else None

    def holds(self, identity: str) -> bool:
        """Whether a model was served and never taken back."""
        return any(each.model.identity == identity for each in self.stack)


def history_of(path: str, states: Iterable[FileState]) -> History:
    """The history of a model file from its states, newest first."""
    stack: list[Served] = []
    withdrawn: dict[str, Served] = {}
    for state in reversed(list(states)):
        found = _served(path, state)
        if found is None:
            continue
        if stack and stack[-1].model.identity == found.model.identity:
            # The same model since then; what else the file says of it by now is what a way back leads to.
            stack[-1] = replace(stack[-1], model=found.model, text=found.text)
            continue
        known = next((place for place, each in enumerate(stack) if each.model.identity == found.model.identity), None)
        if known is not None:
            for each in stack[known + 1 :]:
                withdrawn[each.model.identity] = replace(each, commit=found.commit, day=found.day)
            del stack[known:]
        stack.append(found)
        withdrawn.pop(found.model.identity, None)
    return History(tuple(stack), withdrawn)


def _served(path: str, state: FileState) -> Served | None:
    """None where the file names no model, or was a file that nobody could have served."""
    if state.text is None:
        return None
    try:
        model = read_model(path, state.text)
    except EnvironmentProblem:
        return None
    return Served(model, state.commit, state.day, state.text) if model.identity else None
