"""From a file of customers to what an experiment has shown, by the command; and each kind of bad input as one line."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas
import pytest

from churn_campaigns.experiment.assignment import arm_of, in_holdout
from churn_cli.main import main
from churn_model.holdout import salt_id

HEADER = "customerID,arm,salt_id,share,assigned_on"
ASSIGNED = (
    "secret-1,control,s,0.5,2026-01-10",
    "secret-2,offer,s,0.5,2026-01-10",
    "secret-3,control,s,0.5,2026-01-10",
    "secret-4,offer,s,0.5,2026-01-10",
)
ASSUMED = " (use case telecom, unless --usecase says another)"
OUTCOME_HEADER = "customerID,Churn,outcome_on"
LEFT = (
    "secret-1,Yes,2026-02-01",
    "secret-2,No,2026-04-01",
    "secret-3,No,2026-04-01",
    "secret-4,No,2026-04-01",
)


def write(path: Path, header: str, *rows: str) -> str:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_real_customers_are_dealt_and_read_without_an_effect(
    ending: str, telco_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The offer is a name only: nobody got anything, so the real outcomes show nothing."""
    monkeypatch.setattr("churn_data.tables.open_table.__wrapped__.__defaults__", (1000,))
    target = tmp_path / f"assigned.{ending}"
    arguments = ["experiment", "assign", str(telco_path), str(target), "--salt", "spring", "--control-share", "0.1",
                 "--arms", "offer=0.5,call=0.4", "--date", "2026-01-31"]  # fmt: skip
    assert main([*arguments, "--json"]) == 0
    dealt = result(capsys)
    frame = pandas.read_parquet(target) if ending == "parquet" else pandas.read_csv(target)
    telco = pandas.read_csv(telco_path)
    assert list(frame.columns) == [*HEADER.split(","), "row_check"]
    assert list(frame["customerID"]) == list(telco["customerID"])
    shares = {"control": 0.1, "offer": 0.5, "call": 0.4}
    assert list(frame["arm"]) == [arm_of("spring", customer, shares) for customer in telco["customerID"]]
    assert set(frame["salt_id"]) == {salt_id("spring")} == {dealt["salt_id"]}
    assert set(frame["assigned_on"]) == {"2026-01-31"}
    assert dealt["arms"] == {arm: Counter(frame["arm"])[arm] for arm in shares}
    assert (dealt["rows"], dealt["sample_ratio"]["alarm"]) == (7043, False)
    outcomes = tmp_path / f"outcomes.{ending}"
    known = telco[["customerID", "Churn"]].assign(outcome_on=pandas.Timestamp("2026-07-31"))
    known.to_parquet(outcomes) if ending == "parquet" else known.to_csv(outcomes, index=False)
    assert main(["experiment", "read", str(target), str(outcomes), "--json"]) == 0
    found = result(capsys)
    held = [in_holdout("spring", customer, 0.1) for customer in telco["customerID"]]
    control = found["arms"][0]
    assert (control["name"], control["assigned"], control["missing"]) == ("control", sum(held), 0)
    assert control["churned"] == (telco["Churn"][held] == "Yes").sum()
    assert [effect["arm"] for effect in found["effects"]] == ["call", "offer"]
    assert not any(effect["shown"] for effect in found["effects"])
    assert all("no effect shown" in sentence for sentence in found["verdicts"])
    assert not found["sample_ratio"]["alarm"]
    assert not found["simulated"]


def experiment(tmp_path: Path, name: str = "") -> tuple[str, str]:
    """4,000 customers, half in control; 30 % of control and 20 % of offer leave; every 50th outcome is missing."""
    arms = ["control" if number % 2 else "offer" for number in range(4000)]
    leaves = [number % 20 // 2 < (3 if arm == "control" else 2) for number, arm in enumerate(arms)]
    assigned = [
        f"c-{number},{arm},0.5,2026-01-10,{'2026-01-12' if arm == 'offer' and number % 3 else ''}"
        for number, arm in enumerate(arms)
    ]
    outcomes = [f"c-{n},{'1' if leaves[n] else '0'},2026-03-01" for n in range(4000) if n // 2 % 50]
    return (
        write(tmp_path / f"{name}assigned.csv", "customerID,arm,share,assigned_on,treated_on", *assigned),
        write(tmp_path / "outcomes.csv", "customerID,churned,outcome_on", *outcomes, "c-0,,"),
    )


def test_everybody_assigned_counts_contacted_or_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assigned, outcomes = experiment(tmp_path)
    assert main(["experiment", "read", assigned, outcomes, "--primary", "churned"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[:3] == [
        "arm      customers  contacted  outcome known  missing  left   churn",
        "control      2,000          0          1,960       40   560  28.6 %",
        "offer        2,000      1,333          1,960       40   360  18.4 %",
    ]
    assert "offer: relative reduction 35.7 % (95 % interval 27.8 % to 42.8 %)" in lines
    assert "sizes of the arms: as planned (p = 1.000)" in lines
    assert lines[-1].startswith('arm "offer": customers left less often than in control (p = ')
    assert "reading the experiment" in captured.err


def test_an_early_look_needs_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulated, outcomes = experiment(tmp_path, "simulated-")
    arguments = ["experiment", "read", simulated, outcomes, "--primary", "churned", "--json"]
    boundary, widths = [], []
    for options in (["--look", "1", "--looks", "4"], ["--information", "0.1,0.55", "--looks", "4"], []):
        assert main([*arguments, *options]) == 0
        found = result(capsys)
        boundary.append(found["boundary"])
        low, high = found["effects"][0]["relative_interval"]
        widths.append(high - low)
        assert found["simulated"]
        assert "simulated customers" in found["verdicts"][0]
    assert boundary == pytest.approx([4.333, 2.806, 1.960], abs=1e-3)
    assert widths == sorted(widths, reverse=True)
    assert found["looking"] == {"information": [1.0], "looks": 1, "look": 1, "is_last": True}


ASSIGN = ["experiment", "assign", "IN", "OUT", "--salt", "spring", "--control-share", "0.5"]
BAD_ASSIGN: dict[str, tuple[list[str], list[str], str]] = {
    "twice": (["customerID", "secret-1", "secret-2", "secret-1"], [],
              'IN, column "customerID", row 4: the customer of row 2 is here again'),
    "no id": (["customerID,x", "secret-1,1", ",2"], [], 'IN, column "customerID", row 3: the id is missing'),
    "no column": (["id", "secret-1"], [], 'IN, column "customerID", row 1: no such column in the header' + ASSUMED),
    "no rows": (["customerID"], [], "IN: has a header but no rows"),
    "shares": (["customerID", "secret-1"], ["--arms", "a=0.1,b=0.3"],
               "--control-share and --arms: the shares add up to 0.9, 1 was expected"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ASSIGN)
def test_bad_customers_are_one_line_and_leave_nothing(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, more, line = BAD_ASSIGN[name]
    given, target = write(tmp_path / "in.csv", *rows), tmp_path / "out.csv"
    target.write_text("yesterday's")
    assert main([{"IN": given, "OUT": str(target)}.get(part, part) for part in ASSIGN] + more) == 2
    said = capsys.readouterr().err
    assert said.splitlines()[-1] == f"churn: {line.replace('IN', given)}"
    assert "secret" not in said
    assert target.read_text() == "yesterday's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_the_input_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = write(tmp_path / "in.csv", "customerID", "secret-1")
    assert main([given if part in ("IN", "OUT") else part for part in ASSIGN]) == 2
    assert "is the input too" in capsys.readouterr().err
    assert Path(given).read_text() == "customerID\nsecret-1\n"
    elsewhere = {"IN": given, "OUT": str(tmp_path / "no" / "out.csv")}
    assert main([elsewhere.get(part, part) for part in ASSIGN]) == 2
    assert "cannot be written" in capsys.readouterr().err


A, O = "ASSIGNMENT", "OUTCOMES"  # noqa: E741 - one letter keeps the table readable
STRANGER = "the customer was never assigned to an arm (--ignore-unassigned counts such rows)"
LEFT_OUT = "the shares of the arms add up to 1.5, 1 was expected; is an arm left out?"
TOO_EARLY = "2026-01-01 lies before the assignment on 2026-01-10"
EARLY = "lies before the assignment or contact on"
DATED = f"{HEADER},treated_on"
BAD_READ: dict[str, tuple[list[str], list[str], list[str], str]] = {
    "in both arms": ([HEADER, *ASSIGNED, "secret-1,offer,s,0.5,2026-01-10"], [OUTCOME_HEADER, *LEFT], [],
                     f'{A}, column "customerID", row 6: the customer of row 2 is here again'),
    "before assignment": ([HEADER, *ASSIGNED], [OUTCOME_HEADER, *LEFT[:3], "secret-4,Yes,2026-01-09"], [],
                          f'{O}, column "outcome_on", row 5: 2026-01-09 {EARLY} 2026-01-10'),
    "before contact": ([DATED, *(f"{row},2026-02-02" for row in ASSIGNED)], [OUTCOME_HEADER, *LEFT], [],
                       f'{O}, column "outcome_on", row 2: 2026-02-01 {EARLY} 2026-02-02'),
    "contact before assignment": ([DATED, f"{ASSIGNED[0]},2026-01-01"], [OUTCOME_HEADER, *LEFT], [],
                                  f'{A}, column "treated_on", row 2: {TOO_EARLY}'),
    "unknown arm": ([HEADER, *ASSIGNED, "secret-5,ofer,s,0.5,2026-01-10"], [OUTCOME_HEADER, *LEFT],
                    ["--control-share", "0.5", "--arms", "offer=0.5"],
                    f'{A}, column "arm", row 6: "ofer" is not an arm, control or offer was expected'),
    "an arm too many": ([HEADER, *ASSIGNED, "secret-5,ofer,s,0.5,2026-01-10"], [OUTCOME_HEADER, *LEFT], [],
                        f'{A}, column "share": {LEFT_OUT}'),
    "no arm": ([HEADER, "secret-1,,s,0.5,2026-01-10"], [OUTCOME_HEADER, *LEFT], [],
               f'{A}, column "arm", row 2: the arm is missing'),
    "never assigned": ([HEADER, *ASSIGNED], [OUTCOME_HEADER, *LEFT, "secret-9,No,2026-04-01"], [],
                       f'{O}, column "customerID", row 6: {STRANGER}'),
    "twice in outcomes": ([HEADER, *ASSIGNED], [OUTCOME_HEADER, *LEFT, "secret-1,No,2026-04-01"], [],
                          f'{O}, column "customerID", row 6: the customer of row 2 is here again'),
    "no arm column": (["customerID,assigned_on", "secret-1,2026-01-10"], [OUTCOME_HEADER, *LEFT], [],
                      f'{A}, column "arm", row 1: no such column in the header'),
    "no label column": ([HEADER, *ASSIGNED], ["customerID,outcome_on", "secret-1,2026-04-01"], [],
                        f'{O}, column "Churn", row 1: no such column in the header' + ASSUMED),
    "no day column": ([HEADER, *ASSIGNED], ["customerID,Churn", "secret-1,Yes"], [],
                      f'{O}, column "outcome_on", row 1: no such column in the header'),
    "not a label": ([HEADER, *ASSIGNED], [OUTCOME_HEADER, "secret-1,2,2026-04-01"], [],
                    f'{O}, column "Churn", row 2: "2" is not a label, "Yes" or "No" was expected'),
    "no day": ([HEADER, *ASSIGNED], [OUTCOME_HEADER, "secret-1,Yes,"], [],
               f'{O}, column "outcome_on", row 2: the date is missing'),
    "not a day": ([HEADER, "secret-1,control,s,0.5,10.1.2026"], [OUTCOME_HEADER, *LEFT], [],
                  f'{A}, column "assigned_on", row 2: "10.1.2026" is not a date such as 2026-01-31'),
    "two salts": ([HEADER, *ASSIGNED, "secret-5,offer,t,0.5,2026-01-10"], [OUTCOME_HEADER, *LEFT], [],
                  f'{A}, column "salt_id", row 6: another salt than in the rows before: two experiments in one file'),
    "two shares": ([HEADER, *ASSIGNED, "secret-5,offer,s,0.4,2026-01-10"], [OUTCOME_HEADER, *LEFT], [],
                   f'{A}, column "share", row 6: 0.4 is not one share between 0 and 1 for the whole arm'),
    "not a share": ([HEADER, "secret-1,control,s,half,2026-01-10"], [OUTCOME_HEADER, *LEFT], [],
                    f'{A}, column "share", row 2: "half" is not a number'),
    "one arm": ([HEADER, ASSIGNED[0], ASSIGNED[2]], [OUTCOME_HEADER, *LEFT], [],
                f'{A}, column "arm": every customer is in the arm "control"'),
    "no control": ([HEADER, ASSIGNED[1], "secret-5,call,s,0.5,2026-01-10"], [OUTCOME_HEADER, *LEFT], [],
                   f'{A}, column "arm": nobody is in the arm "control", which others are held against'),
    "nobody": ([HEADER], [OUTCOME_HEADER, *LEFT], [], f"{A}: has a header but no rows"),
    "no outcomes": ([HEADER, *ASSIGNED], [OUTCOME_HEADER], [], f"{O}: has a header but no rows"),
    "no outcome of an arm": ([HEADER, *ASSIGNED], [OUTCOME_HEADER, LEFT[0], "secret-2,,"], [],
                             f'{O}, column "Churn": no outcome is known of the arm "offer"'),
    "look without looks": ([HEADER, *ASSIGNED], [OUTCOME_HEADER, *LEFT], ["--look", "1"],
                           "--looks: goes with --look or --information: which look of how many was expected"),
    "look after the last": ([HEADER, *ASSIGNED], [OUTCOME_HEADER, *LEFT], ["--look", "5", "--looks", "4"],
                            "--look: is 5, 1 to 4 was expected"),
    "falling information": ([HEADER, *ASSIGNED], [OUTCOME_HEADER, *LEFT], ["--information", "0.5,0.4", "--looks", "4"],
                            "--information: information at the looks must rise from at least 0.05 to at most 1"),
    "another look": ([HEADER, *ASSIGNED], [OUTCOME_HEADER, *LEFT],
                     ["--information", "0.5", "--look", "2", "--looks", "4"],
                     "--information: is of 1 looks, 2 of 4 were expected"),
    "arms without control": ([HEADER, *ASSIGNED], [OUTCOME_HEADER, *LEFT], ["--arms", "a=0.5"],
                             "--arms: goes with --control-share"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_READ)
def test_bad_experiments_are_one_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assignment, outcomes, more, line = BAD_READ[name]
    paths = {A: write(tmp_path / "a.csv", *assignment), O: write(tmp_path / "o.csv", *outcomes)}
    assert main(["experiment", "read", paths[A], paths[O], *more]) == 2
    captured = capsys.readouterr()
    for word, path in paths.items():
        line = line.replace(word, path)
    assert captured.err.splitlines()[-1] == f"churn: {line}"
    assert captured.out == ""
    assert "secret" not in captured.err


def test_strangers_are_counted_when_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assignment = write(tmp_path / "a.csv", HEADER, *ASSIGNED)
    outcomes = write(tmp_path / "o.csv", OUTCOME_HEADER, *LEFT, "secret-9,No,2026-04-01")
    assert main(["experiment", "read", assignment, outcomes, "--ignore-unassigned"]) == 0
    assert "outcomes of customers who were never assigned, left out: 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--base-rate", "2"],
        ["assign", "a", "b", "--salt", "s", "--control-share", "0.5", "--arms", "control=0.5"],
        ["assign", "a", "b", "--salt", "s", "--control-share", "0.5", "--arms", "half"],
        ["assign", "a", "b", "--salt", "s", "--control-share", "0.5", "--date", "soon"],
        ["read", "a", "b", "--information", "half"],
        [],
    ],
)
def test_arguments_that_make_no_sense(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["experiment", *arguments])
    assert caught.value.code == 2


def test_files_from_another_country_are_read_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def other(name: str, header: str, *rows: str) -> str:
        text = "\n".join([header, *rows]).replace(",", ";").replace("0.5", "0,5") + "\n"
        (tmp_path / name).write_text(text, encoding="utf-16")
        return str(tmp_path / name)

    assignment, outcomes = other("a.csv", HEADER, *ASSIGNED), other("o.csv", OUTCOME_HEADER, *LEFT)
    assert main(["experiment", "read", assignment, outcomes]) == 0
    said = capsys.readouterr().err
    for path in (assignment, outcomes):
        for remark in ("read as UTF-16", "fields are separated by semicolons"):
            assert said.count(f"{path}: {remark}\n") == 1
    assert (
        main(["experiment", "assign", outcomes, str(tmp_path / "n.csv"), "--salt", "s", "--control-share", "0.5"]) == 0
    )
    assert f"{outcomes}: fields are separated by semicolons\n" in capsys.readouterr().err


def test_an_outcome_that_lies_in_the_future_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    assigned = write(tmp_path / "a.csv", HEADER, *ASSIGNED)
    outcomes = write(tmp_path / "o.csv", OUTCOME_HEADER, *LEFT[:3], f"secret-4,No,{day}")
    assert main(["experiment", "read", assigned, outcomes]) == 2
    problem = f'column "outcome_on", row 5: {day} lies in the future: an outcome is what has happened'
    assert capsys.readouterr().err.splitlines()[-1] == f"churn: {outcomes}, {problem}"
