"""The environment variables by which a command can be told what it reads, as its `--help` lists them.

Whoever reads a variable owns it; here stand its name and its meaning, so that nobody has to look for it in the code.
The ports of `churn up` are the servers' own, which list them themselves.
"""

import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_WIDTH, _INDENT = 100, " " * 26


class Variable(NamedTuple):
    """A variable, or several that mean one thing together; `meaning` says what holds without it in brackets."""

    name: str
    meaning: str


HOME = Variable("CHURN_HOME", "folder of models, keys and runs (.churn)")
TRACKING = Variable("CHURN_TRACKING_URI", "MLflow's server, or the database of its runs (mlflow.db in CHURN_HOME)")
LOOKS = Variable("CHURN_LOOKS", "folder in which machines share which looks were taken at plans (none)")
VERIFY_KEY = Variable("CHURN_VERIFY_KEY", "public key that proves packages (keys/verify.pem in CHURN_HOME)")
SIGNING_KEY = Variable("CHURN_SIGNING_KEY", "private key that signs packages (keys/signing.pem in CHURN_HOME)")
MLFLOW_PORT = Variable("CHURN_MLFLOW_PORT", "port at which MLflow's pages are shown on this machine (8086)")
SERVERS = Variable(
    "CHURN_GATEWAY_…, CHURN_PREDICTOR_…, CHURN_BENTO_…",
    "whatever else a server can be told: python -m churn_serving.gateway --help, and .predictor and .bento",
)
TERMINATION = Variable("CHURN_TERMINATION_LOG", "file for the last line or the result, as a pod shows it (none)")
RECORDED = Variable(
    "CHURN_CODE_REVISION, CHURN_JOB_NAME, CHURN_POD_NAME",
    "kept with the run; image and chart set them (git's, none)",
)
INDEX = Variable("JOB_COMPLETION_INDEX", "which share of --shard N this is, as an indexed Job says it (none)")
KUBERNETES = Variable("KUBECONFIG", "clusters for --on-cluster and --condition (~/.kube/config)")
STORAGE = (
    Variable("AWS_ENDPOINT_URL_S3, MLFLOW_S3_ENDPOINT_URL", "address of the storage of s3:// places (Amazon's)"),
    Variable("AWS_DEFAULT_REGION, AWS_REGION", "its region (us-east-1)"),
    Variable("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", "its keys (whatever else boto3 finds)"),
)
LOG_STORE = Variable("CHURN_PREDICTION_LOG_STORE", "where the prediction log lasts (predictions/log in CHURN_HOME)")
_OUTCOMES_LOG = (
    LOG_STORE,
    Variable("CHURN_GATEWAY_PREDICTION_LOG_KEYS", "keys of its customers (keys/prediction-log.json in CHURN_HOME)"),
)
LOG_SEGMENTS = Variable("CHURN_GATEWAY_PREDICTION_LOG", "the gateway's segments (predictions/segments in CHURN_HOME)")
GIT = (
    Variable("CHURN_GIT_USERNAME", "who --environment is at the git server (as in the checkout's address)"),
    Variable("CHURN_GIT_PASSWORD_FILE", "file of the password or access token there (as in the checkout's address)"),
    Variable(
        "GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME, GIT_COMMITTER_EMAIL",
        "who commits (git's user.name and user.email)",
    ),
)
_REGISTRY = (HOME, TRACKING)
_EXPORT = (*_REGISTRY, SIGNING_KEY, VERIFY_KEY)
_TRAINING = (*_EXPORT, MLFLOW_PORT, *STORAGE)
_DRIFT = (HOME, VERIFY_KEY, LOG_STORE, *STORAGE, KUBERNETES)
_OF_COMMANDS: dict[str, Sequence[Variable]] = {
    "train": (*_TRAINING, KUBERNETES, RECORDED),
    "retrain": (*_TRAINING, RECORDED, *_OUTCOMES_LOG),
    "ingest": STORAGE,
    "window": (*_REGISTRY, VERIFY_KEY, *_OUTCOMES_LOG, *STORAGE),
    "compare": _REGISTRY,
    "validate": (*_REGISTRY, VERIFY_KEY, *STORAGE),
    "up": (*_TRAINING, SERVERS),
    "score": (HOME, VERIFY_KEY, *STORAGE, KUBERNETES, INDEX),
    "promote": (*_EXPORT, *GIT),
    "rollback": (*_EXPORT, *GIT),
    "start": (*_REGISTRY, *GIT),
    "step": GIT,
    "status": (*_REGISTRY, *GIT),
    "stop": GIT,
    "models": _REGISTRY,
    "rebuild": (*_REGISTRY, VERIFY_KEY, *STORAGE),
    "card": _REGISTRY,
    "value": (HOME, VERIFY_KEY, *STORAGE),
    "campaign": (HOME, VERIFY_KEY, *STORAGE),
    "check": _DRIFT,
    "watch": _DRIFT,
    "load": (HOME, *_OUTCOMES_LOG, *STORAGE),
    "report": (HOME, *_OUTCOMES_LOG, *STORAGE),
    "show": STORAGE,
    "log": (HOME, LOG_SEGMENTS, *_OUTCOMES_LOG, *STORAGE),
    "assign": STORAGE,
    "read": (HOME, LOOKS, *STORAGE),
}
"""Of a command of `churn`, or a part of one; one that is not here is told everything by its options."""


def of_command(name: str) -> Sequence[Variable]:
    """What the command of this name reads."""
    return (*_OF_COMMANDS.get(name, ()), TERMINATION)


def of_all() -> Sequence[Variable]:
    """What any command reads, each once."""
    return tuple(dict.fromkeys(each for name in _OF_COMMANDS for each in of_command(name)))


def help_of(variables: Iterable[Variable]) -> str:
    """Their part of `--help`, in the form of the options above it."""
    lines = ["", "environment variables:"]
    for name, meaning in variables:
        first = f"  {name}".ljust(len(_INDENT))
        if len(first) > len(_INDENT) or not first.endswith("  "):
            lines.append(first.rstrip())
            first = _INDENT
        lines.append(textwrap.fill(meaning, _WIDTH, initial_indent=first, subsequent_indent=_INDENT))
    return "\n".join(lines) + "\n"
