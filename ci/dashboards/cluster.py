"""What the cluster's own exporters show, which no process of this project counts: kube-state-metrics. Where it is not
installed, these panels say so by being empty."""

from ci.dashboards.panels import NOTHING, Panel, Series, graph

JOB_FAILED = "kube_job_failed"
JOB_ACTIVE = "kube_job_status_active"
CRON_JOB_SUCCESS = "kube_cronjob_status_last_successful_time"
METRICS = (JOB_FAILED, JOB_ACTIVE, CRON_JOB_SUCCESS)
_JOBS = 'job_name=~".*(training|scoring|outcomes|rollout).*"'
_CRON_JOBS = 'cronjob=~".*(training|scoring|outcomes|rollout).*"'
_NEEDED = "Needs kube-state-metrics."


def jobs() -> list[Panel]:
    """Training, scoring and reports as Jobs."""
    active = f"sum by (namespace, job_name) ({JOB_ACTIVE}{{{_JOBS}}}) > 0"
    failed = f'max by (namespace, job_name) ({JOB_FAILED}{{condition="true", {_JOBS}}}) > 0'
    ended = f"time() - max by (namespace, cronjob) ({CRON_JOB_SUCCESS}{{{_CRON_JOBS}}})"
    return [
        graph("Jobs at work", f"Pods of training, scoring and reports. {_NEEDED}", "short",
              Series(active, "{{namespace}}/{{job_name}}"), empty=NOTHING),
        graph("Jobs that failed", f"What ChurnJobFailed tells of. {_NEEDED}", "short",
              Series(failed, "{{namespace}}/{{job_name}}"), empty=NOTHING),
        graph("Since the last success", f"How long ago each schedule last ended well. {_NEEDED}", "s",
              Series(ended, "{{namespace}}/{{cronjob}}"), empty=NOTHING),
    ]  # fmt: skip
