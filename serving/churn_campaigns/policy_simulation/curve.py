"""Which worlds are simulated: the curve over company sizes, and what may be otherwise than assumed; both families."""

from dataclasses import replace

from churn_campaigns.policy_simulation.assumptions import GONE, HIDDEN, SIZES
from churn_campaigns.policy_simulation.study import Scenario
from churn_campaigns.policy_simulation.world import Kind

USUAL = 100_000
"""The size at which everything else is varied."""


def scenarios(sizes: tuple[int, ...] = SIZES, usual: int = USUAL) -> list[Scenario]:
    """Both families at every size; at one size a quarter of the drivers hidden, half effects, late outcomes, none."""
    found = []
    for neighbours, words in ((False, "as assumed"), (True, "second family")):
        kind = Kind(neighbours=neighbours)
        found += [Scenario(words, size, kind) for size in sizes]
        beside = Scenario(words, usual, kind)
        found += [
            replace(beside, name=f"{words}, a quarter of the drivers hidden", kind=replace(kind, hidden=HIDDEN)),
            replace(beside, name=f"{words}, effects half as strong", kind=replace(kind, strength=0.5)),
            replace(beside, name=f"{words}, outcomes take three months", gone=GONE),
            replace(beside, name=f"{words}, no action has any effect", kind=replace(kind, strength=0.0)),
        ]
    return found
