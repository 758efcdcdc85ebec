"""What is served and a model's tensors, as clients ask for them over HTTP."""

from typing import Any

from churn_model.schema import Schema
from churn_serving.oip.messages import CONTRIBUTIONS, MAX_EXPLAINED_ROWS, NAMEABLE_DATATYPES, OUTPUT_DATATYPES

_NOTE = (
    "Only when outputs names it, for at most {rows} rows: Shapley values of the log-odds, one a feature in the order "
    "of inputs, the base last; a row sums to its log-odds."
)


def describe_tensors(
    name: str, version: str, platform: str, digest: str, schema: Schema, *, explains: bool = False
) -> dict[str, Any]:
    """The answer to ``GET /v2/models/{name}``; the number of rows is free (-1).

    ``explains`` lists contributions too, with a note in ``parameters``, since a tensor has no place for one.
    """
    outputs: list[dict[str, Any]] = [
        {"name": output, "datatype": kind, "shape": [-1]} for output, kind in OUTPUT_DATATYPES.items()
    ]
    parameters = {"digest": digest}
    if explains:
        shape = [-1, len(schema.features) + 1]
        outputs.append({"name": CONTRIBUTIONS, "datatype": NAMEABLE_DATATYPES[CONTRIBUTIONS], "shape": shape})
        parameters[CONTRIBUTIONS] = _NOTE.format(rows=MAX_EXPLAINED_ROWS)
    return {
        "name": name,
        "versions": [version],
        "platform": platform,
        "inputs": [
            {"name": feature.name, "datatype": "FP64" if feature.type == "number" else "BYTES", "shape": [-1]}
            for feature in schema.features
        ],
        "outputs": outputs,
        "parameters": parameters,
    }


def list_models(*names: str) -> dict[str, list[str]]:
    """The answer to ``GET /v2/models``, which KServe added to the protocol."""
    return {"models": list(names)}


def repository_index(name: str, version: str, *, ready: bool) -> list[dict[str, str]]:
    """The answer to ``POST /v2/repository/index``, the protocol's extension by Triton and MLServer, for one model."""
    state, reason = ("READY", "") if ready else ("UNAVAILABLE", "the server takes no requests")
    return [{"name": name, "version": version, "state": state, "reason": reason}]
