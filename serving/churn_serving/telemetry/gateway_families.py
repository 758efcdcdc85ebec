"""What the gateway counts: each metric's words, labels and bounds, in tables. It counts nothing itself."""

from collections.abc import Mapping, Sequence

from churn_serving.telemetry import names
from churn_serving.telemetry.names import (
    ACTION,
    BACKEND,
    CODE,
    DIGEST,
    FEATURE,
    LANE,
    LATENCY_BUCKETS,
    MODEL_VERSION,
    NAME,
    OUTCOME,
    REASON,
    ROUTE,
    ROWS_BUCKETS,
    SCORE_BUCKETS,
    SEGMENT,
    SEGMENT_NAME,
    SERVED_BY,
)

Family = tuple[str, tuple[str, ...]]  # what it says to people, its labels

PLAIN_COUNTERS: Mapping[str, Family] = {
    names.REQUESTS: ("Requests answered.", (ROUTE, SERVED_BY, MODEL_VERSION, CODE)),
    names.BACKEND_CALLS: ("Calls to a backend by how they ended, and the model it had.", (BACKEND, OUTCOME, DIGEST)),
    names.LOG_LEFT_OUT: ("Answers that went well and have no line in the request log, since it had enough.", ()),
}
"""What every request or call adds to."""
COUNTERS: Mapping[str, Family] = {
    names.FALLBACK: ("Requests that went on from a backend without its answer, by reason.", (BACKEND, REASON)),
    names.FALLBACK_REQUESTS: (
        "Requests that their first choice did not answer, once each: why, and who did.", (REASON, SERVED_BY),
    ),
    names.BREAKER_OPENINGS: ("Times that a backend was left alone from then on.", (BACKEND,)),
    names.SHED: ("Requests refused early under load, by reason.", (REASON,)),
    names.EXPLANATIONS: ("Requests that asked for reasons: given, or why there were none.", (OUTCOME,)),
    names.UNSEEN_LEVELS: ("Customers with a level that training never saw, by feature.", (FEATURE,)),
    names.MISSING_VALUES: ("Customers without a value, by feature.", (FEATURE,)),
    names.LOG_DROPPED: ("Lines of the request log that were lost.", ()),
    names.AUTHENTICATION_REFUSED: ("Requests without a key that may call, by reason.", (REASON,)),
    names.API_KEY_LOADS: ("Changed files of API keys, read or refused.", (OUTCOME,)),
    names.CANARY_WEIGHT_LOADS: ("Changed files of the canary's weight, read or refused.", (OUTCOME,)),
}  # fmt: skip
GAUGES: Mapping[str, Family] = {
    names.BACKEND_STATE: ("Breaker of a backend: 0 closed, 1 half open, 2 open.", (BACKEND,)),
    names.BACKEND_REACHABLE: ("Whether a backend was there when it was last asked for its model.", (BACKEND,)),
    names.BACKEND_QUEUE: ("Requests, or chunks of large ones, that wait for a backend.", (BACKEND, LANE)),
    names.BACKEND_IN_FLIGHT: ("Calls under way to a backend.", (BACKEND, LANE)),
    names.MODEL_INFO: ("1 for the model a backend serves.", (BACKEND, NAME, MODEL_VERSION, DIGEST)),
    names.MODEL_CREATED: ("When the model that a backend serves was made, in Unix time.", (BACKEND, DIGEST)),
    names.CANARY_SHARE: ("Share of customers that the canary is asked about.", ()),
    names.REQUESTS_WAITING: ("Requests inside the gateway.", ()),
    names.LARGE_ROWS_WAITING: ("Customers of large requests inside the gateway.", ()),
    names.LOOP_LAG: ("How late the event loop keeps being, in seconds.", ()),
}
HISTOGRAMS: Mapping[str, tuple[str, tuple[str, ...], Sequence[float]]] = {
    names.REQUEST_SECONDS: (
        "Seconds from request to answer, inside the gateway.", (ROUTE, SERVED_BY, CODE), LATENCY_BUCKETS,
    ),
    names.BACKEND_SECONDS: ("Seconds a backend took for one call.", (BACKEND, OUTCOME), LATENCY_BUCKETS),
    names.BATCH_ROWS: ("Customers in one call to a backend.", (BACKEND,), ROWS_BUCKETS),
    names.SCORES: (
        "Churn probabilities given, by the model and by who served.", (NAME, DIGEST, SERVED_BY), SCORE_BUCKETS,
    ),
}  # fmt: skip
RECOMMENDATIONS: Family = (
    "Customers recommended an action, by segment and by the model.", (NAME, DIGEST, SEGMENT, SEGMENT_NAME, ACTION),
)  # fmt: skip
