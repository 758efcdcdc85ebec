"""Results as pages show them: who may only look reads what planners do, corrected outcomes too, and changes nothing."""

import io
import re

import pandas

from tests.marketing.running_app import App, post, token_of
from tests.marketing.test_plan_pages import TOMORROW, begin, fetch, freeze, upload


def test_corrected_outcomes_are_read_by_who_may_only_look(app: App) -> None:
    with app.client() as petra, app.client("victor") as victor:
        plan = begin(petra, budget="20000", segment=["2"])
        freeze(petra, plan)
        listed = pandas.read_csv(io.StringIO(fetch(petra, plan, "csv").text), keep_default_na=False)
        results = plan.replace("plans", "results")
        assert "3 looks are planned" in victor.get(results).text
        told = pandas.DataFrame({"customerID": listed["id"], "Churn": "No", "outcome_on": TOMORROW})
        planned = told.index[listed["arm"] != "none"]
        told.loc[planned[::20], "Churn"] = "Yes"
        first = outlook_of(upload(petra, results, told.to_csv(index=False)))
        told.loc[planned[::10], "Churn"] = "Yes"  # of some it is known by now that they had left
        second = outlook_of(upload(petra, results, told.to_csv(index=False)))
        assert first != second
        seen = victor.get(results).text
        assert outlook_of(seen) == second
        assert seen.count("petra: after 1 day, ") == 2, "both looks stay to be read"
        assert not re.search(r"\b(nan|inf)\b", seen)
        assert f'action="{results}"' not in seen
        assert "Plan the next campaign" not in seen
        files = {"outcomes": ("outcomes.csv", told.to_csv(index=False).encode(), "text/csv")}
        token = {"csrf_token": token_of(seen)}
        assert victor.post(results, data=token, files=files, headers={"Referer": app.url}).status_code == 403
        assert victor.get(results).text.count(": after 1 day, ") == 2
        assert "Not enough data yet" in victor.get("/results/").text
        post(petra, f"{plan}/close", {}, page=plan)


def outlook_of(page: str) -> str:
    """What a page of results says to everybody who may see it."""
    return page.partition("<h1>")[2].partition('<form method="post"')[0].partition("</main>")[0].strip()
