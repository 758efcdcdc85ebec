"""How a command line is read: options by their whole names alone, and one that is not there is said by its command,
with the nearest that is.

It must not know what the options mean.
"""

import argparse
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.metadata import version
from typing import Any

from churn_cli.arguments.variables import Variable, help_of

_ALIKE = 0.6


class Parser(argparse.ArgumentParser):
    """A parser of a command, or of commands. Where `passes_on` is set, what it does not know is somebody else's;
    `variables` are those of the environment that are read, too."""

    passes_on = False
    variables: Sequence[Variable] = ()

    def __init__(self, **words: Any) -> None:
        super().__init__(**{**words, "allow_abbrev": False})

    def format_help(self) -> str:
        """As argparse does, and the variables."""
        return super().format_help() + (help_of(self.variables) if self.variables else "")

    def parse_known_args(  # type: ignore[override]  # argparse has overloads for namespaces of other types
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse does, but what is not known ends it here, before anything that is missing does."""
        words = list(sys.argv[1:] if args is None else args)
        last = self._subparsers is None and not self.passes_on
        if last:
            self._require_known(words)
        options, rest = super().parse_known_args(words, namespace)
        if rest and last:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return options, rest

    def _require_known(self, words: Sequence[str]) -> None:
        for word in words:
            if word == "--":
                return
            name = word.partition("=")[0]
            if name.startswith("--") and " " not in name and name not in self._option_string_actions:
                self.error(f"there is no option {name}{self.hint_for(name)}")

    def hint_for(self, name: str) -> str:
        """What follows the name of an option that is not there: the one that may be meant, if one is like it."""
        options = [option for option in self._option_string_actions if option.startswith("--")]
        near = [option for option in options if len(name) > len("--x") and option.startswith(name)]
        near = near or get_close_matches(name, options, 1, _ALIKE)
        return f"; did you mean {near[0]}?" if near else ""


class Version(argparse.Action):
    """Says which release this is; the distribution is asked only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print it and end."""
        sys.stdout.write(f"churn {version('churn-serving')}\n")
        parser.exit()
