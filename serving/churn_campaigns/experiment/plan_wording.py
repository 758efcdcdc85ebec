"""What a plan has brought, in plain sentences that claim no more than the data do. It must not compute anything."""

from churn_campaigns.experiment.plan_reading import PlanEffect, PlanMoney, PlanRead
from churn_model.plurals import counted

TOO_LITTLE = "too few are known so far for this look to say how far that can be believed"


def plan_text(read: PlanRead) -> str:
    """The result for people."""
    return "\n".join([*_head(read), _verdict(read), _money(read.money, read), *_actions(read), *_checks(read)])


def _head(read: PlanRead) -> list[str]:
    end = "the outcome window is over" if read.final else "the outcome window goes on"
    people = (
        f"{counted(read.plan.treated, 'customer')} treated, {read.plan.control:,} held out of the same planned actions"
    )
    known = f"{read.known:,} of {read.planned:,} outcomes known"
    return [f"look {read.look}, {counted(read.days, 'day')} after the plan ({end}): {people}, {known}"]


def _verdict(read: PlanRead) -> str:
    plan = read.plan
    if read.sample_ratio.alarm:
        return "no conclusion: the numbers of treated and held-out customers do not fit the plan's holdout"
    if not plan.shown and read.attrition.alarm and abs(plan.score) >= read.boundary:
        missing = f"the {read.planned - read.known:,} missing outcomes alone could be to blame"
        return f"no conclusion: {missing}, find out what became of them; {_reduction(plan, read)}"
    if not plan.shown:
        so_far = "" if read.final else " so far"
        return f"no effect shown{so_far}; {_reduction(plan, read)}"
    how = "less" if plan.absolute > 0.0 else "MORE"
    return f"those treated left {how} often than those held out (p = {plan.p_value:.2g}); {_reduction(plan, read)}"


def _reduction(effect: PlanEffect, read: PlanRead) -> str:
    way, sign = ("lower", 100.0) if effect.absolute >= 0.0 else ("higher", -100.0)
    low, high = sorted(sign * min(max(bound, -1.0), 1.0) for bound in effect.interval)
    relative = "" if effect.relative is None else f", {sign * effect.relative:.1f} % of their churn"
    interval = f"{100 * read.level:g} % interval {low:.2f} to {high:.2f}"
    known = TOO_LITTLE if effect.says_nothing else interval
    return f"churn {way} by {sign * effect.absolute:.2f} percentage points{relative} ({known})"


def _money(money: PlanMoney, read: PlanRead) -> str:
    low, high = money.net_interval
    interval = f"{100 * read.level:g} % interval {low:,.2f} to {high:,.2f}"
    known = TOO_LITTLE if read.plan.says_nothing else interval
    return f"in money: {money.kept:,.2f} kept, {money.cost:,.2f} spent, net {money.net:,.2f} ({known})"


def _actions(read: PlanRead) -> list[str]:
    lines = [
        f"{each.action}: {each.treated:,} treated, {each.control:,} held out; {_reduction(each, read)}"
        f"{', shown' if each.shown else ''}"
        for each in read.actions
    ]
    return lines + [f"{name}: too few customers treated or held out to compare" for name in read.left_out]


def _checks(read: PlanRead) -> list[str]:
    needed = f"this look needs |z| of at least {read.boundary:.3f}, has {abs(read.plan.score):.3f}"
    lines = [f"{needed}; {read.alpha_spent:.2g} of alpha is spent"]
    if read.attrition.alarm and read.attrition.p_value is not None:
        lines.append(f"DIFFERENTIAL ATTRITION: outcomes are missing unevenly (p = {read.attrition.p_value:.2g})")
    if read.ignored:
        lines.append(f"outcomes of customers for whom nothing was planned, ignored: {read.ignored:,}")
    if read.unassigned:
        lines.append(f"outcomes of customers who are not in the plan, left out: {read.unassigned:,}")
    return lines
