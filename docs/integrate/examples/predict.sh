#!/usr/bin/env bash
# Two customers, or the body of a file that is named, by curl, which waits as Retry-After says where the gateway asks for it.
# CHURN_URL says where the gateway is, CHURN_API_KEY a key where it asks for one.
set -euo pipefail
body="${1:-$(dirname "$0")/customers.json}"
[ -r "$body" ] || { echo "$body: no such file" >&2; exit 2; }

curl --fail-with-body --silent --show-error --max-time 10 --retry 3 --retry-connrefused \
  -H 'Content-Type: application/json' ${CHURN_API_KEY:+-H "Authorization: Bearer $CHURN_API_KEY"} \
  --data @"$body" "${CHURN_URL:-http://127.0.0.1:8080}/v1/predictions"
