"""Jenkins, `.ci/run` and the Makefile do the same: every target is there, and what one proves the other proves, too."""

import re
import subprocess
import tomllib

import pytest

from tests.jenkins.pipeline_runs import JENKINSFILE, ROOT
from tests.jenkins.test_pipeline import BESIDE, ORDER

MAKEFILE = (ROOT / "Makefile").read_text()
# What they stand for in continuous integration: no release, and nothing that needs a quiet machine.
ELSEWHERE = {"sbom", "scan", "bench-check", "push", "sign", "promote-staging", "promote-prod"}


def script(target: str) -> str:
    """The one script that a target calls, with its words."""
    found = re.search(rf"^{target}:.*\n\t@(ci/.+)$", MAKEFILE, re.MULTILINE)
    assert found, f"make {target} is not in the Makefile, or calls more than a script in ci/"
    return found.group(1)


@pytest.mark.parametrize("target", [*ORDER, "cluster-down"])
def test_every_target_is_in_the_makefile_and_calls_a_script_that_is_there(target: str) -> None:
    assert (ROOT / script(target).split()[0]).is_file()


@pytest.mark.parametrize("target", [*ORDER, "cluster-down"])
def test_make_help_shows_it(target: str) -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert re.search(rf"^  make {target} ", shown.stdout, re.MULTILINE)


def test_the_pipeline_proves_what_ci_run_proves() -> None:
    assert (ROOT / ".ci/run").read_text().rstrip().endswith("make --no-print-directory ci")
    stages = tomllib.loads((ROOT / "ci/stages.toml").read_text())["stage"]
    ours = {script(target).split()[0] for target in ["lint", *BESIDE, "e2e"]}
    theirs = {stage["command"].split()[0] for stage in stages.values() if stage.get("proves")} | {"ci/images"}
    assert ours == {each for each in theirs if each not in {f"ci/{name}" for name in ELSEWHERE}}


def test_no_target_of_the_pipeline_is_untold() -> None:
    named = set(re.findall(r"(?:target|deliver)\('[^']+', '([a-z0-9-]+)'\)", JENKINSFILE.read_text()))
    assert named == set(ORDER)
    readme = (ROOT / "ci/jenkins/README.md").read_text()
    assert {target for target in ORDER if f"`{target}`" not in readme} == set()
