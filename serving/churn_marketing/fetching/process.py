"""The process that fetches: settings, read once, and a look every so often until it is told to end.

What goes wrong is one line when it begins and one when it is over; what was fetched before stays.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, CliApp, SettingsConfigDict, SettingsError

from churn_data.errors import Unavailable
from churn_data.locations import SCHEME, ObjectLocation, location
from churn_marketing.errors import MarketingError, SettingError
from churn_marketing.fetching.mirror import Mirror
from churn_marketing.fetching.runs import Source
from churn_marketing.store.fetched import Fetching, fetching_of, leave
from churn_model.errors import ChurnModelError

_PREFIX = "CHURN_MARKETING_FETCH_"
_LOG = logging.getLogger("churn_marketing.fetching")


class FetchSettings(BaseSettings):
    """Fetch scores and their model from object storage. Every option is an environment variable, too: --answers is
    CHURN_MARKETING_FETCH_ANSWERS; --verify-key is CHURN_VERIFY_KEY. Address and keys of the storage are the usual AWS_
    variables."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, frozen=True, cli_kebab_case=True, cli_implicit_flags=True, cli_hide_none_type=True,
        cli_prog_name="python -m churn_marketing fetch", use_attribute_docstrings=True, populate_by_name=True,
        extra="ignore",
    )  # fmt: skip

    customers: str
    """Folder of the customers who are scored, or one Parquet file of them: s3://bucket/folder/."""
    answers: str
    """Folder that `churn score` writes their answers to: s3://bucket/folder/."""
    model: str
    """Folder of the model package that scores: s3://bucket/folder/."""
    folder: Path
    """Folder of this machine; the app finds batches, customers and the model below it."""
    every: float = Field(default=30.0, ge=1.0, le=86_400.0)
    """Seconds between two looks."""
    kept: int = Field(default=12, ge=1, le=100)
    """How many runs stay, for comparison."""
    once: bool = False
    """Look once, say what is wrong by the exit code, and end."""
    verify_key: Path = Field(validation_alias="CHURN_VERIFY_KEY")
    """Public key(s) whose models may be shown."""


def main(arguments: Sequence[str]) -> int:
    """Fetch until SIGTERM and return the exit code; with ``--once`` 1 where something could not be fetched.

    Raises:
        SettingError: naming the setting that cannot be used.
    """
    settings = _read(arguments)
    look = Look(settings)
    if settings.once:
        return 0 if look() else 1
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while not ended.is_set():
        look()
        ended.wait(settings.every)
    return 0


class Look:
    """One look at everything; what is said is said once."""

    def __init__(self, settings: FetchSettings) -> None:
        """Nothing is asked yet.

        Raises:
            SettingError: an address is none; OSError: the folder cannot be made.
        """
        self._source = Source(_place("customers", settings.customers), _place("answers", settings.answers))
        self._model, self._verify_key = _place("model", settings.model), settings.verify_key
        self._mirror = Mirror(settings.folder, settings.kept)
        self._folder, self._away = settings.folder, False
        self._said: dict[str, str] = {}

    def __call__(self) -> bool:
        """Look; whether all that there is was fetched."""
        self._away = False
        model = self._try("the model", lambda: self._mirror.take_model(self._model, self._verify_key))
        run = self._try("a run", lambda: self._mirror.take_run(self._source))
        self._leave_note()
        return run and model

    def _leave_note(self) -> None:
        """For the app's pages: since when object storage does not answer."""
        known = fetching_of(self._folder).away_since
        since = (known or time.time()) if self._away else None
        if since != known:
            with suppress(OSError):  # a note is not worth an end; the log says what is wrong
                leave(self._folder, Fetching(since))

    def _try(self, what: str, take: Callable[[], str | None]) -> bool:
        try:
            name = take()
        except (MarketingError, ChurnModelError, OSError) as error:
            problem = str(error)
            self._away |= isinstance(error, Unavailable)
            if self._said.get(what) != problem:
                _LOG.warning("%s is not fetched: %s", what, problem)
            self._said[what] = problem
            return False
        if name is not None:
            _LOG.info("%s was fetched: %s", what, name)
        elif self._said.get(what):
            _LOG.info("%s: nothing is wrong any more", what)
        self._said[what] = ""
        return True


def _read(arguments: Sequence[str]) -> FetchSettings:
    try:
        return CliApp.run(FetchSettings, cli_args=list(arguments), cli_exit_on_error=False)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise SettingError("; ".join(_line(str(fault["loc"][0]), fault["msg"]) for fault in faults)) from error
    except SettingsError as error:
        raise SettingError(f"{' '.join(str(error).split())}; --help lists what there is") from error


def _line(name: str, message: str) -> str:
    key = name if name.isupper() else f"{_PREFIX}{name.upper()}"
    return f"{key}: {message}"


def _place(name: str, text: str) -> ObjectLocation:
    place = location(text)
    if not isinstance(place, ObjectLocation) or not place.bucket or not place.key.strip("/"):
        raise SettingError(f"{_PREFIX}{name.upper()}: {text!r} is not {SCHEME}bucket/folder/")
    return place
