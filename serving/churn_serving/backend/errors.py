"""What can go wrong between a V2 request and its answer in a model server, free of any protocol.

    ModelServerError
    ├── NoModelLoaded         no model may answer right now
    ├── ReaderBusy            so many large bodies wait to be read that another would come too late
    ├── ExplainerBusy         so many explanations wait already that another would come too late
    ├── CannotExplain         this model's file does not hold what explaining takes
    └── PackageRefused        a package did not pass verification; the model served before keeps serving

What a caller did wrong is said by the layers below: :mod:`churn_serving.oip.faults` (content, model),
:mod:`churn_serving.web.request` (path, method, media type) and :class:`churn_serving.web.body.BodyTooLarge`. Each
protocol maps all of these by one table, and a test proves each table total.
"""


class ModelServerError(Exception):
    """Root of the tree; ``str`` is one line fit for the caller."""


class NoModelLoaded(ModelServerError):
    """No model may answer right now; trying again later may help."""


class ReaderBusy(ModelServerError):
    """So many large bodies wait to be read already; trying again later may help."""


class ExplainerBusy(ModelServerError):
    """So many explanations wait already that another would come too late; trying again later may help."""


class CannotExplain(ModelServerError):
    """This model's file does not hold what explaining its answers takes; its scores are sound."""


class PackageRefused(ModelServerError):
    """A package did not pass verification; the model served before keeps serving."""
