"""What is open to everybody, on every protocol. Whatever does not stand here needs a key where callers need keys: new
pages and methods are closed until somebody writes them down here.

Open are health, which load balancers ask, what the protocol says of the server itself, and the documentation. Nothing
here may tell a model's name, version, features, levels or bounds.
"""

from churn_serving.oip.grpc_descriptors import HEALTH
from churn_serving.oip.grpc_methods import SERVICE

OPEN_PATHS = frozenset({"/livez", "/readyz", "/v2", "/v2/health/live", "/v2/health/ready", "/docs", "/openapi.json"})
OPEN_METHODS = frozenset(
    {
        f"/{SERVICE}/ServerLive",
        f"/{SERVICE}/ServerReady",
        f"/{SERVICE}/ServerMetadata",
        f"/{HEALTH}/Check",
        f"/{HEALTH}/Watch",
    }
)
