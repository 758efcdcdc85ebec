"""A report as Prometheus text: for the textfile collector of node_exporter, or to be pushed by a Job.

Labels say use case, model and slice, never a customer. It must not compute anything.
"""

from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from churn_data.written_files import whole_file
from churn_monitoring.outcomes.findings import Loaded
from churn_monitoring.outcomes.measures import Interval
from churn_monitoring.outcomes.report import Measured, Report

ANSWERS = "churn_outcomes_answers"
CUSTOMERS = "churn_outcomes_customers"
CHURN_RATE = "churn_outcomes_churn_rate"
MEAN_PROBABILITY = "churn_outcomes_mean_probability"
AUC = "churn_outcomes_auc"
BRIER = "churn_outcomes_brier"
LOG_LOSS = "churn_outcomes_log_loss"
CALIBRATION_DIFFERENCE = "churn_outcomes_calibration_difference"
CALIBRATION_SLOPE = "churn_outcomes_calibration_slope"
CALIBRATION_ERROR = "churn_outcomes_calibration_error"
EMPC = "churn_outcomes_empc"
PROFIT = "churn_outcomes_profit"
EARNED = "churn_outcomes_earned"
EXPECTED_PROFIT = "churn_outcomes_expected_profit"
DECIDED = "churn_outcomes_decided_customers"
EFFECT = "churn_outcomes_effect"
EFFECT_CUSTOMERS = "churn_outcomes_effect_customers"
FIRST_DAY = "churn_outcomes_first_day_timestamp_seconds"
LAST_DAY = "churn_outcomes_last_day_timestamp_seconds"
AS_OF = "churn_outcomes_as_of_timestamp_seconds"
SAID_UNTIL = "churn_outcomes_said_until_timestamp_seconds"
CORRECTED = "churn_outcomes_corrected_customers"
LABELS = "churn_outcomes_labels"
_HELP = {
    ANSWERS: "Answers of the period by what is known of them.",
    CUSTOMERS: "Customers whose outcome is known, by whether they left.",
    CHURN_RATE: "Share of them that left.",
    MEAN_PROBABILITY: "Their mean churn probability.",
    AUC: "Area under the ROC curve.",
    BRIER: "Mean squared distance of probability and outcome.",
    LOG_LOSS: "Mean negative log-likelihood.",
    CALIBRATION_DIFFERENCE: "Churn rate less mean probability.",
    CALIBRATION_SLOPE: "Slope of a logistic regression of churn on the log-odds of probabilities; 1 is right.",
    CALIBRATION_ERROR: "Mean distance of predicted and observed churn over tenths of the customers.",
    EMPC: "Expected maximum profit of a campaign by these probabilities, a customer.",
    PROFIT: "What the recommended actions bring, a customer, now that outcomes are known.",
    EARNED: "What the recommended actions bring in all, now that outcomes are known.",
    EXPECTED_PROFIT: "What was expected of them when they were recommended, a customer.",
    EFFECT: "By how much fewer of an arm left than of its control, a difference of shares.",
    DECIDED: "Customers of whom profit is told: an action was recommended to them, or none.",
    EFFECT_CUSTOMERS: "Customers of an arm and of its control, of whom the effect is told.",
    FIRST_DAY: "First day of the answers.",
    LAST_DAY: "Last day of the answers.",
    AS_OF: "Last day of which outcomes count.",
    SAID_UNTIL: "When the last statement that counts was said.",
    CORRECTED: "Customers who are judged and of whom something was said before that contradicts what counts.",
    LABELS: "Customers of the last file of labels by what was found about them.",
}
_SLICE = ("use_case", "digest", "slice", "level")
_BOUND = "bound"
_SECONDS = 86_400
_BOUNDS = ("estimate", "lower", "upper")


class _Gauges:
    """Gauges by name, made when first set."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._made: dict[str, Gauge] = {}

    def set(self, name: str, value: float, **labels: str) -> None:
        if name not in self._made:
            self._made[name] = Gauge(name, _HELP[name], tuple(labels), registry=self.registry)
        self._made[name].labels(**labels).set(value)

    def interval(self, name: str, found: Interval | None, **labels: str) -> None:
        """A number and its interval by the label `bound`; what is not known is not there."""
        for bound, value in zip(_BOUNDS, found or (), strict=False):
            if value is not None:
                self.set(name, value, **labels, **{_BOUND: bound})

    def write(self, path: Path) -> None:
        """Write all, whole or not at all."""
        with whole_file(path) as temporary:
            temporary.write_bytes(generate_latest(self.registry))


def write_report(report: Report, path: Path) -> None:
    """Write a report's metrics.

    Raises:
        DataError: the file cannot be written.
    """
    gauges = _Gauges()
    asked = report.question
    for name, day in ((FIRST_DAY, asked.first), (LAST_DAY, asked.last), (AS_OF, asked.as_of)):
        gauges.set(name, _seconds(day.toordinal()), use_case=report.usecase)
    gauges.set(SAID_UNTIL, report.said_until.timestamp(), use_case=report.usecase)
    gauges.set(CORRECTED, report.corrected, use_case=report.usecase)
    for each in report.models:
        for state, count in each.states.items():
            gauges.set(ANSWERS, count, use_case=report.usecase, digest=each.model.digest, state=state)
        for measured in each.slices:
            values = (report.usecase, each.model.digest, *measured.slice)
            _set_slice(gauges, measured, dict(zip(_SLICE, values, strict=True)))
    gauges.write(path)


def write_loaded(loaded: Loaded, usecase: str, path: Path) -> None:
    """Write what was found about a file of labels.

    Raises:
        DataError: the file cannot be written.
    """
    gauges = _Gauges()
    for kind, finding in loaded.findings.items():
        gauges.set(LABELS, finding.customers, use_case=usecase, kind=kind)
    gauges.write(path)


def _set_slice(gauges: _Gauges, measured: Measured, labels: dict[str, str]) -> None:
    found = measured.quality
    gauges.set(CUSTOMERS, found.leavers, **labels, left="yes")
    gauges.set(CUSTOMERS, found.customers - found.leavers, **labels, left="no")
    for name, value in _numbers(measured):
        gauges.set(name, value, **labels)
    intervals = {
        CHURN_RATE: found.churn_rate, AUC: found.auc, BRIER: found.brier,
        CALIBRATION_DIFFERENCE: found.calibration and found.calibration.difference,
        CALIBRATION_SLOPE: found.calibration and found.calibration.slope,
        EMPC: measured.money.empc, PROFIT: measured.money.profit, EARNED: measured.money.earned,
    }  # fmt: skip
    for name, interval in intervals.items():
        gauges.interval(name, interval, **labels)
    for effect in measured.effects:
        gauges.interval(EFFECT, effect.reduction, **labels, arm=effect.arm)
        for side, customers in (("arm", effect.customers), ("control", effect.control_customers)):
            gauges.set(EFFECT_CUSTOMERS, customers, **labels, arm=effect.arm, side=side)


def _numbers(measured: Measured) -> Iterator[tuple[str, float]]:
    found = measured.quality
    yield MEAN_PROBABILITY, found.mean_probability
    yield DECIDED, measured.money.decided
    if found.log_loss is not None:
        yield LOG_LOSS, found.log_loss
    if found.calibration is not None:
        yield CALIBRATION_ERROR, found.calibration.ece
    if measured.money.expected is not None:
        yield EXPECTED_PROFIT, measured.money.expected


def _seconds(ordinal: int) -> float:
    return (ordinal - 719_163.0) * _SECONDS  # of 1970-01-01
