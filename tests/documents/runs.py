"""Newman as people run it, and what its report says."""

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
POSTMAN = ROOT / "docs" / "postman"


@dataclass(frozen=True)
class Exchange:
    """A request that newman sent, and its answer."""

    name: str
    method: str
    url: str
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Run:
    """What a run of a collection came to; `failures` in words."""

    assertions: int
    failures: list[str]
    exchanges: list[Exchange]
    summary: str


class Newman:
    """Runs of the committed collection, each report in a folder of its own."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self.runs: list[Run] = []

    def run(self, variables: dict[str, str], *folders: str, data: Path | None = None, strict: bool = True) -> Run:
        """Run some folders (all of them, if none is named) with variables over those of the environment."""
        report = self._folder / f"{len(self.runs)}.json"
        command = [str(self._program), "run", str(POSTMAN / "churn-serving.postman_collection.json")]
        command += ["--environment", str(POSTMAN / "local.postman_environment.json")]
        command += ["--reporters", "cli,json", "--reporter-json-export", str(report), "--color", "off"]
        command += ["--timeout-request", "60000"]
        for name, value in variables.items():
            command += ["--env-var", f"{name}={value}"]
        for folder in folders:
            command += ["--folder", folder]
        if data is not None:
            command += ["--iteration-data", str(data)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        assert report.exists(), done.stdout + done.stderr
        made = _read(json.loads(report.read_text(encoding="utf-8"))["run"], done.stdout)
        self.runs.append(made)
        if strict:
            assert not made.failures, "\n".join(made.failures)
            assert done.returncode == 0, done.stdout[-3000:]
        return made


def _read(run: dict[str, Any], output: str) -> Run:
    failures = [
        ": ".join((failed["source"].get("name", ""), failed["error"].get("test", ""), failed["error"]["message"]))
        for failed in run["failures"]
    ]
    exchanges = [_exchange(one) for one in run["executions"] if "response" in one and not _is_preparation(one)]
    return Run(run["stats"]["assertions"]["total"], failures, exchanges, output[output.find("┌") :])


def _is_preparation(one: dict[str, Any]) -> bool:
    """Of a request that was left out, newman reports what the collection has asked before it."""
    sent, meant = (part["request"]["url"].get("path", [""])[-1] for part in (one, one["item"]))
    return sent in ("openapi.json", "model") and sent != meant


def _exchange(one: dict[str, Any]) -> Exchange:
    url = one["request"]["url"]
    address = f"{url['protocol']}://{'.'.join(url['host'])}:{url['port']}/{'/'.join(url.get('path', []))}"
    stream = one["response"].get("stream", {})
    body = bytes(stream["data"]) if isinstance(stream.get("data"), list) else base64.b64decode(stream.get("base64", ""))
    headers = {header["key"].lower(): header["value"] for header in one["response"]["header"]}
    kind = headers.get("content-type", "").partition(";")[0]
    return Exchange(one["item"]["name"], one["request"]["method"], address, one["response"]["code"], kind, body)
