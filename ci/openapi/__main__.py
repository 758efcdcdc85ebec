"""``python -m ci.openapi``: print the gateway's OpenAPI document as a caller without a key sees it.

It is the same on every installation, since such a caller is told nothing of a model; it is asked for by the gateway's
own door, in this process. Needs no model and no backend.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

import httpx

from churn_model import SigningKey
from churn_serving.gateway.bootstrap import open_gateway
from churn_serving.gateway.key_file import add_key, entry_for, new_key
from churn_serving.gateway.settings import GatewaySettings


async def document(home: Path) -> str:
    """The document of a gateway that asks for keys, indented, in the order of the gateway."""
    key = SigningKey.generate(home / "signing.pem")
    (home / "verify.pem").write_bytes(key.public_pem())
    add_key(home / "keys.json", entry_for(new_key(), "nobody"))
    settings = {"CHURN_HOME": home, "CHURN_VERIFY_KEY": home / "verify.pem", "api_keys": home / "keys.json"}
    async with (
        open_gateway(GatewaySettings.model_validate(settings)) as gateway,
        httpx.AsyncClient(transport=httpx.ASGITransport(gateway.application), base_url="http://gateway") as client,
    ):
        answer = await client.get("/openapi.json")
    return json.dumps(answer.raise_for_status().json(), indent=2, ensure_ascii=False)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(asyncio.run(document(Path(folder))) + "\n")
