"""Who errs, or cheats, with a frozen plan: each attack is one line that names the record, and no look is spent."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy
import pandas
import pytest

from churn_campaigns.experiment.ledger import read_ledger
from churn_campaigns.experiment.plan_cohort import digest_of
from churn_cli.main import main
from sample_package import Keys, PackageMaker
from tests.campaigns.test_loop import PLAN, Company, by_chance

READ = ("experiment", "read", "plan.csv", "outcomes.csv")
LEDGER = "plan.csv.ledger.json"


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory, make_package: PackageMaker, keys: Keys) -> tuple[Path, Path]:
    """A folder with a plan that was frozen, and the model that planned it."""
    folder, model = tmp_path_factory.mktemp("frozen"), make_package()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHURN_VERIFY_KEY", str(keys.verify_path))
        company = Company(folder, model, None)  # type: ignore[arg-type]
        words = ["campaign", str(folder / "customers.csv"), str(folder / "plan.csv"), *PLAN]
        assert main([*words, "--usecase", str(folder / "sample.yaml"), "--model", str(model)]) == 0
        company.outcomes("2026-05-01", by_chance(0.5, 0.2))
    return folder, model


@pytest.fixture
def company(
    frozen: tuple[Path, Path], tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Company:  # fmt: skip
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(keys.verify_path))
    shutil.copytree(frozen[0], tmp_path, dirs_exist_ok=True)
    found = Company.__new__(Company)
    found.folder, found._model, found._capsys = tmp_path, frozen[1], capsys
    return found


def refused(company: Company, *words: str) -> str:
    """What a command says that refuses; every file is as it was."""
    before = {path: path.read_bytes() for path in company.folder.iterdir() if path.is_file()}
    said = company.run(*words, code=2)["said"]
    assert {path: path.read_bytes() for path in company.folder.iterdir() if path.is_file()} == before
    return str(said)


def ledger_with(**changes: object) -> Callable[[Company], None]:
    def change(company: Company) -> None:
        path = company.folder / LEDGER
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


TAKEN = {"outcomes": "a" * 64, "days": 10, "information": 10.0, "spent": 0.01, "score": 0.5}
LEDGERS: dict[str, tuple[Callable[[Company], None], str]] = {
    "alpha": (ledger_with(alpha=0.2), "is not as it was written: what was promised or a look was edited"),
    "a window that shows more": (ledger_with(window_days=30), "is not as it was written"),
    "an easy look": (ledger_with(taken=[TAKEN]), "is not as it was written"),
    "an alpha that shows all": (ledger_with(alpha=2.0, seal=""), "is not a ledger of looks (Expected `float` <= 0.5"),
    "a look at nothing": (ledger_with(taken=[TAKEN | {"information": 0.0}], seal=""), "is not a ledger of looks ("),
    "a look that nothing misses": (ledger_with(taken=[TAKEN | {"score": -1.0}], seal=""), "is not a ledger of looks ("),
}  # fmt: skip


@pytest.mark.parametrize("name", LEDGERS)
def test_a_ledger_that_was_edited_is_refused(name: str, company: Company) -> None:
    """Before, a higher alpha or a look with a boundary of 0 declared any effect."""
    change, line = LEDGERS[name]
    change(company)
    assert refused(company, *READ).startswith(f"churn: {LEDGER}: {line}")


def test_a_history_that_cannot_be_used_spends_no_look(company: Company) -> None:
    said = refused(company, *READ, "--history", "customers.csv")
    assert said.startswith("churn: customers.csv, row 1: columns customer, ")
    assert refused(company, *READ, "--history", "history.txt").startswith("churn: history.txt: .txt is not written")
    assert "nowhere/history.csv: cannot be written" in refused(company, *READ, "--history", "nowhere/history.csv")
    known = company.folder / "plan.csv.customers.parquet"
    pandas.read_parquet(known)[1:].to_parquet(known)
    said = refused(company, *READ, "--history", "history.csv")
    assert said.endswith('column "customer": does not hold the customers of this plan: it is another file than was '
                         "written beside it")  # fmt: skip


def test_an_older_copy_of_the_ledger_gives_itself_away_by_the_history(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, putting the first ledger back let the same alpha be spent at look after look."""
    first = (company.folder / LEDGER).read_bytes()
    company.outcomes("2026-02-15", by_chance(0.5, 0.4))
    company.run(*READ, "--history", "history.csv")
    (company.folder / LEDGER).write_bytes(first)
    company.outcomes("2026-03-01", by_chance(0.5, 0.4, seed=3))
    monkeypatch.setenv("CHURN_HOME", str(company.folder / "another machine"))
    said = refused(company, *READ, "--history", "history.csv")
    assert said.startswith('churn: history.csv, column "outcome_until", row 2: "2026-02-15" is of a look at this plan')


def test_an_older_copy_of_the_ledger_is_noticed_without_a_history(company: Company) -> None:
    """Before, whoever kept no history could put the first ledger back before each look, or plan the same anew."""
    path = company.folder / LEDGER
    first = path.read_bytes()
    company.outcomes("2026-02-15", by_chance(0.5, 0.4))
    assert company.run(*READ)["look"] == 1
    second = path.read_bytes()
    path.write_bytes(first)
    # The same look again spends nothing, and what is known of it stays.
    assert company.run(*READ)["look"] == 1
    path.write_bytes(first)
    company.outcomes("2026-03-01", by_chance(0.5, 0.4, seed=3))
    said = refused(company, *READ)
    assert said.startswith(
        f"churn: {LEDGER}: is an older copy: it holds 0 of 1 looks that were taken at this plan here; put back the one "
    )
    path.unlink()
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    assert "it holds 0 of 1 looks" in refused(company, *READ)
    # What it names is the ledger as it was.
    known = Path(said.partition(" last, or ")[2].partition(", which ")[0])
    assert (company.folder / known).read_bytes() == second
    shutil.copy(company.folder / known, path)
    assert company.run(*READ)["look"] == 2


def test_a_ledger_of_other_looks_is_refused(company: Company) -> None:
    """Two copies of a folder, a look in each: together they have spent more than either says."""
    path = company.folder / LEDGER
    first = path.read_bytes()
    company.outcomes("2026-02-15", by_chance(0.5, 0.4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHURN_HOME", str(company.folder / "another machine"))
        company.run(*READ)
    other = path.read_bytes()
    path.write_bytes(first)
    company.outcomes("2026-03-01", by_chance(0.5, 0.4, seed=3))
    company.run(*READ)
    path.write_bytes(other)
    assert refused(company, *READ).startswith(f"churn: {LEDGER}: holds other looks than were taken at this plan here; ")


def test_machines_that_share_their_looks_notice_an_older_copy_without_a_history(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, a plan and the first ledger, carried to another machine, could be read there as if nobody had looked."""
    path = company.folder / LEDGER
    first = path.read_bytes()
    shared = company.folder / "shared"
    shared.mkdir()
    monkeypatch.setenv("CHURN_LOOKS", str(shared))
    company.outcomes("2026-02-15", by_chance(0.5, 0.4))
    assert company.run(*READ, "--history", "history.csv")["look"] == 1
    second = path.read_bytes()
    (company.folder / "history.csv").unlink()
    path.write_bytes(first)
    monkeypatch.setenv("CHURN_HOME", str(company.folder / "another machine"))
    company.outcomes("2026-03-01", by_chance(0.5, 0.4, seed=3))
    said = refused(company, *READ)
    assert said.startswith(f"churn: {LEDGER}: is an older copy: it holds 0 of 1 looks that were taken at this plan ")
    assert ", or shared/" in said
    # A new history does not help whoever lost the old one.
    assert refused(company, *READ, "--history", "history.csv") == said
    path.write_bytes(second)
    assert company.run(*READ)["look"] == 2
    # Both machines know both looks.
    path.write_bytes(second)
    company.outcomes("2026-05-01", by_chance(0.6, 0.5, seed=4))
    monkeypatch.setenv("CHURN_HOME", str(company.folder / "home"))
    assert "it holds 1 of 2 looks" in refused(company, *READ)


def test_a_shared_folder_that_is_not_there_is_no_shared_folder(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHURN_LOOKS", str(company.folder / "drive"))
    assert refused(company, *READ) == "churn: CHURN_LOOKS: drive is no folder: make it, or connect what it lies on"
    assert not (company.folder / "home" / "looks").exists()


def test_where_looks_cannot_be_kept_a_plan_is_read_and_that_is_said(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    (company.folder / "no folder").write_text("")
    monkeypatch.setenv("CHURN_HOME", str(company.folder / "no folder"))
    read = company.run(*READ)
    assert (read["look"], len(read_ledger(company.folder / LEDGER).taken)) == (1, 1)
    assert f"an older copy of {company.folder / LEDGER} will not be noticed here: " in read["said"]


def test_two_campaigns_at_once_do_not_make_a_history_useless(company: Company) -> None:
    """Before, the second was taken in, and the next campaign refused the history."""
    company.run(*READ, "--history", "history.csv")
    again = [word.replace("spring", "autumn").replace("2026-01-01", "2026-03-01") for word in PLAN]
    company.run("campaign", "customers.csv", "other.csv", *again)
    read = ("experiment", "read", "other.csv", "outcomes.csv", "--date-column", "seen_on")
    frame = pandas.read_csv(company.folder / "outcomes.csv", dtype=str)
    frame["seen_on"] = numpy.where(frame["left"] == "yes", "2026-03-15", "2026-06-15")
    frame.to_csv(company.folder / "outcomes.csv", index=False)
    said = refused(company, *read, "--history", "history.csv")
    assert said.startswith('churn: history.csv, column "customer", row 2: the customer is in this plan too, in two ')


def test_another_column_is_another_look(company: Company) -> None:
    """Before, one file of outcomes was one look whatever column of it was read: twenty tries at one boundary."""
    frame = pandas.read_csv(company.folder / "outcomes.csv", dtype=str)
    frame["complained"] = numpy.random.default_rng(5).integers(0, 2, len(frame)).astype(str)
    frame.to_csv(company.folder / "outcomes.csv", index=False)
    company.run(*READ)
    assert company.run(*READ)["look"] == 1
    assert "all of alpha is spent" in refused(company, *READ, "--primary", "complained")
    assert len(read_ledger(company.folder / LEDGER).taken) == 1


def test_what_was_promised_is_not_asked_again(company: Company) -> None:
    assert refused(company, *READ, "--alpha", "0.4") == (
        "churn: --alpha: is for assignments: a plan's ledger says what was promised"
    )
    usecase = company.folder / "sample.yaml"
    usecase.write_text(usecase.read_text().replace("name: sample", "name: other"))
    assert refused(company, *READ).startswith('churn: --usecase: is "other", the plan was made for "sample": give ')


def test_stayers_of_the_control_arm_who_are_left_out_show_nothing(company: Company) -> None:
    """Before, an effect was declared, "unless the missing outcomes are to blame"."""
    company.outcomes("2026-05-01", by_chance(0.5, 0.5))
    frame, plan = pandas.read_csv(company.folder / "outcomes.csv", dtype=str), company.plan()
    held = frame["customer"].isin(plan.loc[plan["arm"] == "control", "id"])
    frame[~(held & (frame["left"] == "no"))].to_csv(company.folder / "outcomes.csv", index=False)
    read = company.run(*READ)
    assert read["attrition"]["alarm"]
    assert read["plan"]["absolute"] > 0.3
    assert not read["plan"]["shown"]
    assert not any(action["shown"] for action in read["actions"])
    assert "no conclusion: the " in read["said"]


def saved_by_a_spreadsheet(company: Company) -> pandas.DataFrame:
    """As Excel saves a CSV file that it has opened in Germany: what looks like a number is one, days are spelt anew."""
    plan = company.plan()
    plan["planned_on"] = "01.01.2026"
    for name in plan.columns.drop("planned_on"):
        numbers = pandas.to_numeric(plan[name], errors="coerce")
        shown = numbers.map(lambda number: f"{number:.10g}".replace(".", ","))
        plan[name] = plan[name].where(numbers.isna() | (name == "id"), shown)
    return plan


def test_a_plan_comes_back_from_a_spreadsheet(company: Company) -> None:
    """Before, days were spelt in no other way, one check in three hundred turned into a number, and one churn
    probability in a thousand was rounded to another."""
    expected = company.run(*READ)
    assert company.plan()["row_check"].str.fullmatch("[a-p]{12}").all()
    saved_by_a_spreadsheet(company).to_csv(company.folder / "plan.csv", index=False, sep=";", encoding="utf-8-sig")
    read = company.run(*READ)
    assert {**read, "said": ""} == {**expected, "said": ""}


def test_ids_that_lost_their_zeros_are_called_that(company: Company) -> None:
    plan = company.plan()
    lost = plan["id"].str.lstrip("0")
    gone = len(plan["id"][0]) - len(lost[0])
    plan.assign(id=lost).to_csv(company.folder / "plan.csv", index=False)
    said = refused(company, *READ)
    assert said.startswith(f'churn: plan.csv, column "id", row 2: "{lost[0]}" has lost {gone} leading zeros')


def test_outcomes_whose_ids_lost_their_zeros_are_called_that(company: Company) -> None:
    """Before, each of them was said to be a stranger, whom an option leaves out."""
    path = company.folder / "outcomes.csv"
    frame = pandas.read_csv(path, dtype=str)
    lost = frame["customer"].str.lstrip("0")
    gone = len(frame["customer"][0]) - len(lost[0])
    frame.assign(customer=lost).to_csv(path, index=False)
    said = f'churn: outcomes.csv, column "customer", row 2: "{lost[0]}" has lost {gone} leading zero'
    assert refused(company, *READ).startswith(said)
    assign = ("experiment", "assign", "customers.csv", "arms.csv", "--control-share", "0.5", "--date", "2026-01-01")
    company.run(*assign, "--salt", "summer")
    assert refused(company, "experiment", "read", "arms.csv", "outcomes.csv").startswith(said)


def test_a_history_of_days_to_come_is_refused(company: Company) -> None:
    """Before, outcomes that nobody can have seen counted as measured."""
    company.run(*READ, "--history", "history.csv")
    frame = pandas.read_csv(company.folder / "history.csv", dtype=str)
    frame.assign(planned_on="2999-01-01", outcome_until="2999-04-01").to_csv(
        company.folder / "history.csv", index=False
    )
    said = refused(company, "campaign", "customers.csv", "next.csv", "--budget", "9", "--history", "history.csv")
    line = 'history.csv, column "outcome_until", row 2: 2999-04-01 lies in the future: an outcome is what has happened'
    assert said == f"churn: {line}"


def test_a_plan_of_a_former_version_is_read(company: Company) -> None:
    """Its checks are hexadecimal digits, and its ledger has no seal."""
    plan, path = company.plan(), company.folder / LEDGER
    back = str.maketrans("ghijklmnop", "0123456789")
    plan["row_check"] = plan["row_check"].map(lambda check: check.translate(back))
    plan.to_csv(company.folder / "plan.csv", index=False)
    ledger_with(checks=digest_of(plan["row_check"]), seal="")(company)
    assert company.run(*READ)["plan"]["shown"]
    assert read_ledger(path).seal


BAD_ORDERS = {
    ("--salt", ""): "--salt: is empty, a name of the experiment was expected",
    ("--alpha", "1e-300"): "--alpha: 1e-300 is not a share from 0.000001 to 0.5",
    ("--alpha", "0.9"): "--alpha: 0.9 is not a share from 0.000001 to 0.5",
    ("--window-days", "1000000000"): "--window-days: is 1000000000, at most 3660 were expected",
    ("--date", "9999-12-31"): "--date: is 9999-12-31, too late for outcomes that anybody will see",
}


def test_orders_that_could_never_be_read_are_refused(company: Company) -> None:
    for words, line in BAD_ORDERS.items():
        assert refused(company, "campaign", "customers.csv", "next.csv", *PLAN, *words) == f"churn: {line}"


def test_a_list_to_leave_out_that_holds_nobody_is_told(company: Company) -> None:
    """A spreadsheet has taken the zeros of its ids away: before, all of them were called again, and nobody knew."""
    company.plan()["id"].str.lstrip("0").to_frame("customer").to_csv(company.folder / "last.csv", index=False)
    said = company.run("campaign", "customers.csv", "next.csv", "--budget", "9", "--leave-out", "last.csv")["said"]
    assert "none of the 899 customers to leave out is among these: are their ids written alike?" in said


def test_assignments_that_were_edited_are_refused(company: Company) -> None:
    """Before, whoever had left could be moved to the other arm, as long as the sizes still fitted."""
    assign = ("experiment", "assign", "customers.csv", "arms.csv", "--control-share", "0.5", "--date", "2026-01-01")
    assert refused(company, *assign, "--salt", " ") == "churn: --salt: is empty, a name of the experiment was expected"
    said = refused(company, *assign[:-4], "--control-share", "1e-9", "--salt", "spring")
    assert said.startswith('churn: customers.csv: 900 customers are so few that nobody is in the arm "control"')
    company.run(*assign, "--salt", "summer")
    read = ("experiment", "read", "arms.csv", "outcomes.csv")
    company.outcomes("2026-05-01", by_chance(0.4, 0.4, seed=2))
    assert not company.run(*read)["effects"][0]["shown"]
    arms = pandas.read_csv(company.folder / "arms.csv", dtype=str)
    others = arms["arm"].map({"control": "treatment", "treatment": "control"})
    arms["arm"] = arms["arm"].where(arms.index != 3, others)
    arms.to_csv(company.folder / "arms.csv", index=False)
    said = refused(company, *read)
    assert said == 'churn: arms.csv, column "row_check", row 5: is not as it was assigned: the row was edited'
