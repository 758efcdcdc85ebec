#!/usr/bin/env bash
# The same customers as tensors of the Open Inference Protocol V2, or the body of a file that is named, by curl.
# CHURN_MODEL is the name of the model where it is not telecom's: GET /v1/model says it.
set -euo pipefail
body="${1:-$(dirname "$0")/infer.json}"
[ -r "$body" ] || { echo "$body: no such file" >&2; exit 2; }

curl --fail-with-body --silent --show-error --max-time 10 --retry 3 --retry-connrefused \
  -H 'Content-Type: application/json' ${CHURN_API_KEY:+-H "Authorization: Bearer $CHURN_API_KEY"} \
  --data @"$body" "${CHURN_URL:-http://127.0.0.1:8080}/v2/models/${CHURN_MODEL:-churn-telecom}/infer"
