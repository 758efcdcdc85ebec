"""A backend over Open Inference Protocol V2 and HTTP: what its answers mean, and which model gave them.

How an exchange goes and fails is :mod:`churn_serving.adapters.http_calls`; here a status or a body becomes an answer or
one of the core's backend errors.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

import msgspec

from churn_model import Description, PackageError, Row, Scores, TrustedKeys
from churn_serving.adapters.http_calls import HttpCalls, Session, open_session
from churn_serving.adapters.seen_models import SeenModels
from churn_serving.core.errors import (
    BackendBadAnswer,
    BackendBusy,
    BackendError,
    BackendFailed,
    BackendRejected,
)
from churn_serving.core.ports import Answer, Explanation
from churn_serving.oip.json_codec import codec_for, decode_contributions, decode_response, encode_request
from churn_serving.oip.messages import InferReply, InvalidReply

__all__ = ["HttpBackend", "Session", "open_session"]

_LEARN_SECONDS = 1.0
_HIGHEST_SEGMENT = 4
# A question may reach another server behind the same address than the answer in question came from.
_QUESTIONS = 3
_MAXIMUM_REPLY_BYTES = 4 * 1024 * 1024
"""A call's answer: 256 customers take 12 KB, the contributions of 32 customers with 5,000 features 4 MB."""
_MAXIMUM_PACKAGE_BYTES = 32 * 1024 * 1024
"""A model's description: a level takes some 40 bytes in the encoder's table, so this is a model of 800,000 levels."""


class HttpBackend:
    """Implements :class:`churn_serving.core.ports.Backend` for the service at ``url``.

    ``learned`` is called with each description that is new, after its signature and digests were proven.
    """

    def __init__(
        self,
        name: str,
        url: str,
        session: Session,
        trusted: TrustedKeys,
        learned: Callable[[str, Description], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._calls = HttpCalls(session, clock)
        self._trusted = trusted
        self._learned = learned
        self._description: Description | None = None
        self._seen = SeenModels()
        self._infer_url = ""
        self._learning: asyncio.Task[Description] | None = None

    @property
    def name(self) -> str:
        """What ``served_by`` says."""
        return self._name

    @property
    def description(self) -> Description | None:
        """The model it was last seen with."""
        return self._description

    async def score(self, rows: Sequence[Row], timeout: float) -> Answer:  # noqa: ASYNC109 - the port's contract
        """Score rows; see the port."""
        description = self._description or await self.learn()
        reply = await self._infer(rows, description, timeout)
        if len(reply.probabilities) != len(rows) or max(reply.segments) > _HIGHEST_SEGMENT:
            raise BackendBadAnswer("the answer does not fit the rows")
        if reply.digest != description.digest:
            description = await self._other_model(reply, description)
        return Answer(Scores(reply.probabilities, reply.segments), description)

    async def _other_model(self, reply: InferReply, expected: Description) -> Description:
        """The model that answered where another one was described last."""
        found = self._seen.get(reply.digest)
        for _ in range(_QUESTIONS):
            if found is not None:
                break
            await self.learn()
            found = self._seen.get(reply.digest)
        if found is None:
            raise BackendBadAnswer("it answers with a model that it does not describe")
        if found.schema.hash != expected.schema.hash:
            raise BackendBadAnswer("it answers with a model of another schema")
        return found

    async def explain(self, rows: Sequence[Row], description: Description, timeout: float) -> Explanation:  # noqa: ASYNC109
        """Explain rows; see the port."""
        schema = description.schema
        body = codec_for(schema).encode_for_contributions(rows)
        url = f"{self._url}/v2/models/{description.name}/infer"
        status, content = await self._calls.ask("POST", url, body, None, timeout, _MAXIMUM_REPLY_BYTES)
        if status != HTTPStatus.OK:
            raise _refusal(status)
        try:
            digest, contributions = decode_contributions(content, len(rows), len(schema.features))
        except InvalidReply as error:
            raise BackendBadAnswer(str(error)) from error
        return Explanation(contributions, digest)

    async def probe(self, timeout: float) -> bool:  # noqa: ASYNC109 - the port's contract
        """Whether it answers its golden rows bit for bit."""
        try:
            asked = await self.learn()
            for _ in range(_QUESTIONS):
                answer = await self.score(asked.golden.rows, timeout)
                if answer.description.digest == asked.digest:
                    return answer.scores == asked.golden.scores
                asked = answer.description
        except BackendError:
            pass
        return False

    async def learn(self) -> Description:
        """Ask which model the backend serves; callers at the same time share one question.

        Raises:
            BackendError: it does not say, or what it says is not signed by a trusted key.
        """
        if self._learning is None:
            self._learning = asyncio.create_task(self._learn())
            self._learning.add_done_callback(self._forget_learning)
        return await asyncio.shield(self._learning)

    def forget_untrusted(self) -> bool:
        """Forget every model that no trusted key signed, and say whether the present one is among them; to be called
        when the trusted keys have changed."""
        self._seen.keep(lambda model: model.is_signed_by(self._trusted))
        if self._description is None or self._description.is_signed_by(self._trusted):
            return False
        self._description = None
        return True

    def _forget_learning(self, task: "asyncio.Task[Description]") -> None:
        self._learning = None
        if not task.cancelled():
            task.exception()  # seen: every waiter had it, or nobody waits any more

    async def _learn(self) -> Description:
        known = self._description
        headers = {"If-None-Match": f'"{known.digest}"'} if known else {}
        url = f"{self._url}/v1/package"
        status, content = await self._calls.ask("GET", url, None, headers, _LEARN_SECONDS, _MAXIMUM_PACKAGE_BYTES)
        if known is not None and status == HTTPStatus.NOT_MODIFIED:
            return known
        if status != HTTPStatus.OK:
            raise BackendFailed(f"/v1/package answered {status}")
        try:
            description = Description.from_documents(msgspec.json.decode(content), self._trusted)
        except (msgspec.DecodeError, UnicodeDecodeError, PackageError) as error:
            raise BackendBadAnswer(f"/v1/package: {error}") from error
        if known is None or known.digest != description.digest:
            self._seen.add(description)
            self._description = description
            self._infer_url = f"{self._url}/v2/models/{description.name}/infer"
            self._learned(self._name, description)
        return self._description or description

    async def _infer(self, rows: Sequence[Row], description: Description, timeout: float) -> InferReply:  # noqa: ASYNC109
        body = encode_request(rows, description.schema)
        status, content = await self._calls.ask("POST", self._infer_url, body, None, timeout, _MAXIMUM_REPLY_BYTES)
        if status != HTTPStatus.OK:
            raise _refusal(status)
        try:
            return decode_response(content)
        except InvalidReply as error:
            raise BackendBadAnswer(str(error)) from error


def _refusal(status: int) -> BackendError:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return BackendBusy(f"answered {status}")
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return (BackendRejected if refused else BackendFailed)(f"answered {status}")
