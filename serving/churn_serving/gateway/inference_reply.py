"""From a request of the Open Inference Protocol that was read to its answer that is yet to be written, whichever way it
came; it must not know which that was.
"""

from churn_model import Description
from churn_serving.gateway.large_bodies import release
from churn_serving.gateway.model_view import require_served
from churn_serving.gateway.service import Exchange, PredictionService
from churn_serving.gateway.warnings import warnings_text
from churn_serving.oip.messages import InferReply, InferRequest


async def reply_to(
    service: PredictionService, exchange: Exchange, request: InferRequest, description: Description, version: str
) -> InferReply:
    """Score the customers, and keep the answer where answers are kept.

    Raises:
        UnknownModel: pods of another version than the wanted one have answered.
        BackendError, Overloaded, NotReady: as :meth:`PredictionService.predict`.
    """
    rows, named = request.rows, request.id or None
    outcome = await service.predict(exchange, rows, description, named, version, request.notes)
    served, scores = outcome.description, outcome.scores
    require_served(served, served.name, version)
    reply = InferReply(
        served.name,
        served.version,
        served.digest,
        request.id,
        scores.probabilities,
        scores.segments,
        served_by=outcome.served_by,
        warnings=warnings_text(exchange.notes, rows, served.schema),
    )
    if service.prediction_log is not None:
        await service.prediction_log.scored(exchange, rows, named)
    await release(rows)
    return reply
