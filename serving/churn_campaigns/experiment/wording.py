"""What an experiment has shown, in plain sentences that claim no more than the data do.

It must not compute anything.
"""

from churn_campaigns.experiment.analysis import Arm, Effect, Read
from churn_campaigns.experiment.comparison import Interval
from churn_campaigns.experiment.power import ExperimentPlan


def verdict(effect: Effect, read: Read) -> str:
    """One sentence about one arm."""
    beginning = f'arm "{effect.arm}"{" (simulated customers)" if read.simulated else ""}:'
    if read.sample_ratio.alarm:
        return (
            f"{beginning} no conclusion, the arms' sizes do not fit their planned shares: customers were not dealt so"
        )
    if not effect.shown and read.attrition.alarm and effect.adjusted_p_value <= read.alpha:
        return f"{beginning} no conclusion, the missing outcomes alone could be to blame: find out what became of them"
    if not effect.shown:
        return (
            f"{beginning} no effect shown{_so_far(read)}; the data are compatible with a reduction of {_range(effect)}"
        )
    fewer = effect.absolute > 0.0
    return (
        f"{beginning} customers left {'less' if fewer else 'more'} often than in control"
        f" (p = {_p(effect.adjusted_p_value)}); the data are compatible with"
        f" {'a reduction' if fewer else 'an increase'} of {_range(effect, mirrored=not fewer)}"
    )


def table(read: Read) -> str:
    """The result for people: counts by arm, effects, checks, verdicts."""
    return "\n".join([*_counts(read), *_effects(read), *_checks(read), *read.verdicts])


def plan_text(plan: ExperimentPlan) -> str:
    """A plan in plain sentences."""
    goal = plan.goal
    test = f"two-sided test at {_percent(goal.alpha)}, power {_percent(goal.power)}"
    lines = [f"{test}, churn of the control arm {_percent(goal.base_rate)} (assumed)"]
    if plan.size is not None:
        size = plan.size
        lines.append(
            f"to show a relative reduction of {_percent(size.reduction)}: {size.control:,} customers in control"
            f" and {size.treatment:,} in treatment, {size.total:,} in all"
        )
    if plan.customers is not None:
        lines.append(_with_customers(plan, plan.customers))
    return "\n".join(lines + _looks(plan))


def _with_customers(plan: ExperimentPlan, customers: int) -> str:
    if plan.detectable is None:
        return f"{customers:,} customers in all are too few to show any reduction"
    line = f"{customers:,} customers in all show a relative reduction of {_percent(plan.detectable)} or more"
    if plan.size is None or plan.power_of_customers is None:
        return line
    return f"{line}; one of {_percent(plan.size.reduction)} with power {_percent(plan.power_of_customers)}"


def _looks(plan: ExperimentPlan) -> list[str]:
    if plan.goal.looks == 1:
        return []
    title = (
        f"{plan.goal.looks} looks (O'Brien–Fleming-type spending) take {plan.inflation:.3f} times the customers of one"
    )
    return [
        f"{title}:",
        *(
            f"  look {number}, with {_percent(look.information)} of the outcomes: |z| at least {look.score:.3f}"
            f" (p at most {_p(look.nominal_p)})"
            for number, look in enumerate(plan.looks, 1)
        ),
    ]


def _so_far(read: Read) -> str:
    looking = read.looking
    return "" if looking.is_last else f" at look {looking.look} of {looking.looks}, the experiment goes on"


def _range(effect: Effect, *, mirrored: bool = False) -> str:
    """The relative interval, or the absolute one where there is none; mirrored as an increase."""
    interval, written = effect.relative_interval, _percents
    if interval is None:
        interval, written = effect.absolute_interval, _points
    low, high = interval
    return written((-high, -low) if mirrored else (low, high))


def _counts(read: Read) -> list[str]:
    people = "simulated customers" if read.simulated else "customers"
    rows = [("arm", people, "contacted", "outcome known", "missing", "left", "churn"), *map(_arm_row, read.arms)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]


def _arm_row(arm: Arm) -> tuple[str, ...]:
    treated = "not known" if arm.treated is None else f"{arm.treated:,}"
    counts = (f"{number:,}" for number in (arm.known, arm.missing, arm.churned))
    return (arm.name, f"{arm.assigned:,}", treated, *counts, _percent(arm.outcomes.churn))


def _effects(read: Read) -> list[str]:
    """Reductions are of churn, positive where customers stayed."""
    holm = " after Holm" if len(read.effects) > 1 else ""
    lines = []
    for effect in read.effects:
        interval = f"{_percent(read.level)} interval"
        absolute = f"{_points((effect.absolute,))} ({interval} {_points(effect.absolute_interval)})"
        relative = "not defined, nobody left in control"
        if effect.relative is not None:
            relative = f"{_percent(effect.relative)} ({interval} {_range(effect)})"
        lines += [
            f"{effect.arm}: relative reduction {relative}",
            f"{effect.arm}: absolute reduction {absolute}",
            f"{effect.arm}: z = {effect.score:.2f}, p = {_p(effect.adjusted_p_value)}{holm}",
        ]
        if effect.if_missing is not None:
            lines.append(f"{effect.arm}: whatever the missing outcomes are, the absolute reduction seen would be"
                         f" {_points(effect.if_missing)}")  # fmt: skip
    return lines


def _checks(read: Read) -> list[str]:
    ratio, attrition = read.sample_ratio, read.attrition
    lines = []
    if ratio.p_value is None:
        lines.append("sizes of the arms: not checked, their planned shares are not known (--control-share, --arms)")
    else:
        found = "SAMPLE RATIO MISMATCH" if ratio.alarm else "as planned"
        lines.append(f"sizes of the arms: {found} (p = {_p(ratio.p_value)})")
    if attrition.alarm and attrition.p_value is not None:
        lines.append(f"DIFFERENTIAL ATTRITION: outcomes are missing unevenly (p = {_p(attrition.p_value)})")
    if read.treated_controls:
        lines.append(f"customers of control who were contacted and still count as control: {read.treated_controls:,}")
    if read.unassigned:
        lines.append(f"outcomes of customers who were never assigned, left out: {read.unassigned:,}")
    if read.looking.looks > 1:
        lines.append(f"look {read.looking.look} of {read.looking.looks}: |z| of at least {read.boundary:.3f} is needed")
    return lines


def _percent(share: float) -> str:
    return _percents((share,))


def _percents(shares: Interval | tuple[float]) -> str:
    return f"{' % to '.join(_number(100.0 * share, 1) for share in shares)} %"


def _points(shares: Interval | tuple[float]) -> str:
    return f"{' to '.join(_number(100.0 * share, 2) for share in shares)} percentage points"


def _number(value: float, decimals: int) -> str:
    """Without zeros that say nothing, and without a minus before 0."""
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"  # noqa: PLR2004 - three decimals say no more
