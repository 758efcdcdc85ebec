"""A body of your own use case: a usual customer of the model that is served, as the gateway's OpenAPI document shows.

python usual.py predictions > mine.json, or infer or grpc for the Open Inference Protocol; the other examples take such
a file. It is a customer as the largest segment has them, who need not be anybody: put your own in.
"""

import base64
import json
import os
import sys
from typing import Any

import httpx

INFER = "/v2/models/{name}/infer"
PATHS = {"predictions": "/v1/predictions", "infer": INFER, "grpc": INFER}


def main() -> int:
    """Print the body."""
    if sys.argv[1:] not in [[name] for name in PATHS]:
        print(f"say which: {' or '.join(PATHS)}", file=sys.stderr)
        return 2
    url, key = os.environ.get("CHURN_URL", "http://127.0.0.1:8080"), os.environ.get("CHURN_API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        document = httpx.get(f"{url}/openapi.json", headers=headers, timeout=10).raise_for_status().json()
        model = httpx.get(f"{url}/v1/model", headers=headers, timeout=10).raise_for_status().json()["name"]
    except (httpx.HTTPError, ValueError) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1
    operation = document["paths"][PATHS[sys.argv[1]]]["post"]
    body = operation["requestBody"]["content"]["application/json"]["example"]
    if sys.argv[1] == "grpc":
        body = {"model_name": model, "inputs": [as_message(tensor) for tensor in body["inputs"]]}
    print(json.dumps(body, indent=2, ensure_ascii=False))
    return 0


def as_message(tensor: dict[str, Any]) -> dict[str, Any]:
    """A tensor as protocol buffers have it in JSON: texts in base64, what is not known as NaN or an empty text."""
    if tensor["datatype"] == "FP64":
        contents = {"fp64_contents": ["NaN" if value is None else value for value in tensor["data"]]}
    else:
        texts = [base64.b64encode((value or "").encode()).decode() for value in tensor["data"]]
        contents = {"bytes_contents": texts}
    return {name: tensor[name] for name in ("name", "datatype", "shape")} | {"contents": contents}


if __name__ == "__main__":
    sys.exit(main())
