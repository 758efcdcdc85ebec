"""``python -m ci.stages``: run every stage of ``ci/stages.toml``, or those named and what they need.

Exit code 1 if one failed, 2 if the plan is wrong. ``CI_FRESH=1`` skips nothing. ``.stages/`` holds logs and seconds.
"""

import argparse
import os
import sys
from pathlib import Path

from ci.stages.plan import BadPlan, Plan, load
from ci.stages.report import Report, write
from ci.stages.runner import Runner
from ci.stages.stamps import Stamps

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make ci", description="Run the stages of continuous integration.")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="these and what they need; all without")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        plan = _only(load(options.root / "ci" / "stages.toml"), options.stages)
    except BadPlan as error:
        sys.stderr.write(f"{error}\n")
        return 2
    home = Path(os.environ.get("CI_HOME") or Path.home() / ".cache" / "churn-ci")
    logs = options.root / ".stages"
    report = Report(plan, logs, options.root)
    runner = Runner(plan, options.root, Stamps(plan, options.root, home / "stamps"), logs, report.tell)
    summary = report.summary(runner.run(fresh=os.environ.get("CI_FRESH") == "1"))
    write(summary, logs / "seconds.json")
    return 0 if summary["succeeded"] else 1


def _only(plan: Plan, names: list[str]) -> Plan:
    if unknown := sorted(set(names) - set(plan.stages)):
        raise BadPlan(f"{', '.join(unknown)}: no such stage; there are {', '.join(plan.stages)}")
    wanted = set(names) | {behind.name for name in names for behind in plan.behind(plan.stages[name])}
    kept = {name: stage for name, stage in plan.stages.items() if not names or name in wanted}
    return Plan(kept, plan.limit, plan.environment)


if __name__ == "__main__":
    sys.exit(main())
