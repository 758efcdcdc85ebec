"""What was decided holds for the champion of then: another training may have ended, or somebody may have promoted a
version, while a model was judged.

It must not judge models.
"""

from dataclasses import replace

from churn_model.registry import Registry
from churn_training.comparison.champion_contest import ChampionDecision
from churn_training.comparison.decision import Promotion
from churn_training.comparison.recorder import Judgement, Recorder


def still(decision: ChampionDecision, champion: str, promotion: Promotion) -> ChampionDecision:
    """The decision as it is where `champion` is champion by now: who passed against the one of then was never held
    against this one, so only an order promotes it.

    Args:
        decision: what was found.
        champion: its version at this moment; empty if there is none.
        promotion: what was asked for.
    """
    if not decision.promoted or promotion == "always" or decision.against == champion:
        return decision
    then, now = (f"version {version}" if version else "no champion" for version in (decision.against, champion))
    reason = f"it was judged against {then}, and by now there is {now}"
    return replace(decision, promoted=False, overridden=False, reason=reason, overruled_by="--force-promote")


def recorded(
    judgement: Judgement,
    name: str,
    promotion: Promotion,
    registry: Registry,
    recorder: Recorder,
    *,
    before: ChampionDecision | None = None,
) -> Judgement:
    """The judgement with a decision that holds at this moment, handed to the recorder unless that decision was
    `before`.

    Raises:
        RegistryError: the registry does not say who is champion.
    """
    champion = registry.champion(name)
    decision = still(judgement.decision, champion.version if champion else "", promotion)
    judgement = replace(judgement, decision=decision)
    if decision != before:
        recorder.judged(judgement)
    return judgement
