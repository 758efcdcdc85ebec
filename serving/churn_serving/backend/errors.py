"""What can go wrong between a V2 request and its answer, free of any protocol.

    BackendError
    ├── UnknownModel          the name or version is not the one served here
    ├── UnknownRoute          no such path
    ├── WrongMethod           the path exists, not for this method
    ├── WrongMediaType        neither JSON nor the binary extension
    ├── NotReady              no model may answer right now
    ├── ExplainerBusy         so many explanations wait already that another would come too late
    ├── CannotExplain         this model's file does not hold what explaining takes
    └── PackageRefused        a package did not pass verification; the model served before keeps serving

A request whose content is wrong is :class:`churn_serving.oip.messages.InvalidRequest`, one with too many bytes
:class:`churn_serving.web.body.BodyTooLarge`. Each protocol maps all of these
by one table, and a test proves each table total.
"""


class BackendError(Exception):
    """Root of the tree; ``str`` is one line fit for the caller."""


class UnknownModel(BackendError):
    """The name or version asked for is not the one served here."""


class UnknownRoute(BackendError):
    """There is no such path."""


class WrongMethod(BackendError):
    """The path exists, not for this method; ``allowed`` is the one it takes."""

    def __init__(self, allowed: str) -> None:
        self.allowed = allowed
        super().__init__(f"only {allowed} is answered here")


class WrongMediaType(BackendError):
    """The body is neither JSON nor in the protocol's binary form."""


class NotReady(BackendError):
    """No model may answer right now; trying again later may help."""


class ExplainerBusy(BackendError):
    """So many explanations wait already that another would come too late; trying again later may help."""


class CannotExplain(BackendError):
    """This model's file does not hold what explaining its answers takes; its scores are sound."""


class PackageRefused(BackendError):
    """A package did not pass verification; the model served before keeps serving."""
