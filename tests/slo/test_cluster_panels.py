"""Panels of what the cluster's own exporters show. None of them can run here, so promtool evaluates their queries on
series as kube-state-metrics writes them (docs/metrics of kubernetes/kube-state-metrics)."""

import subprocess
from pathlib import Path

import yaml

from ci.dashboards import cluster
from tests.dashboards.boards import queries

JOB = 'namespace="churn", job_name="churn-training-29"'
OTHER = 'namespace="churn", job_name="nightly-backup"'
CRON_JOB = 'namespace="churn", cronjob="churn-scoring"'
SERIES = {
    f"{cluster.JOB_ACTIVE}{{{JOB}}}": "1x10",
    f"{cluster.JOB_ACTIVE}{{{OTHER}}}": "1x10",
    f'{cluster.JOB_FAILED}{{{JOB}, condition="true"}}': "1x10",
    f'{cluster.JOB_FAILED}{{{JOB}, condition="false"}}': "0x10",
    f'{cluster.JOB_FAILED}{{{OTHER}, condition="true"}}': "1x10",
    f"{cluster.CRON_JOB_SUCCESS}{{{CRON_JOB}}}": "60x10",
}
EXPECTED = {
    "Jobs at work": (f"{{{JOB}}}", 1),
    "Jobs that failed": (f"{{{JOB}}}", 1),
    "Since the last success": (f"{{{CRON_JOB}}}", 240),
}


def test_each_shows_our_jobs_and_no_others(tmp_path: Path) -> None:
    foreign = {query.panel: query for query in queries() if query.foreign}
    assert set(foreign) == set(EXPECTED)
    assert {metric for query in foreign.values() for metric in query.metrics} == set(cluster.METRICS)
    looks = [
        {"expr": foreign[panel].expression, "eval_time": "5m", "exp_samples": [{"labels": labels, "value": value}]}
        for panel, (labels, value) in EXPECTED.items()
    ]
    series = [{"series": name, "values": values} for name, values in SERIES.items()]
    document = {"tests": [{"interval": "1m", "input_series": series, "promql_expr_test": looks}]}
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump(document))
    tested = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "panels.yaml")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
