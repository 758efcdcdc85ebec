"""Which schema a caller read its rows by, said beside a request, so that no model of another schema scores them.

Tensors have names, so most rows of another schema are refused for what is in them; this also catches those that happen
to fit. Whoever does not say it is answered as before.
"""

from collections.abc import Iterable

from churn_model.schema import Schema

SCHEMA_HEADER = "x-churn-schema"
_NAME = SCHEMA_HEADER.encode()


class OtherSchema(Exception):
    """The rows were read by another schema than the served model's; ``str`` is fit for the caller."""


def require_schema(headers: Iterable[tuple[bytes, bytes]], schema: Schema) -> None:
    """Return unless the caller says that it means another schema.

    Raises:
        OtherSchema: it does.
    """
    for name, value in headers:
        if name == _NAME:
            if value != schema.hash.encode():
                raise OtherSchema("the model that is served has another schema; read it from the model's metadata")
            return
