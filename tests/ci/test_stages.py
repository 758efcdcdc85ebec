"""Continuous integration's runner with real, tiny stages in a folder of their own, started as people start it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


class Project:
    """A folder with stages; every run of one leaves a line in ``runs``, outside of what the stages read."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.runs = folder / "runs"
        self._home = folder / "home"
        (self.root / "ci").mkdir(parents=True)
        (self.root / "source").mkdir()
        (self.root / "source" / "code.py").write_text("one")

    def plan(self, text: str) -> None:
        (self.root / "ci" / "stages.toml").write_text(text.replace("RUNS", str(self.runs)))

    def command(self, *names: str) -> list[str]:
        return [sys.executable, "-m", "ci.stages", "--root", str(self.root), *names]

    def environment(self, **changes: str) -> dict[str, str]:
        return {**os.environ, "CI_HOME": str(self._home), "CI_FRESH": "", **changes}

    def run(self, *names: str, **changes: str) -> "Run":
        ended = subprocess.run(
            self.command(*names),
            cwd=ROOT,
            env=self.environment(**changes),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Run(ended.returncode, ended.stdout, ended.stderr)

    def ran(self) -> list[str]:
        return self.runs.read_text().split() if self.runs.exists() else []


class Run:
    """What one run said."""

    def __init__(self, status: int, output: str, errors: str) -> None:
        self.status = status
        self.output = output
        self.errors = errors

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.output.splitlines()[-1])
        return found

    def results(self) -> dict[str, str]:
        return {name: stage["result"] for name, stage in self.summary["stages"].items()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


ONE_PROOF = """
environment = ["CHURN_"]
[stage.prepare]
command = "echo prepare >>RUNS"
inputs = ["lock"]
budget = 1
[stage.proof]
command = "echo proof >>RUNS; test ! -e fail"
needs = ["prepare"]
inputs = ["source/**"]
tools = ["cat tool-version"]
budget = 1
proves = true
"""


@pytest.fixture
def proven(project: Project) -> Project:
    """A project whose proof succeeded once."""
    project.plan(ONE_PROOF)
    (project.root / "lock").write_text("1")
    (project.root / "tool-version").write_text("1")
    assert project.run().status == 0
    project.runs.unlink()
    return project


def test_what_has_not_changed_is_skipped_with_all_that_only_it_needs(proven: Project) -> None:
    again = proven.run()
    assert again.status == 0
    assert again.results() == {"prepare": "not needed", "proof": "skipped"}
    assert proven.ran() == []
    assert "proof skipped: nothing has changed" in again.output


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("source/code.py", "two"),
        ("source/deep/new.py", "new"),
        ("lock", "2"),  # of a stage that it needs
        ("tool-version", "2"),
        ("ci/stages.toml", ONE_PROOF.replace("echo proof", "echo  proof").replace("RUNS", "runs-elsewhere")),
    ],
    ids=["input", "new input", "input of what it needs", "tool", "command"],
)
def test_a_change_runs_the_stage_again(proven: Project, path: str, content: str) -> None:
    changed = proven.root / path
    changed.parent.mkdir(exist_ok=True)
    changed.write_text(content)
    assert proven.run().results() == {"prepare": "passed", "proof": "passed"}


@pytest.mark.parametrize("variables", [{"CI_FRESH": "1"}, {"CHURN_TELCO": "elsewhere"}], ids=["fresh", "environment"])
def test_a_variable_runs_the_stage_again(proven: Project, variables: dict[str, str]) -> None:
    assert proven.run(**variables).results() == {"prepare": "passed", "proof": "passed"}


def test_a_removed_and_an_executable_input_count(proven: Project) -> None:
    (proven.root / "source" / "code.py").chmod(0o755)
    assert proven.run().results()["proof"] == "passed"
    (proven.root / "source" / "code.py").unlink()
    assert proven.run().results()["proof"] == "passed"


def test_a_new_machine_skips_nothing(proven: Project, tmp_path: Path) -> None:
    assert proven.run(CI_HOME=str(tmp_path / "new")).results() == {"prepare": "passed", "proof": "passed"}


def test_a_file_that_no_stage_reads_changes_nothing(proven: Project) -> None:
    (proven.root / "README.md").write_text("new")
    assert proven.run().results()["proof"] == "skipped"


def test_a_failure_leaves_no_stamp_and_takes_an_old_one(proven: Project) -> None:
    (proven.root / "fail").touch()
    (proven.root / "source" / "code.py").write_text("two")
    for _ in range(2):
        failed = proven.run()
        assert failed.status == 1
        assert failed.results() == {"prepare": "passed", "proof": "failed"}
    (proven.root / "source" / "code.py").write_text("one")
    assert proven.run().results()["proof"] == "failed"
    (proven.root / "fail").unlink()
    assert proven.run().results()["proof"] == "passed"


def test_inputs_that_change_while_a_stage_runs_leave_no_stamp(project: Project) -> None:
    project.plan("""
[stage.proof]
command = "date +%N >source/code.py"
inputs = ["source/*"]
budget = 1
proves = true
""")
    assert project.run().results() == {"proof": "passed"}
    again = project.run()
    assert again.results() == {"proof": "passed"}
    assert "its inputs changed meanwhile" in again.output


def test_git_says_which_files_are_nobodys_input(project: Project) -> None:
    project.plan("""
[stage.proof]
command = "true"
inputs = ["**"]
budget = 1
proves = true
""")
    subprocess.run(["git", "init", "--quiet", project.root], check=True)
    (project.root / ".gitignore").write_text("cache\n.stages\n")
    project.run()
    (project.root / "cache").write_text("ignored")
    assert project.run().results() == {"proof": "skipped"}
    (project.root / "new.py").write_text("not yet added")
    assert project.run().results() == {"proof": "passed"}


def test_a_failure_shows_its_log_stops_what_needs_it_and_nothing_else(project: Project) -> None:
    project.plan("""
[stage.broken]
command = "for number in {1..50}; do echo line $number; done; exit 3"
budget = 1
[stage.after]
command = "echo after >>RUNS"
needs = ["broken"]
budget = 1
[stage.last]
command = "echo last >>RUNS"
needs = ["after"]
budget = 1
[stage.other]
command = "echo other >>RUNS; echo seen; echo closing words"
budget = 1
""")
    ended = project.run()
    assert ended.status == 1
    assert ended.results() == {"broken": "failed", "after": "not run", "last": "not run", "other": "passed"}
    assert ended.summary["stages"]["broken"]["reason"] == "exit code 3"
    assert {f"line {number}" for number in range(1, 51)} <= set(ended.output.splitlines())
    assert "closing words" in ended.output.splitlines()
    assert "seen" not in ended.output.splitlines()
    assert project.ran() == ["other"]
    assert (project.root / ".stages" / "other.log").read_text() == "seen\nclosing words\n"
    assert json.loads((project.root / ".stages" / "seconds.json").read_text()) == ended.summary


def test_an_endless_log_is_shown_cut(project: Project) -> None:
    project.plan("""
[stage.broken]
command = "echo first; printf 'y%.0s' {1..900000}; echo; echo last; exit 1"
budget = 1
""")
    output = project.run().output
    assert {"first", "last"} <= set(output.splitlines())
    assert "bytes are left out" in output
    assert len(output) < 600_000


def test_files_beside_the_project_are_inputs_too(project: Project) -> None:
    beside = project.root.parent / "shared" / "data" / "customers.csv"
    beside.parent.mkdir(parents=True)
    beside.write_text("one")
    project.plan("""
[stage.proof]
command = "true"
inputs = ["../shared/data/**"]
budget = 1
proves = true
""")
    assert project.run().results() == {"proof": "passed"}
    assert project.run().results() == {"proof": "skipped"}
    beside.write_text("two")
    assert project.run().results() == {"proof": "passed"}


def test_stages_run_side_by_side_and_one_that_must_be_alone_runs_alone(project: Project) -> None:
    # Each of the two waits for the other's mark, so they only succeed together.
    project.plan("""
[stage.exact]
command = "test $(cat RUNS | wc -l) = 4; echo exact >>RUNS; sleep 0.3; test $(cat RUNS | wc -l) = 5"
alone = true
budget = 1
[stage.left]
command = "echo left >>RUNS; until grep -q right RUNS; do sleep 0.01; done; sleep 0.1; echo left-ends >>RUNS"
budget = 1
[stage.right]
command = "echo right >>RUNS; until grep -q left RUNS; do sleep 0.01; done; sleep 0.2; echo right-ends >>RUNS"
background = true
budget = 1
[stage.afterwards]
command = "tail -n1 RUNS | grep -qx exact"
needs = ["exact"]
budget = 1
""")
    assert set(project.run().results().values()) == {"passed"}


AFTER = """
[stage.patient]
command = "echo patient >>RUNS"
after = ["urgent"]
budget = 1
[stage.urgent]
command = "sleep 0.5; echo urgent >>RUNS; test ! -e fail"
budget = 1
"""


def test_what_can_wait_begins_when_others_have_ended_however_they_did(project: Project) -> None:
    project.plan(AFTER)
    assert set(project.run().results().values()) == {"passed"}
    (project.root / "fail").touch()
    assert project.run().results() == {"urgent": "failed", "patient": "passed"}
    assert project.ran() == ["urgent", "patient"] * 2


def test_what_can_wait_brings_along_nothing_that_it_does_not_need(project: Project) -> None:
    project.plan(AFTER)
    assert project.run("patient").results() == {"patient": "passed"}


CLEARED = """
[stage.server]
command = "echo begun >>RUNS"
afterwards = "echo cleared >>RUNS; test ! -e broom-broken"
inputs = ["source/**"]
proves = true
budget = 1
[stage.asks]
command = "echo asks >>RUNS; test ! -e fail"
needs = ["server"]
budget = 1
"""


def test_what_a_stage_leaves_to_others_is_cleared_up_when_all_have_ended(project: Project) -> None:
    project.plan(CLEARED)
    assert set(project.run().results().values()) == {"passed"}
    assert project.ran() == ["begun", "asks", "cleared"]


def test_it_is_cleared_up_after_a_failure_too_and_not_where_nothing_began(project: Project) -> None:
    project.plan(CLEARED)
    (project.root / "fail").touch()
    assert project.run().results() == {"server": "passed", "asks": "failed"}
    assert project.ran() == ["begun", "asks", "cleared"]
    assert project.run().results() == {"server": "skipped", "asks": "failed"}
    assert project.ran() == ["begun", "asks", "cleared", "asks"]


def test_a_stage_waits_for_what_a_skipped_one_needs(project: Project) -> None:
    project.plan("""
[stage.server]
command = "sleep 0.5; echo server >>RUNS; test ! -e fail"
budget = 1
[stage.asks]
command = "echo asks >>RUNS"
needs = ["server"]
inputs = ["source/**"]
proves = true
budget = 1
[stage.measures]
command = "echo measures >>RUNS"
needs = ["asks"]
inputs = ["measured"]
proves = true
budget = 1
""")
    assert set(project.run().results().values()) == {"passed"}
    (project.root / "measured").write_text("more")
    assert project.run().results() == {"server": "passed", "asks": "skipped", "measures": "passed"}
    assert project.ran() == ["server", "asks", "measures", "server", "measures"]
    (project.root / "fail").touch()
    (project.root / "measured").write_text("most")
    broken = project.run()
    assert broken.results() == {"server": "failed", "asks": "skipped", "measures": "not run"}
    assert broken.summary["stages"]["measures"]["reason"] == "server did not succeed"


def test_a_stage_that_cannot_clear_up_has_failed(project: Project) -> None:
    project.plan(CLEARED)
    (project.root / "broom-broken").touch()
    for _ in range(2):  # it left no stamp either
        ended = project.run()
        assert ended.status == 1
        assert ended.results() == {"server": "failed", "asks": "passed"}
        assert ended.summary["stages"]["server"]["reason"] == "clearing up afterwards ended with exit code 1"


def test_what_runs_in_the_background_gives_way_as_a_session_too(project: Project) -> None:
    project.plan("""
[stage.build]
command = "test $(nice) = 19; test ! -e /proc/self/autogroup || grep -q 'nice 19$' /proc/self/autogroup"
background = true
budget = 1
[stage.proof]
command = "test $(ps -o ni= -p $$) = $(ps -o ni= -p $PPID)"
budget = 1
""")
    assert set(project.run().results().values()) == {"passed"}


def test_python_keeps_in_every_stage_what_it_has_compiled(project: Project) -> None:
    project.plan("""
[stage.proof]
command = "PYTHONPATH=source python3 -c 'import code_of_ours'; ls source/__pycache__/code_of_ours.*.pyc"
inputs = ["source/**"]
budget = 1
proves = true
""")
    (project.root / "source" / "code_of_ours.py").touch()
    assert project.run(PYTHONDONTWRITEBYTECODE="1").results() == {"proof": "passed"}
    assert project.run(PYTHONDONTWRITEBYTECODE="1").results() == {"proof": "skipped"}  # bytecode is nobody's input


def test_a_variable_that_no_stage_sees_takes_no_stamp_away(project: Project) -> None:
    project.plan("""
environment = ["PYTHON"]
[stage.proof]
command = "test -z ${PYTHONDONTWRITEBYTECODE:-}"
inputs = ["source/**"]
budget = 1
proves = true
""")
    assert project.run(PYTHONDONTWRITEBYTECODE="1").results() == {"proof": "passed"}
    assert project.run().results() == {"proof": "skipped"}
    assert project.run(PYTHONPATH="elsewhere").results() == {"proof": "passed"}


def test_what_waits_and_what_tidies_up_leaves_processors_to_others(project: Project) -> None:
    """Threads of OpenMP, and the memory of Go's programs."""
    project.plan("""
[stage.proof]
command = "test $OMP_WAIT_POLICY = PASSIVE && test $GOGC = 400"
budget = 1
""")
    assert project.run(OMP_WAIT_POLICY="ACTIVE", GOGC="100").results() == {"proof": "passed"}


def test_stages_of_one_run_share_a_folder_that_is_new_in_each(project: Project) -> None:
    """Those that give way one of their own: nobody waits for them."""
    stages = {"first": False, "behind": True, "second": False, "last": True}
    text = "".join(
        f"""
[stage.{name}]
command = "mkdir -p $TESTS_SHARED_FOLDER && touch $TESTS_SHARED_FOLDER/{name} && ls -x $TESTS_SHARED_FOLDER >>RUNS"
after = {[*stages][: [*stages].index(name)]}
background = {str(background).lower()}
budget = 1
"""
        for name, background in stages.items()
    )
    project.plan(text)
    for count in (1, 2):
        assert set(project.run(TESTS_SHARED_FOLDER="elsewhere").results().values()) == {"passed"}
        assert project.ran() == ["first", "behind", "first", "second", "behind", "last"] * count


def test_it_is_said_what_a_stage_took_of_processors(project: Project) -> None:
    project.plan("""
[stage.busy]
command = "python3 -c 'import time; all(time.process_time() < 0.3 for _ in iter(int, 1))'"
budget = 1
[stage.idle]
command = "sleep 0.5"
budget = 1
""")
    stages = project.run().summary["stages"]
    assert stages["busy"]["processor_seconds"] >= 0.3
    assert stages["idle"]["processor_seconds"] < 0.3


def test_over_budget_is_said_and_is_no_failure(project: Project) -> None:
    project.plan("""
[stage.slow]
command = "sleep 0.4"
budget = 0.005
""")
    ended = project.run()
    assert ended.status == 0
    assert ended.summary["over_budget"] == ["slow"]
    assert "slow took longer than its budget" in ended.output


def test_the_start_is_cold_until_what_a_stage_leaves_is_there(project: Project) -> None:
    project.plan("""
[stage.build]
command = "touch built"
leaves = "built"
budget = 1
""")
    assert project.run().summary["start"] == "cold"
    warm = project.run().summary
    assert warm["start"] == "warm"
    assert warm["stages"]["build"]["start"] == "warm"


def test_named_stages_bring_what_they_need(project: Project) -> None:
    project.plan(ONE_PROOF + '[stage.more]\ncommand = "echo more >>RUNS"\nbudget = 1\n')
    assert set(project.run("proof").results()) == {"prepare", "proof"}
    unknown = project.run("prof")
    assert unknown.status == 2
    assert "prof: no such stage" in unknown.errors


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("limit = 3", "there must be stages"),
        ('[stage.a]\ncommand = "true"', "budget is missing"),
        ('[stage.a]\ncommand = "true"\nbudget = 1\nbugdet = 2', "bugdet is not known"),
        ('[stage.a]\ncommand = "true"\nbudget = 1\nneeds = ["b"]', "needs b, which is no stage"),
        ('[stage.a]\ncommand = "true"\nbudget = 1\nafter = ["b"]', "needs b, which is no stage"),
        ('[stage.a]\ncommand = "true"\nbudget = 1\nproves = true', "without inputs"),
        (
            '[stage.a]\ncommand = ""\nbudget = 1\nneeds = ["b"]\n[stage.b]\ncommand = ""\nbudget = 1\nneeds = ["a"]',
            "a needs itself: a → b → a",
        ),
        ("[stage", "stages.toml"),
    ],
)
def test_a_wrong_plan_is_refused_before_anything_runs(project: Project, text: str, complaint: str) -> None:
    project.plan(text)
    ended = project.run()
    assert ended.status == 2
    assert complaint in ended.errors


def test_the_limit_ends_what_runs(project: Project) -> None:
    project.plan("""
limit = 0.01
[stage.endless]
command = "sleep 600"
budget = 1
[stage.after]
command = "echo after >>RUNS"
needs = ["endless"]
budget = 1
""")
    ended = project.run()
    assert ended.status == 1
    assert ended.results() == {"endless": "failed", "after": "not run"}
    assert "the limit of 0.01 minutes is over" in ended.summary["stages"]["endless"]["reason"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_stages_clear_up_and_still_reports(project: Project, number: signal.Signals) -> None:
    project.plan("""
[stage.long]
command = "trap 'echo cleared >>RUNS' EXIT; echo begun >>RUNS; sleep 600"
afterwards = "echo afterwards >>RUNS"
budget = 1
""")
    with subprocess.Popen(
        project.command(), cwd=ROOT, env=project.environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        while not project.ran():
            time.sleep(0.02)
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert Run(1, output, "").results() == {"long": "failed"}
    assert project.ran() == ["begun", "cleared", "afterwards"]


def test_the_projects_own_plan_names_what_exists() -> None:
    """Scripts are there and no glob names nothing, so that none can stop to cover what it was written for."""
    from ci.stages.plan import load
    from ci.stages.stamps import matching

    plan = load(ROOT / "ci" / "stages.toml")
    for stage in plan.stages.values():
        assert (ROOT / stage.command.split()[0]).is_file(), stage.name
        for glob in stage.inputs:
            assert matching(ROOT, (glob.removeprefix("!"),)), f"{stage.name}: {glob}"


UNSTEADY = f"""
[stage.proof]
command = "{sys.executable} -m pytest --override-ini addopts= --rootdir=. source"
inputs = ["source/**"]
proves = true
budget = 1
[stage.asks]
command = "echo asks >>RUNS"
needs = ["proof"]
budget = 1
"""

FAILS_AT_FIRST = """
from pathlib import Path


def note(name):
    with Path("RUNS").open("a") as runs:
        runs.write(name + chr(10))
    return Path("RUNS").read_text().split().count(name)


def test_steady():
    note("steady")


def test_unsteady():
    assert note("unsteady") > TIMES, "too early"
"""


def unsteady(project: Project, times: int, *more: str) -> Run:
    """A project whose test fails that many times, and others that always do."""
    project.plan(UNSTEADY)
    text = FAILS_AT_FIRST.replace("RUNS", str(project.runs)).replace("TIMES", str(times))
    text += "".join(f"\n\ndef test_{name}():\n    assert False\n" for name in more)
    (project.root / "source" / "test_code.py").write_text(text)
    return project.run()


def test_a_test_that_fails_once_beside_others_runs_once_more_and_is_named(project: Project) -> None:
    ended = unsteady(project, 1)
    assert ended.status == 0
    assert ended.results() == {"proof": "passed", "asks": "passed"}
    assert project.ran() == ["steady", "unsteady", "unsteady", "asks"]
    name = "source/test_code.py::test_unsteady"
    assert ended.summary["unsteady"] == {"proof": [name]}
    assert f"proof runs once more for what failed: {name}" in ended.output
    assert "too early" in ended.output  # why it failed is shown though it passed afterwards
    assert "too early" in (project.root / ".stages" / "proof.first.log").read_text()
    again = project.run()  # no stamp
    assert again.results()["proof"] == "passed"
    assert again.summary["unsteady"] == {}
    assert project.run().results()["proof"] == "skipped"


def test_a_test_that_fails_twice_has_failed(project: Project) -> None:
    ended = unsteady(project, 2)
    assert ended.status == 1
    assert ended.results() == {"proof": "failed", "asks": "not run"}
    assert project.ran() == ["steady", "unsteady", "unsteady"]


def test_where_many_fail_none_runs_again(project: Project) -> None:
    ended = unsteady(project, 1, "one", "two", "three")
    assert ended.results() == {"proof": "failed", "asks": "not run"}
    assert ended.summary["unsteady"] == {}
    assert project.ran() == ["steady", "unsteady"]


def test_what_failed_before_any_test_does_not_run_again(project: Project) -> None:
    project.plan(UNSTEADY.replace("-m pytest", "-m pytest --no-such-option"))
    assert project.run().results() == {"proof": "failed", "asks": "not run"}
    project.plan(UNSTEADY.replace('source"', 'source; exit 1"'))
    (project.root / "source" / "test_code.py").write_text("def test_steady(): pass")
    assert project.run().results() == {"proof": "failed", "asks": "not run"}
