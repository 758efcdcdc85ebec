"""Whether a new model may take the champion's place: it must know more, earn more and do no harm.

Every rule is a finding with one sentence for managers, passed or not. It judges answers to the same customers; it must
not know models, packages or the registry.
"""

from collections.abc import Mapping

import numpy

from churn_model.usecase import ProfitRule
from churn_training.comparison.harm_rules import brier_finding, ece_finding, groups_finding, latency_finding
from churn_training.comparison.lead_rules import gain_findings, leads_of, spared_lead
from churn_training.comparison.verdict import FIRST, JudgedModel, Terms, Verdict


def judge(
    churned: numpy.ndarray,
    groups: Mapping[str, numpy.ndarray],
    rule: ProfitRule,
    champion: JudgedModel,
    challenger: JudgedModel,
    seed: int,
    *,
    customers: numpy.ndarray | None = None,
    terms: Terms = FIRST,
) -> Verdict:
    """Hold a challenger against the champion, by six rules.

    `log_loss`: it is lower, and the probability of such a lead by chance is within the contest's part of the error
    (`significance.level_of`). `profit`: its EMPC is higher, by chance with at most 5 %. Where the champion may be
    refreshed, both are answered by a lead in profit over the champion less the margin, within the contest's part of the
    error. `brier`, `ece`, `latency` and `groups`: it is not shown to be worse, see `harm_rules`.

    Args:
        churned: 0 or 1 a customer.
        groups: by name of the grouping the value of every customer as text; groups below 50 customers are not judged.
        rule: the economics of the campaign.
        champion: what is served today.
        challenger: what may replace it.
        seed: the same seed draws the same customers.
        customers: a number a row, the same for rows of one customer, who are drawn with all of them; None: each row is
            a customer of its own.
        terms: of this contest.
    """
    leads = leads_of(churned, rule, champion, challenger, customers)
    spared = spared_lead(churned, champion, challenger, terms, customers)
    findings = (
        *gain_findings(churned, rule, champion, leads, terms, spared),
        brier_finding(churned, champion, challenger, customers),
        ece_finding(churned, rule, champion, challenger, seed, customers),
        latency_finding(champion.milliseconds, challenger.milliseconds),
        groups_finding(churned, groups, champion, challenger, customers),
    )
    passed = all(finding.passed for finding in findings)
    return Verdict(passed, findings, leads.knowledge.chance(), better=leads.knows(terms) and leads.earns)
