"""Runs of the DAG by `airflow dags test`: all of Airflow in one process, tasks in their order, triggers and retries."""

import json
import os
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ports import free_port

DAG = "churn_training"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Airflow:
    """An Airflow with a database of its own in a folder."""

    python: str
    home: Path
    kubeconfig: Path

    def run(self, date: str, parameters: dict[str, Any], conf: dict[str, Any], seconds: float) -> str:
        """Run the DAG as of a day; what it said. How tasks ended is asked of `states`."""
        path = self.home / "parameters.yaml"
        path.write_text(yaml.safe_dump(parameters))
        words = ["dags", "test", DAG, date, "--conf", json.dumps(conf)]
        return self._call(words, seconds, CHURN_DAG_PARAMETERS=str(path))

    def migrate(self) -> None:
        """Make the database."""
        self._call(["db", "migrate"], 300)

    def states(self, date: str) -> dict[str, tuple[str, int]]:
        """State and number of tries of each task of the run as of a day."""
        with sqlite3.connect(self.home / "airflow.db") as database:
            rows = database.execute(
                "select task_id, task_instance.state, try_number "
                "from task_instance join dag_run using (dag_id, run_id) "
                "where logical_date like ? order by task_instance.start_date", (f"{date}%",),
            ).fetchall()  # fmt: skip
        return {name: (state, tries) for name, state, tries in rows}

    def _call(self, words: list[str], seconds: float, **more: str) -> str:
        port = free_port()
        extra = {"kube_config_path": str(self.kubeconfig), "namespace": "churn"}
        # A kubeconfig that the environment names would be another way to the cluster beside the connection's.
        own = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
        environment = {
            **own, **more, "AIRFLOW_HOME": str(self.home), "PYTHONPATH": "",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "training" / "airflow" / "dags"),
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW_CONN_KUBERNETES_DEFAULT": json.dumps({"conn_type": "kubernetes", "extra": extra}),
        }  # fmt: skip
        command = [self.python, "-m", "airflow", *words]
        done = subprocess.run(
            command, env=environment, cwd=self.home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=seconds, check=False,
        )  # fmt: skip
        return f"{done.stdout}\nended with {done.returncode}\n"
