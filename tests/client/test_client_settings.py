"""Settings of the client: from the environment, frozen, and a bad one is named without its value."""

from pathlib import Path

import pytest

from churn_client import InvalidSettings, Settings

URL = "https://gateway.example/churn"


def test_the_environment_says_where_and_by_which_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-key\n")
    told = Settings.from_environment(
        {"CHURN_URL": URL, "CHURN_API_KEY_FILE": str(tmp_path / "key"), "CHURN_DEADLINE_SECONDS": "2.5"}
    )
    assert (told.url, told.api_key, told.deadline_seconds) == (URL, "a-key", 2.5)
    assert "a-key" not in repr(told)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "CHURN_URL"),
        ({"CHURN_URL": "gateway:8080"}, "CHURN_URL"),
        ({"CHURN_URL": "http://user:secret@gateway"}, "CHURN_URL"),
        ({"CHURN_URL": URL, "CHURN_API_KEY": "sec\nret"}, "CHURN_API_KEY"),
        ({"CHURN_URL": URL, "CHURN_API_KEY": "secret", "CHURN_API_KEY_FILE": "/nowhere"}, "CHURN_API_KEY_FILE"),
        ({"CHURN_URL": URL, "CHURN_API_KEY_FILE": "/nowhere/secret"}, "CHURN_API_KEY_FILE"),
        ({"CHURN_URL": URL, "CHURN_DEADLINE_SECONDS": "soon"}, "CHURN_DEADLINE_SECONDS"),
        ({"CHURN_URL": URL, "CHURN_ATTEMPT_SECONDS": "nan"}, "CHURN_ATTEMPT_SECONDS"),
    ],
)
def test_a_bad_setting_is_named_and_not_shown(environment: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidSettings, match=named) as raised:
        Settings.from_environment(environment)
    assert "secret" not in str(raised.value)
