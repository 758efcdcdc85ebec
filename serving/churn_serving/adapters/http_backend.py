"""A backend over Open Inference Protocol V2 and HTTP: what its answers mean, and which model gave them.

How an exchange goes and fails is :mod:`churn_serving.adapters.http_calls`; here a status or a body becomes an answer or
one of the core's backend errors.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

import msgspec

from churn_model import Description, PackageError, Row, Schema, Scores, TrustedKeys
from churn_serving.adapters.http_calls import HttpCalls, Session, open_session
from churn_serving.adapters.http_statuses import refusal_of
from churn_serving.adapters.seen_models import SeenModels
from churn_serving.core.errors import (
    BackendBadAnswer,
    BackendError,
    BackendFailed,
    BackendOtherSchema,
    BackendRefusedRequest,
)
from churn_serving.core.ports import Answer, Explanation
from churn_serving.oip.json_codec import codec_for, encode_request
from churn_serving.oip.json_reply import decode_contributions, decode_response
from churn_serving.oip.messages import MAX_REQUEST_BYTES, InferReply, InvalidReply
from churn_serving.oip.schema_precondition import SCHEMA_HEADER
from churn_serving.runtime.tls import Authorities
from churn_serving.telemetry.tracing import Traced, headers_of

__all__ = ["HttpBackend", "Session", "open_session"]

_LEARN_SECONDS = 1.0
# A question may reach another server behind the same address than the answer in question came from.
_QUESTIONS = 3
_MAXIMUM_REPLY_BYTES = 4 * 1024 * 1024
"""A call's answer: 256 customers take 12 KB, the contributions of 32 customers with 5,000 features 4 MB."""
_MAXIMUM_PACKAGE_BYTES = 32 * 1024 * 1024
"""A model's description: a level takes some 40 bytes in the encoder's table, so this is a model of 800,000 levels."""


class HttpBackend:
    """Implements :class:`churn_serving.core.ports.Backend` for the service at ``url``.

    ``learned`` is called with each description that is new, after its signature and digests were proven;
    ``authorities`` is whom an address https:// is believed by.
    """

    def __init__(
        self,
        name: str,
        url: str,
        session: Session,
        trusted: TrustedKeys,
        learned: Callable[[str, Description], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        authorities: Authorities | None = None,
    ) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._calls = HttpCalls(session, clock, authorities)
        self._trusted = trusted
        self._learned = learned
        self._description: Description | None = None
        self.reachable = True
        """Whether it described its model when it was last asked to, by the clock and not for a customer."""
        self._seen = SeenModels()
        self._infer_url = ""
        self._schema_header: tuple[dict[str, str], Schema | None] = ({}, None)
        self._learning: asyncio.Task[Description] | None = None

    @property
    def name(self) -> str:
        """What ``served_by`` says."""
        return self._name

    @property
    def description(self) -> Description | None:
        """The model it was last seen with."""
        return self._description

    async def score(
        self,
        rows: Sequence[Row],
        schema: Schema,
        timeout: float,  # noqa: ASYNC109 - the port's contract
        origins: Sequence[Traced] = (),
    ) -> Answer:
        """Score rows; see the port."""
        description = self._description or await self.learn()
        if description.schema.hash != schema.hash:
            raise BackendOtherSchema("its model has another schema")
        reply = await self._infer(rows, schema, timeout, origins)
        if len(reply.probabilities) != len(rows):
            raise BackendBadAnswer("the answer does not fit the rows")
        if reply.digest != description.digest:
            description = await self._other_model(reply.digest, schema)
        if max(reply.segments) > len(description.segmenter.profiles):
            raise BackendBadAnswer("the answer names a segment that its model has not")
        return Answer(Scores(reply.probabilities, reply.segments), description)

    async def _other_model(self, digest: str, schema: Schema) -> Description:
        """The model that answered where another one was described last."""
        found = self._seen.get(digest)
        for _ in range(_QUESTIONS):
            if found is not None:
                break
            await self.learn()
            found = self._seen.get(digest)
        if found is None:
            raise BackendBadAnswer("it answers with a model that it does not describe")
        if found.schema.hash != schema.hash:
            raise BackendOtherSchema("it answers with a model of another schema")
        return found

    async def explain(
        self,
        rows: Sequence[Row],
        description: Description,
        timeout: float,  # noqa: ASYNC109 - the port's contract
        origins: Sequence[Traced] = (),
    ) -> Explanation:
        """Explain rows; see the port."""
        schema = description.schema
        body = codec_for(schema).encode_for_contributions(rows)
        url = f"{self._url}/v2/models/{description.name}/infer"
        headers = self._headers_for(schema, origins)
        status, content = await self._calls.ask("POST", url, body, headers, timeout, _MAXIMUM_REPLY_BYTES)
        if status != HTTPStatus.OK:
            raise refusal_of(status)
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
                try:
                    answer = await self.score(asked.golden.rows, asked.schema, timeout)
                except BackendOtherSchema:
                    asked = await self.learn()
                    continue
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
        return await asyncio.shield(self._learn_soon())

    def _learn_soon(self) -> "asyncio.Task[Description]":
        if self._learning is None:
            self._learning = asyncio.create_task(self._learn())
            self._learning.add_done_callback(self._forget_learning)
        return self._learning

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
            description = await asyncio.to_thread(self._read, content)  # of many levels it takes its time
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, PackageError) as error:
            raise BackendBadAnswer(f"/v1/package: {error}") from error
        if known is not None and known.digest == description.digest:
            return known
        self._seen.add(description)
        self._description = description
        self._infer_url = f"{self._url}/v2/models/{description.name}/infer"
        self._learned(self._name, description)
        return description

    def _read(self, content: bytes) -> Description:
        return Description.from_documents(msgspec.json.decode(content), self._trusted)

    async def _infer(
        self,
        rows: Sequence[Row],
        schema: Schema,
        timeout: float,  # noqa: ASYNC109
        origins: Sequence[Traced],
    ) -> InferReply:
        body = encode_request(rows, schema)
        if len(body) > MAX_REQUEST_BYTES:
            raise BackendRefusedRequest("the rows take more bytes than a backend accepts")
        headers = self._headers_for(schema, origins)
        status, content = await self._calls.ask("POST", self._infer_url, body, headers, timeout, _MAXIMUM_REPLY_BYTES)
        if status == HTTPStatus.PRECONDITION_FAILED:
            self._learn_soon()
        if status != HTTPStatus.OK:
            raise refusal_of(status)
        try:
            return decode_response(content)
        except InvalidReply as error:
            raise BackendBadAnswer(str(error)) from error

    def _headers_for(self, schema: Schema, origins: Sequence[Traced]) -> dict[str, str]:
        if self._schema_header[1] is not schema:
            self._schema_header = ({SCHEMA_HEADER: schema.hash}, schema)
        fixed = self._schema_header[0]
        return {**fixed, **headers_of(origins)} if origins else fixed
