"""From what the gate finds and what somebody asks for to whether a model becomes champion.

An order overrules the gate only openly: the decision then says so, and what the gate found. It must not know how
contests are held.
"""

from dataclasses import replace
from typing import Literal

from churn_training.comparison.champion_contest import Challenger, ChampionDecision, CurrentChampion, contest
from churn_training.comparison.doubts import FEW, LEAK, doubts_about
from churn_training.comparison.final_measure import Finished

Promotion = Literal["gated", "always", "never", "served"]
"""Whether a new version becomes champion: if the gate passes it, in any case, in none, or if the gate passes it or
nothing could be served otherwise."""
_ASKED = {"always": "--force-promote", "served": "churn up, which has nothing else to serve"}


def decide(
    champion: CurrentChampion,
    challenger: Challenger,
    finished: Finished,
    number: int,
    seed: int,
    promotion: Promotion,
    *,
    accept_leak: bool,
) -> ChampionDecision:
    """Judge a finished model and decide.

    Args:
        champion: as it is now.
        challenger: the finished model.
        finished: what was measured of it.
        number: of this champion's contest, from 1.
        seed: of bootstrap samples.
        promotion: what was asked for.
        accept_leak: whether a model that is too good to be true may be promoted.
    """
    held_out = finished.held_out
    doubts = doubts_about(
        held_out.churned, held_out.customers, finished.metrics, finished.cross_validated, held_out.notices
    )
    sentences = {doubt.rule_name: doubt.sentence for doubt in doubts}
    leak, few = sentences.get(LEAK, ""), sentences.get(FEW, "")
    if leak and not accept_leak:
        return ChampionDecision(promoted=False, reason=leak, overruled_by="--accept-leak")
    too_few = ChampionDecision(promoted=False, reason=few)
    if promotion == "served" and champion.registered is not None:
        promotion = "gated"
    return _as_asked(too_few if few else contest(champion, challenger, number, seed), promotion, leak)


def _as_asked(found: ChampionDecision, promotion: Promotion, leak: str) -> ChampionDecision:
    if promotion == "never":
        return replace(found, promoted=False, reason=f"asked not to be; the gate: {_within(found.reason)}")
    if not found.passed:
        if promotion in _ASKED:
            reason = f"asked for by {_ASKED[promotion]}, although {_within(found.reason)}"
            return replace(found, promoted=True, overridden=True, reason=reason)
        return replace(found, overruled_by="--force-promote")
    if leak:
        return replace(found, overridden=True, reason=f"{found.reason}, accepted by --accept-leak although {leak}")
    return found


def _within(reason: str) -> str:
    """A sentence as a part of another; what begins with a measure's name (ROC AUC) stays as it is."""
    return reason[:1].lower() + reason[1:] if reason[1:2].islower() or reason[1:2] == " " else reason
