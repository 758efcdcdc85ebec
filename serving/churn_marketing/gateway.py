"""The gateway as this app knows it: an address that answers about one customer, and about the model that answers.

Whatever goes wrong on the way, an answer that is none among it, is one error with one sentence. After it the gateway is
left alone for a few seconds, so that a page never waits for it twice. It must not log what was asked.
"""

import asyncio
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, TypeVar

import httpx
import msgspec

from churn_marketing.errors import GatewayAway, SettingError

_SECONDS = httpx.Timeout(1.5, connect=0.5)
_LEFT_ALONE_SECONDS = 5.0
_OK, _UNPROCESSABLE = 200, 422
_REFUSALS = (400, _UNPROCESSABLE)
_LONGEST_SECONDS = 3.0
"""An answer that comes in drops is none, its header's lines among them: each drop is in time, and nobody waits so long
for all of them."""
_GLANCE_SECONDS, _REMEMBERED_SECONDS = 0.2, 30.0
_LARGEST = 4 * 1024 * 1024
_NONSENSE = "The gateway answers in another way than expected."

_Answer = TypeVar("_Answer")


class Action(msgspec.Struct, frozen=True):
    """What the gateway would do."""

    name: str


class Prediction(msgspec.Struct, frozen=True):
    """The gateway's answer about a customer; ``reasons`` in words, empty where there are none."""

    churn_probability: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    risk: str
    action: Action
    reasons: list[str]


class Model(msgspec.Struct, frozen=True):
    """Which model answers; ``simulated``: it learnt from made-up customers."""

    name: str
    version: str
    digest: str
    simulated: bool = False


class Warning(msgspec.Struct, frozen=True):  # noqa: A001 - the gateway's word
    """Something odd about the customer's fields, in a sentence."""

    message: str


class Answer(msgspec.Struct, frozen=True):
    """A whole answer: ``predictions`` has one."""

    model: Model
    served_by: str
    predictions: Annotated[tuple[Prediction, ...], msgspec.Meta(min_length=1, max_length=1)]
    warnings: tuple[Warning, ...] = ()


class FieldsRefused(GatewayAway):
    """The gateway says what is wrong with a customer's fields; ``faults`` are its sentences."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The gateway cannot use these values.")
        self.faults = faults


class Gateway:
    """Asks; safe to use from many threads."""

    def __init__(self, address: str, key_file: Path | None) -> None:
        """Nothing is asked yet.

        Raises:
            SettingError: the key cannot be read.
        """
        headers = {}
        if key_file is not None:
            try:
                headers["Authorization"] = f"Bearer {key_file.read_text(encoding='utf-8').strip()}"
            except (OSError, UnicodeDecodeError) as error:
                raise SettingError(f"CHURN_MARKETING_GATEWAY_KEY_FILE: {key_file}: cannot be read") from error
        self._client = httpx.AsyncClient(base_url=address.rstrip("/"), headers=headers, timeout=_SECONDS)
        # Only an event loop can leave a call alone wherever it stands; all calls share one, in a thread beside.
        self._loop = asyncio.new_event_loop()
        self._asking = threading.Thread(target=self._loop.run_forever, name="gateway", daemon=True)
        self._asking.start()
        self._lock = threading.Lock()
        self._away_until = 0.0
        self._seen: Model | None = None
        self._seen_until = 0.0
        self._looking: Future[None] | None = None

    def predict(self, customer: str, features: Mapping[str, Any], *, explain: bool) -> Answer:
        """The whole answer about one customer, and who answered.

        Raises:
            FieldsRefused: a field will not do; GatewayAway: there is no answer.
        """
        asked = {"customers": [{"customer_id": customer, "features": dict(features)}], "explain": explain}
        return self._ask("POST", "/v1/predictions", asked, Answer)

    def model(self) -> Model:
        """What the gateway says of the model that serves.

        Raises:
            GatewayAway: nothing.
        """
        return self._ask("GET", "/v1/model", None, Model)

    def glance(self) -> Model | None:
        """What the gateway said of its model half a minute ago at most, or says at once; None: nothing. It is for what
        stands on every page, so a gateway that is slow holds up none, and is not taken for one that is away."""
        with self._lock:
            if time.monotonic() < max(self._seen_until, self._away_until):
                return self._seen
            if self._looking is None or self._looking.done():
                self._looking = asyncio.run_coroutine_threadsafe(self._look(), self._loop)
            looking = self._looking
        with suppress(TimeoutError):
            looking.result(_GLANCE_SECONDS)
        return self._seen

    async def _look(self) -> None:
        found = None
        with suppress(httpx.HTTPError, httpx.InvalidURL, TimeoutError, msgspec.MsgspecError, UnicodeDecodeError):
            status, content = await self._call("GET", "/v1/model", None)
            found = msgspec.json.decode(content, type=Model) if status == _OK else None
        self._seen = found
        self._seen_until = time.monotonic() + (_LEFT_ALONE_SECONDS if found is None else _REMEMBERED_SECONDS)

    def close(self) -> None:
        """Give connections back."""
        asyncio.run_coroutine_threadsafe(self._client.aclose(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._asking.join()
        self._loop.close()

    def _ask(self, method: str, path: str, asked: dict[str, Any] | None, wanted: type[_Answer]) -> _Answer:
        with self._lock:
            if time.monotonic() < self._away_until:
                raise GatewayAway("The gateway did not answer a moment ago.")
        try:
            status, content = asyncio.run_coroutine_threadsafe(self._call(method, path, asked), self._loop).result()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self._leave_alone()
            raise GatewayAway("The gateway does not answer.") from error
        try:
            if status == _OK:
                return msgspec.json.decode(content, type=wanted)
            if status in _REFUSALS:
                raise FieldsRefused(_faults(msgspec.json.decode(content)))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._leave_alone()
            raise GatewayAway(_NONSENSE) from None
        self._leave_alone()
        raise GatewayAway(f"The gateway answered with status {status}.")

    async def _call(self, method: str, path: str, asked: dict[str, Any] | None) -> tuple[int, bytes]:
        """Status and all of an answer.

        Raises:
            TimeoutError: it takes too long; :class:`httpx.HTTPError`: there is none, or one that is too long.
        """
        content = bytearray()
        async with asyncio.timeout(_LONGEST_SECONDS), self._client.stream(method, path, json=asked) as answer:
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > _LARGEST:
                    raise httpx.ReadError("the answer is too long", request=answer.request)
            return answer.status_code, bytes(content)

    def _leave_alone(self) -> None:
        with self._lock:
            self._away_until = time.monotonic() + _LEFT_ALONE_SECONDS


def _faults(problem: Any) -> list[str]:
    """The sentences of an RFC 9457 document."""
    if not isinstance(problem, dict):
        return []
    listed = problem.get("errors")
    found = [_sentence(each) for each in listed] if isinstance(listed, list) else []
    return [each for each in found if each] or [str(problem.get("detail") or problem.get("title") or "")]


def _sentence(fault: Any) -> str:
    if not isinstance(fault, dict):
        return str(fault)
    place = str(fault.get("field") or fault.get("pointer") or fault.get("location") or "")
    message = str(fault.get("message") or fault.get("detail") or "")
    return f"{place.rsplit('/', 1)[-1]}: {message}" if place else message
