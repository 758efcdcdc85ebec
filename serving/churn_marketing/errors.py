"""What can go wrong in the app, as one tree; pages and the command say each of them in words.

    MarketingError
    ├── SettingError        a setting, or a file that one names, cannot be used: the process does not start
    ├── BatchError          a batch of scores cannot be shown, and why
    │   └── BatchInterrupted    what made it was killed, or had no room; worth trying again
    ├── PlanningFault       something about a plan cannot be done (a tree of its own: planning.faults)
    └── GatewayAway         the gateway does not answer, or not as it should; worth trying again

A message is one line for a person. It holds no customer's id and no value of one.
"""


class MarketingError(Exception):
    """Base of everything that this package raises on purpose."""


class SettingError(MarketingError):
    """A setting is missing or unusable; one line that names flag and variable."""


class BatchError(MarketingError):
    """A batch of scores is not whole, is no table of answers, or cannot be read."""


class BatchInterrupted(BatchError):
    """Nothing is known to be wrong with the batch: what made it ended before it was done."""


class GatewayAway(MarketingError):
    """The gateway gave no answer that can be shown."""
