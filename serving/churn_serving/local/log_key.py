"""The first key of this machine's prediction log; others are added by `churn log new-key`."""

import datetime
from pathlib import Path

from churn_model.prediction_log.pseudonyms import add_pseudonym_key
from churn_serving.local.errors import SettingError
from churn_serving.local.services import prediction_log_keys
from churn_serving.local.settings import LocalSettings


def make_log_key(settings: LocalSettings, home: Path) -> None:
    """Make sure that answers can be kept, if they shall be.

    Raises:
        SettingError: the key cannot be written.
    """
    path = prediction_log_keys(home)
    if not settings.prediction_log or path.exists():
        return
    try:
        add_pseudonym_key(path, f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}")
    except OSError as error:
        raise SettingError(f"{path}: cannot be written ({error.strerror})") from error
