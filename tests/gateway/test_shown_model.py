"""What `GET /v1/model` shows is described whole: every field of it, and nothing that is never shown."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from churn_model import open_package
from churn_serving.gateway.documentation_responses import SHOWN
from churn_serving.gateway.model_view import SHOWN_PARTS, describe_model


def test_every_field_of_a_model_is_described(package_folder: Path, keys: Any) -> None:
    description = open_package(package_folder, keys.trusted).description
    shown, schema = json.loads(json.dumps(describe_model(description))), SHOWN["/v1/model"]
    Draft202012Validator(schema).validate(shown)
    assert shown.keys() == schema["properties"].keys()
    for part in SHOWN_PARTS:
        described = schema["properties"][part]["items"]["properties"]
        assert shown[part]
        for one in shown[part]:
            assert one.keys() == described.keys(), part


def test_no_word_for_those_who_read_the_code_is_shown_to_callers() -> None:
    assert "``" not in str(SHOWN)
    assert "default" not in str(SHOWN)
