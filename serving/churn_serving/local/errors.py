"""What can keep a local start from coming up or staying up. The text of each is one line for a person.

LocalError
├── NotStarted
│   ├── SettingError     a flag, variable, folder or port that cannot be used
│   └── AlreadyRunning   another start holds the same local state
└── ServiceError         a service cannot be kept alive: everything was stopped
    ├── ServiceRefused   it says that what it was given is bad
    └── ServiceFailed    it ended too often, or was not ready in time
"""

from collections.abc import Sequence


class LocalError(Exception):
    """Family of all errors of a local start."""


class NotStarted(LocalError):
    """Nothing was started."""


class SettingError(NotStarted):
    """Something a person chose cannot be used."""


class AlreadyRunning(NotStarted):
    """The local state belongs to a start that still runs or is still ending."""


class ServiceError(LocalError):
    """A service cannot be kept alive; ``log_tail`` holds the last lines it wrote."""

    def __init__(self, text: str, log_tail: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.log_tail = tuple(log_tail)


class ServiceRefused(ServiceError):
    """A service ended at once because its model package or its settings are bad; starting it again cannot help."""


class ServiceFailed(ServiceError):
    """A service ended too often, or was not ready in time."""
