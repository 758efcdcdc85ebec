"""Names of metrics and labels, written once: code, alert rules and dashboards all refer to these."""

# The gateway: what callers see.
REQUESTS = "churn_requests_total"
REQUEST_SECONDS = "churn_request_seconds"
SHED = "churn_shed_total"
EXPLANATIONS = "churn_explanations_total"
FALLBACK_REQUESTS = "churn_fallback_requests_total"
AUTHENTICATION_REFUSED = "churn_authentication_refused_total"
LOG_DROPPED = "churn_request_log_dropped_total"
LOG_LEFT_OUT = "churn_request_log_left_out_total"

# The gateway: its backends and what it knows of their models.
BACKEND_SECONDS = "churn_backend_seconds"
BACKEND_CALLS = "churn_backend_calls_total"
BACKEND_STATE = "churn_backend_state"
BACKEND_REACHABLE = "churn_backend_reachable"
BACKEND_QUEUE = "churn_backend_queued_requests"
BACKEND_IN_FLIGHT = "churn_backend_calls_in_flight"
BATCH_ROWS = "churn_backend_batch_rows"
BREAKER_OPENINGS = "churn_breaker_openings_total"
FALLBACK = "churn_fallback_total"
CANARY_SHARE = "churn_canary_share"
SHADOW_SHARE = "churn_shadow_share"
SHADOW_CALLS = "churn_shadow_calls_total"
SHADOW_DROPPED = "churn_shadow_dropped_total"
MODEL_INFO = "churn_model_info"
MODEL_CREATED = "churn_model_created_timestamp_seconds"

# The gateway: what customers are like, and what models say of them.
SCORES = "churn_scores"
SHADOW_DIFFERENCE = "churn_shadow_difference"
SHADOW_SHIFT = "churn_shadow_shift_total"
RECOMMENDATIONS = "churn_recommendations_total"
UNSEEN_LEVELS = "churn_unseen_levels_total"
MISSING_VALUES = "churn_missing_values_total"

# The gateway: how much is waiting.
REQUESTS_WAITING = "churn_requests_waiting"
LARGE_ROWS_WAITING = "churn_large_rows_waiting"
LOOP_LAG = "churn_event_loop_lag_seconds"

# The model servers.
MODEL_SERVER_REQUESTS = "churn_model_server_requests_total"
MODEL_SERVER_SECONDS = "churn_model_server_request_seconds"
MODEL_SERVER_BATCH_ROWS = "churn_model_server_batch_rows"
MODEL_SERVER_LOADS = "churn_model_server_loads_total"

# Every process.
BUILD_INFO = "churn_build_info"
TASK_CRASHES = "churn_background_task_crashes_total"
TASK_RUNNING = "churn_background_task_running"
SPANS_DROPPED = "churn_spans_dropped_total"
CONNECTIONS_REFUSED = "churn_connections_refused_total"
API_KEY_LOADS = "churn_api_key_loads_total"
PACKAGE_KEY_LOADS = "churn_package_key_loads_total"
CANARY_WEIGHT_LOADS = "churn_canary_weight_loads_total"
# As everybody calls them: the client library shows these.
PROCESS_CPU_SECONDS = "process_cpu_seconds_total"
PROCESS_MEMORY = "process_resident_memory_bytes"
PROCESS_START = "process_start_time_seconds"
PROCESS_OPEN_FILES = "process_open_fds"
PROCESS_MAXIMUM_FILES = "process_max_fds"

ROUTE = "route"
SERVED_BY = "served_by"
MODEL_VERSION = "model_version"
CODE = "code"
BACKEND = "backend"
REASON = "reason"
OUTCOME = "outcome"
DIGEST = "digest"
BESIDE = "beside"
DIRECTION = "direction"
TASK = "task"
FEATURE = "feature"
LANE = "lane"
COMPONENT = "component"
VERSION = "version"
NAME = "name"
PROTOCOL = "protocol"
SEGMENT = "segment"
SEGMENT_NAME = "segment_name"
ACTION = "action"

# Seconds. Dense below 5 ms, where this system lives; 0.025 and 0.1 are the bounds that the latency objectives use.
LATENCY_BUCKETS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0,
)  # fmt: skip
ROWS_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024)
# Churn probabilities; finer where most customers are and where campaigns draw their lines.
SCORE_BUCKETS = (
    0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95,
)  # fmt: skip
# By how much two models may differ about a customer; a rollout's report says the shares within 0.01, 0.05 and 0.1.
DIFFERENCE_BUCKETS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
MAXIMUM_MODELS = 8
"""Models, by digest or version, whose series a process keeps: with one more, those of the one first seen longest ago
go, so that labels stay bounded however many promotions a process lives to see."""

LARGE = " large"
"""What follows a route where a request is answered chunk by chunk: it takes long by design, and latency objectives are
for the rest."""
EXPLAIN = " explain"
"""The same for requests that want reasons."""
