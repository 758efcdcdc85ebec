"""Jobs that a small API server plays: their ends, their logs, and one look after the other."""

from typing import Any

from small_api_server import ApiServer

Object = dict[str, Any]

BATCH = "/apis/batch/v1/namespaces/churn"
PODS = "/api/v1/namespaces/churn/pods"


def ended(exit_code: int, message: str = "") -> Object:
    return {"terminated": {"exitCode": exit_code, "message": message}}


def condition(kind: str, reason: str = "", message: str = "") -> Object:
    return {"status": {"conditions": [{"type": kind, "status": "True", "reason": reason, "message": message}]}}


def log(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def play(
    server: ApiServer, name: str, *scenes: tuple[Object, list[Object]], logs: dict[str, bytes] | None = None
) -> None:
    """Each look at the Job of this name shows the next scene, the last one for ever."""
    left, now = list(scenes), scenes[0]

    def job(_: object) -> Object:
        nonlocal now
        now = left.pop(0) if len(left) > 1 else left[0]
        return now[0]

    server.answers[f"{BATCH}/jobs/{name}"] = job
    server.answers[PODS] = lambda _: {"items": now[1]}
    for pod, content in (logs or {}).items():
        server.answers[f"{PODS}/{pod}/log"] = lambda _, content=content: content  # type: ignore[misc]


def listed(server: ApiServer) -> None:
    """Let CronJobs be asked for by their labels."""

    def answer(query: dict[str, list[str]]) -> Object:
        wanted = dict(word.split("=") for word in query["labelSelector"][0].split(","))
        found = [one for path, one in server.objects.items() if path.startswith(f"{BATCH}/cronjobs/")]
        return {"items": [one for one in found if wanted.items() <= one["metadata"].get("labels", {}).items()]}

    server.answers[f"{BATCH}/cronjobs"] = answer
