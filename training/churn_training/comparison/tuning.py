"""Which setting is measured next: decided by seed and by what was measured before, never by a clock.

Families take turns, the one at place n about n times less often than the best. Each tries settings that are good on
many data sets first, then what a tree-structured Parzen estimator (Bergstra et al. 2011; Optuna) proposes in the
family's ranges. It must not measure anything.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from churn_training.families.candidates import Candidate
from churn_training.families.serving_time import serving_time
from churn_training.families.spaces import Range

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

EFFORT = {"native": 1.7, "catboost": 1.4, "trees": 1.0, "additive": 0.7, "linear": 0.5}
"""About how long a round of each kind takes beside others: dear ones must promise more."""
RANDOM_FIRST = 6
"""Settings of a family that are known before the estimator is asked; until then they are drawn at random."""
_TRIES = 20


class Proposals:
    """The settings of all families in the order in which they are measured."""

    def __init__(self, candidates: Sequence[Candidate], seed: int) -> None:
        self._turns = [_Turns(candidate, seed + place) for place, candidate in enumerate(candidates)]

    def following(self) -> Candidate | None:
        """The next setting; None when nothing is left to try. Its result must be told before the next is asked for."""
        first = next((turns for turns in self._turns if not turns.losses), None)
        if first is not None:
            return first.candidate.at({})
        able = [turns for turns in self._turns if turns.able]
        if not able:
            return None
        ranked = sorted(able, key=lambda turns: min(turns.losses))
        costs = [
            len(turns.losses) * EFFORT[turns.candidate.kind] * place for place, turns in enumerate(ranked, start=1)
        ]
        return ranked[costs.index(min(costs))].following()

    def leave_out(self, setting: Candidate) -> None:
        """Propose nothing of this setting's family."""
        self._turns = [turns for turns in self._turns if turns.candidate.name != setting.name]

    def told(self, setting: Candidate, loss: float) -> None:
        """What the setting that was proposed last came to."""
        next(turns for turns in self._turns if turns.candidate.name == setting.name).told(setting, loss)


class _Turns:
    """One family's settings and losses."""

    def __init__(self, candidate: Candidate, seed: int) -> None:
        self.candidate, self._seed = candidate, seed
        self._waiting = [candidate.at(other) for other in candidate.alternatives]
        self.losses: list[float] = []
        self._study: Study | None = None
        self._asked: Any = None

    @property
    def able(self) -> bool:
        return bool(self._waiting or self.candidate.space)

    def following(self) -> Candidate:
        if self._waiting:
            return self._waiting.pop(0)
        # What nobody could serve in time is not worth measuring; the last try is taken as it comes.
        for _ in range(_TRIES):
            self._asked = self._estimator().ask(_distributions(self.candidate))
            drawn = self._base().at(self._asked.params)
            if serving_time(drawn).fits:
                break
            self._estimator().tell(self._asked, state=_failed())
        return drawn

    def told(self, setting: Candidate, loss: float) -> None:
        self.losses.append(loss)
        if not self.candidate.space:
            return
        if self._asked is not None:
            self._estimator().tell(self._asked, loss)
            self._asked = None
            return
        import optuna

        known = {name: setting.parameters.get(name) for name in self.candidate.space}
        if all(self.candidate.space[name].holds(value) for name, value in known.items()):
            self._estimator().add_trial(
                optuna.trial.create_trial(params=known, distributions=_distributions(self.candidate), value=loss)
            )

    def _base(self) -> Candidate:
        """Whatever is not searched is as in the last of the alternatives, whose limits on trees are the wide ones."""
        last = self.candidate.alternatives[-1] if self.candidate.alternatives else {}
        return self.candidate.at({name: value for name, value in last.items() if name not in self.candidate.space})

    def _estimator(self) -> "Study":
        if self._study is None:
            import optuna

            optuna.logging.set_verbosity(optuna.logging.ERROR)
            sampler = optuna.samplers.TPESampler(seed=self._seed, n_startup_trials=RANDOM_FIRST)
            self._study = optuna.create_study(sampler=sampler)
        return self._study


def _failed() -> Any:
    from optuna.trial import TrialState

    return TrialState.FAIL


def _distributions(candidate: Candidate) -> "dict[str, BaseDistribution]":
    return {name: _distribution(each) for name, each in candidate.space.items()}


def _distribution(each: Range) -> "BaseDistribution":
    from optuna.distributions import FloatDistribution, IntDistribution

    if each.whole:
        return IntDistribution(int(each.low), int(each.high), log=each.log)
    return FloatDistribution(each.low, each.high, log=each.log)
