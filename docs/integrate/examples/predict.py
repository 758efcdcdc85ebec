"""Two customers by the project's own client (pip install "CHECKOUT[client]"), or those of a file that is named."""

import json
import sys
from pathlib import Path

from churn_client import ChurnClient, ChurnClientError, Customer

BODY = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parent / "customers.json"


def main() -> int:
    """Ask, and say what to do about each customer."""
    try:
        asked = json.loads(BODY.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"{BODY}: {error}", file=sys.stderr)
        return 2
    customers = [Customer(each["customer_id"], each["features"]) for each in asked["customers"]]
    try:
        with ChurnClient() as client:  # CHURN_URL, CHURN_API_KEY
            answer = client.predict(customers, explain=True)
    except ChurnClientError as error:  # names fields and what to do, never a customer
        named = f"request {error.request_id}: " if error.request_id else ""  # nothing was sent, or it never arrived
        print(f"{named}{error}", file=sys.stderr)
        return 1
    if answer.degraded:
        print("no model could be reached: probabilities are a scorecard's, so plan no campaign by them")
    for each in answer.predictions:
        print(f"{each.customer_id} {each.churn_probability:.3f} {each.risk}: {each.action.name}")
        for reason in each.reasons:
            print(f"  {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
