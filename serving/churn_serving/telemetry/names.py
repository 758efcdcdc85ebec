"""Names of metrics and labels, written once: code, alert rules and dashboards all refer to these."""

REQUESTS = "churn_requests_total"
REQUEST_SECONDS = "churn_request_seconds"
BACKEND_SECONDS = "churn_backend_seconds"
BACKEND_CALLS = "churn_backend_calls_total"
BACKEND_STATE = "churn_backend_state"
FALLBACK = "churn_fallback_total"
SHED = "churn_shed_total"
EXPLANATIONS = "churn_explanations_total"
MODEL_INFO = "churn_model_info"
BATCH_ROWS = "churn_backend_batch_rows"
UNSEEN_LEVELS = "churn_unseen_levels_total"
MISSING_VALUES = "churn_missing_values_total"
LOG_DROPPED = "churn_request_log_dropped_total"
AUTHENTICATION_REFUSED = "churn_authentication_refused_total"
API_KEY_LOADS = "churn_api_key_loads_total"
PACKAGE_KEY_LOADS = "churn_package_key_loads_total"
CANARY_SHARE = "churn_canary_share"
CANARY_WEIGHT_LOADS = "churn_canary_weight_loads_total"
TASK_CRASHES = "churn_background_task_crashes_total"
CONNECTIONS_REFUSED = "churn_connections_refused_total"

PACKAGE_KEY_LOADS_HELP = "Changed files of the keys that packages must be signed with, read or refused."
TASK_CRASHES_HELP = "Endings of background tasks, each of which was started again."
CONNECTIONS_REFUSED_HELP = "Connections that were ended by this process, by reason."

ROUTE = "route"
SERVED_BY = "served_by"
MODEL_VERSION = "model_version"
CODE = "code"
BACKEND = "backend"
REASON = "reason"
OUTCOME = "outcome"
DIGEST = "digest"
TASK = "task"
FEATURE = "feature"

# Seconds. Dense below 5 ms, where this system lives; 0.025 and 0.1 are the bounds that the latency objectives use.
LATENCY_BUCKETS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0,
)  # fmt: skip
ROWS_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024)
