"""Lines a second of the request log by values: said where they differ from what gateways do of themselves."""

from churn_serving.gateway.settings import GatewaySettings
from tests.charts.rendered import Chart, nested, pods

NAME = "CHURN_GATEWAY_REQUEST_LOG_LINES_PER_SECOND"


def told(chart: Chart, **values: object) -> list[str]:
    (gateway,) = (pod for pod in pods(chart.render(nested(**values))) if pod.component == "gateway")
    return [one["value"] for one in gateway.spec["containers"][0]["env"] if one["name"] == NAME]


def test_what_gateways_do_of_themselves_is_the_chart_s_default_and_not_said(chart: Chart) -> None:
    assert told(chart) == []
    default = GatewaySettings.model_fields["request_log_lines_per_second"].default
    assert told(chart, gateway__requestLog__linesPerSecond=default) == []


def test_any_other_number_is_said(chart: Chart) -> None:
    assert told(chart, gateway__requestLog__linesPerSecond=0) == ["0"]
    assert told(chart, gateway__requestLog__linesPerSecond=1_000_000) == ["1000000"]
