"""The model in memory and the slot that holds it.

A package is proven before it gets here, and the swap is one assignment: a request keeps the model it began with, so no
answer ever mixes two versions. It knows no protocol but what can be computed once per model.
"""

import asyncio
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from churn_model.errors import PackageError
from churn_model.package import Package, open_package
from churn_model.schema import Row
from churn_model.scorer import Scores
from churn_model.signing import TrustedKeys
from churn_serving.backend.coalescing import Coalescer
from churn_serving.backend.errors import NoModelLoaded, PackageRefused
from churn_serving.backend.explaining import Explainer
from churn_serving.backend.metrics import BackendMetrics
from churn_serving.oip.faults import UnknownModel
from churn_serving.oip.grpc_codec import GrpcCodec
from churn_serving.oip.json_codec import RequestCodec
from churn_serving.oip.messages import InferReply, InferRequest
from churn_serving.runtime.supervision import Supervisor

logger = logging.getLogger(__name__)


class LoadedModel:
    """A verified package, ready to answer."""

    def __init__(self, package: Package, metrics: BackendMetrics, explainer: Explainer) -> None:
        description = package.description
        self.package = package
        self.name = description.name
        self.version = description.version
        self.digest = package.digest
        self.schema = description.schema
        self.platform = f"churn_{package.manifest.estimator}"
        self.infer_path = f"/v2/models/{self.name}/infer"
        self.etag = f'"{self.digest}"'.encode()
        self.documents = msgspec.json.encode(description.to_documents())
        self.json = RequestCodec(self.schema)
        self.grpc = GrpcCodec(self.schema)
        self._observe_batch = metrics.observe_batch
        self._coalescer = Coalescer(package.scorer.score, metrics.observe_batch)
        self._explainer = explainer

    def require_named(self, name: str, version: str) -> None:
        """Return if a request that names a model (empty: any) means this one.

        Raises:
            UnknownModel: it means another one.
        """
        if name not in ("", self.name):
            raise UnknownModel(f"this server serves {self.name} and no other model")
        if version not in ("", self.version):
            raise UnknownModel(f"{self.name} is served in version {self.version} and no other")

    async def score(self, rows: Sequence[Row]) -> Scores:
        """Scores of checked rows, sharing a model call with whoever arrives at the same time."""
        return await self._coalescer.score(rows)

    async def answer(self, request: InferRequest) -> InferReply:
        """Score a request on the event loop, together with those that arrive at the same time."""
        return self._reply(request, await self._coalescer.score(request.rows))

    def answer_now(self, request: InferRequest) -> InferReply:
        """Score a request alone, on whatever thread this is."""
        self._observe_batch(len(request.rows))
        return self._reply(request, self.package.scorer.score(request.rows))

    async def explained(self, request: InferRequest, reply: InferReply) -> InferReply:
        """The reply with contributions, computed beside the event loop.

        Raises:
            InvalidRequest: too many rows to explain at once.
            ExplainerBusy, CannotExplain: see there.
        """
        future = self._explainer.submit(self.package.scorer, request.rows)
        return msgspec.structs.replace(reply, contributions=await asyncio.wrap_future(future))

    def explained_now(self, request: InferRequest, reply: InferReply) -> InferReply:
        """The same for a caller that has a thread to wait in; raises the same."""
        return msgspec.structs.replace(
            reply, contributions=self._explainer.explain_now(self.package.scorer, request.rows)
        )

    def _reply(self, request: InferRequest, scores: Scores) -> InferReply:
        return InferReply(self.name, self.version, self.digest, request.id, scores.probabilities, scores.segments)


class ModelSlot:
    """Holds the model being served and replaces it by another verified one of the same name."""

    def __init__(self, metrics: BackendMetrics) -> None:
        self.metrics = metrics
        self.current: LoadedModel | None = None
        self.draining = False
        self._explainer = Explainer()
        self.expected_digest = ""
        """Digest of the one package that may be served; empty: any that a trusted key signed."""
        self.supervisor = Supervisor(metrics.task_crashed)
        """The background tasks of the process; those that cannot be kept alive make it answer that it is not alive."""
        metrics.watch_tasks(lambda: self.supervisor.running)
        self._loading = threading.Lock()
        self._name: str | None = None

    @property
    def ready(self) -> bool:
        """Whether callers should send requests: a model is loaded and the process is not about to stop."""
        return self.current is not None and not self.draining

    def model(self, name: str | None = None, version: str = "") -> LoadedModel:
        """The model being served, if it is the one asked for (None, or an empty version, is any).

        Raises:
            NoModelLoaded: none is loaded.
            UnknownModel: another name or version is served.
        """
        current = self.current
        if current is None:
            raise NoModelLoaded("no model is loaded")
        if name == "":
            raise UnknownModel("the request names no model")
        current.require_named(name or "", version)
        return current

    def load(self, path: Path, verify_key: Path) -> LoadedModel:
        """Verify the package that ``path`` (a folder, or a link to one) holds, then serve it. Blocks for about a
        second; call it in a thread while serving. Keys are read anew each time, so that they can be rotated.

        Raises:
            PackageRefused: with the reason; whatever was served before still is.
        """
        with self._loading:
            try:
                loaded = self._open(path, verify_key)
            except (PackageError, PackageRefused) as error:
                self.metrics.refused()
                still = f"still serving version {self.current.version}" if self.current else "nothing to serve"
                logger.error("package refused, %s: %s", still, error)  # noqa: TRY400 - one line, no traceback
                raise PackageRefused(str(error)) from error
            self.current = loaded
            self._name = loaded.name
            self.metrics.served(loaded.name, loaded.version, loaded.digest)
            logger.info("serving %s version %s (%s)", loaded.name, loaded.version, loaded.digest)
            return loaded

    def withdraw_untrusted(self, trusted: TrustedKeys) -> None:
        """Serve nothing any more if no trusted key signed what is served; requests that have begun are answered."""
        with self._loading:
            current = self.current
            if current is None or current.package.description.is_signed_by(trusted):
                return
            self.current = None
            self.metrics.withdrawn()
            logger.error(
                "version %s is served no more: the key that signed it is not trusted any more", current.version
            )

    def _open(self, path: Path, verify_key: Path) -> LoadedModel:
        try:
            folder = path.resolve(strict=True)
        except OSError as error:
            raise PackageRefused(f"{path.name}: {error.strerror}") from error
        if not folder.is_dir():
            raise PackageRefused(f"{path.name}: not a folder")
        loaded = LoadedModel(open_package(folder, TrustedKeys.load(verify_key)), self.metrics, self._explainer)
        if self.expected_digest not in ("", loaded.digest):
            raise PackageRefused(f"its digest is {loaded.digest}, only {self.expected_digest} may be served here")
        if self._name not in (None, loaded.name):
            raise PackageRefused(f"it is a package of {loaded.name}, this server serves {self._name}")
        return loaded
