#!/usr/bin/env bash
# The same by gRPC, with grpcurl: a double that is missing is NaN, a text is in base64, as JSON holds protocol buffers.
# The gateway describes its services itself (reflection), so no .proto file is needed.
set -euo pipefail
message="${1:-$(dirname "$0")/infer-grpc.json}"
[ -r "$message" ] || { echo "$message: no such file" >&2; exit 2; }
command -v grpcurl >/dev/null || { echo "grpcurl is not on the PATH: docs/integrate/grpc.md says how to get it" >&2; exit 2; }

grpcurl -plaintext -max-time 10 ${CHURN_API_KEY:+-H "authorization: Bearer $CHURN_API_KEY"} \
  -d @ "${CHURN_GRPC:-127.0.0.1:8081}" inference.GRPCInferenceService/ModelInfer <"$message"
