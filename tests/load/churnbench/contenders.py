"""Who is measured: peers as an outsider writes them, controls without their pandas, limits, proxies, and our own.

A table in code: one entry a contender, how it starts and what it is asked. Measuring is not its business.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from churnbench import ours
from churnbench.mlserver import mlserver_command
from churnbench.processes import Command
from churnbench.proxies import behind_envoy, behind_nginx
from churnbench.workplace import PEERS, Workplace

PROGRAMS = Path(sys.executable).parent
HOST = "127.0.0.1"

Group = Literal["peer", "control", "limit", "anchor", "ours", "witness", "former"]
Launch = Callable[[Workplace, Sequence[int]], list[Command]]


@dataclass(frozen=True)
class Contender:
    """One line of the table."""

    name: str
    group: Group
    launch: Launch
    """Commands to start, in order, from a workplace and free ports; the first port is the one that is asked."""
    path: str
    bodies: str
    pinned: bool = False
    """Servers on the first core, generator on the second; otherwise all share both."""
    grpc: bool = False
    proves: bool = True
    """Its answer must be the pipeline's; a limit has no model."""
    ready: tuple[tuple[int, str], ...] = ()
    """What must answer 200 before anything is asked: positions among the ports, and paths."""
    counted: Mapping[str, str] = field(default_factory=dict)
    """Substrings of answers to count, by name."""
    workplace: Workplace | None = None
    """Where its model and requests lie, if not where all others' do."""


def peer(*arguments: str) -> Launch:
    """A program of the environment started in the peers' folder; `{0}`, `{1}` … are ports, `{work}` our folder."""

    def launch(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
        filled = [argument.format(*ports, work=workplace.folder) for argument in arguments]
        return [Command("server", [str(PROGRAMS / filled[0]), *filled[1:]], PEERS, workplace.peer_environment())]

    return launch


def uvicorn(application: str, *flags: str) -> Launch:
    """An ASGI application under uvicorn, without access log."""
    common = ("--host", HOST, "--port", "{0}", "--no-access-log", "--log-level", "warning")
    return peer("uvicorn", application, *common, *flags)


def bento(service: str) -> Launch:
    """A BentoML service."""
    return peer("bentoml", "serve", service, "--host", HOST, "--port", "{0}")


def kserve(script: str) -> Launch:
    """A KServe model server, one worker, latency log off."""
    return peer("python", script, "--http_port", "{0}", "--grpc_port", "{1}", "--enable_latency_logging", "false")


def limit(name: str, application: str) -> Contender:
    """A server that answers a constant, on one core."""
    return Contender(name, "limit", uvicorn(application), "/predict", "flat.jsonl", pinned=True, proves=False)


def our_predictor(name: str, launch: Launch, bodies: str, *, grpc: bool = False) -> Contender:
    """Our primary without a gateway, on one core."""
    ready = ((1 if grpc else 0, ours.BACKEND_READY),)
    return Contender(name, "ours", launch, ours.INFER, bodies, pinned=True, grpc=grpc, ready=ready)


FASTAPI_PANDAS = ("fastapi_pandas:build_app", "--factory")
FASTAPI_TABLES = ("fastapi_tables:build_app", "--factory")
TWO_WORKERS = ("--workers", "2")
FLASK = peer("gunicorn", *TWO_WORKERS, "--bind", HOST + ":{0}", "flask_pandas:app")
MLFLOW_MODEL = ("--model-uri", "{work}/mlmodel", "--env-manager", "local")
MLFLOW = peer("mlflow", "models", "serve", *MLFLOW_MODEL, "--host", HOST, "--port", "{0}", *TWO_WORKERS)
V2 = "/v2/models/churn/infer"


def anchor(name: str, launch: Launch) -> Contender:
    """Our primary behind a proxy that somebody else wrote, or behind nothing, on the cores that the whole path has."""
    ready = ((0, ours.BACKEND_READY),)
    return Contender(name, "anchor", launch, ours.INFER, "v2.jsonl", ready=ready)


WHOLE_PATH = Contender(
    "churn",
    "ours",
    ours.whole_path,
    ours.PREDICTIONS,
    "gateway.jsonl",
    ready=((0, ours.READY), (1, ours.BACKEND_READY), (4, ours.BACKEND_READY)),
    counted={"primary": '"served_by":"primary"'},
)

WHOLE_PATH_LOGGED = replace(WHOLE_PATH, name="churn-logged", launch=ours.whole_path_logged)

WHOLE_PATH_GRPC = Contender(
    "churn-grpc",
    "ours",
    ours.whole_path_grpc,
    ours.INFER,
    "grpc.bin",
    grpc=True,
    ready=((1, ours.READY), (2, ours.BACKEND_READY), (4, ours.BACKEND_READY)),
    counted={"primary": "primary"},
)

CONTENDERS = (
    Contender("fastapi-1", "peer", uvicorn(*FASTAPI_PANDAS), "/predict", "flat.jsonl"),
    Contender("fastapi-2", "peer", uvicorn(*FASTAPI_PANDAS, *TWO_WORKERS), "/predict", "flat.jsonl"),
    Contender("flask-2", "peer", FLASK, "/predict", "flat.jsonl"),
    Contender("mlflow-2", "peer", MLFLOW, "/invocations", "split_frame.jsonl"),
    Contender("kserve-1", "peer", kserve("kserve_pandas.py"), V2, "v2.jsonl"),
    Contender("bentoml-2", "peer", bento("bento_plain:Churn"), "/predict", "bento_one.jsonl"),
    Contender("bentoml-batched", "peer", bento("bento_batched:Churn"), "/predict", "bento_many.jsonl"),
    Contender("mlserver-batched", "peer", mlserver_command, V2, "v2_mlserver.jsonl"),
    Contender("fastapi-tables-1", "control", uvicorn(*FASTAPI_TABLES), "/predict", "flat.jsonl", pinned=True),
    Contender("fastapi-tables-2", "control", uvicorn(*FASTAPI_TABLES, *TWO_WORKERS), "/predict", "flat.jsonl"),
    Contender("kserve-tables-1", "control", kserve("kserve_tables.py"), V2, "v2.jsonl", pinned=True),
    limit("starlette", "limits:starlette_app"),
    limit("bare-asgi", "limits:bare"),
    Contender("do-nothing", "limit", uvicorn("limits:bare"), ours.PREDICTIONS, "gateway.jsonl", proves=False),
    anchor("envoy", behind_envoy),
    anchor("nginx", behind_nginx),
    anchor("predictor-alone", ours.predictor),
    our_predictor("churn-predictor", ours.predictor, "v2.jsonl"),
    our_predictor("churn-predictor-grpc", ours.predictor_grpc, "grpc.bin", grpc=True),
    WHOLE_PATH,
    WHOLE_PATH_LOGGED,
    WHOLE_PATH_GRPC,
)
