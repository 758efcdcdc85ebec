"""What the programs share that run in a pod of the chart: they take no options, and `--help` lists their variables."""

from collections.abc import Mapping

from churn_cli.arguments.parser import Parser
from churn_cli.arguments.variables import TERMINATION, Variable


def pod_parser(name: str, description: str, variables: Mapping[str, str]) -> Parser:
    """A parser of nothing but `--help`; `variables` by name, with what holds without one in brackets."""
    parser = Parser(prog=f"python -m churn_cli.programs.{name}", description=description)
    parser.variables = (*(Variable(*each) for each in variables.items()), TERMINATION)
    return parser
