"""Everything that keeps a rollout from going on, below the tree of `churn_delivery.errors`.

DeliveryError
├── RolloutRefused        it cannot begin, or a person has changed what it goes by
└── Unavailable too:
├── MetricsAway           Prometheus does not answer, or answers with an error
├── NothingCounted        it answers and knows nothing of gateways or of the canary
└── ClockDiffers          its clock, or that of the counts, is not ours
"""

from churn_data.errors import Unavailable
from churn_delivery.errors import DeliveryError


class RolloutRefused(DeliveryError):
    """A rule of rollouts is against it."""


class MetricsAway(DeliveryError, Unavailable):
    """Prometheus cannot be asked."""


class NothingCounted(DeliveryError, Unavailable):
    """Prometheus has no counts to go by."""


class ClockDiffers(DeliveryError, Unavailable):
    """Counts are not of the moment that they should be of."""
