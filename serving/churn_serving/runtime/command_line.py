"""Settings of a process from its command line and its environment, and what ``--help`` says of them.

Flags win over environment variables, those over defaults. Read once at the start; what cannot be used is one line that
names flag and variable.
"""

import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BeforeValidator, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, CliApp, SettingsError

from churn_model.alike import nearest

CHECK = "--check"
_WIDTH = 100
_HELP = frozenset({"-h", "--help"})
_DEFAULT_HOME = Path(".churn")
Settings = TypeVar("Settings", bound=BaseSettings)
# A variable that is set to nothing is one that is not set, so that a chart need not leave variables out; an empty path
# would be the folder that a process happens to stand in.
Switchable = BeforeValidator(lambda value: None if value == "" else value)
HomeUnlessEmpty = BeforeValidator(lambda value: _DEFAULT_HOME if value == "" else value)


class SettingError(Exception):
    """A setting is missing or unusable, or an argument is none; one line that names flag and variable."""


def read_settings(kind: type[Settings], arguments: Sequence[str]) -> Settings:
    """Settings from the command line and the environment.

    Raises:
        SettingError: naming the flag and the variable of each unusable one.
        SystemExit: ``--help`` was asked for and has been said (status 0).
    """
    if _HELP & set(arguments):
        _show(help_text(kind, arguments))
        raise SystemExit(0)
    _require_known(kind, arguments)
    try:
        return CliApp.run(kind, cli_args=list(arguments), cli_exit_on_error=False)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        lines = [_fault(kind, str(fault["loc"][0]) if fault["loc"] else "", fault["msg"]) for fault in faults]
        raise SettingError(one_line("; ".join(lines))) from error
    except SettingsError as error:
        raise SettingError(one_line(f"{' '.join(str(error).split())}; --help lists what there is")) from error


def _show(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has seen enough (`| head`); Python would complain again when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def without_check(arguments: Sequence[str]) -> tuple[list[str], bool]:
    """The arguments but ``--check``, and whether that was among them: the settings are to be looked at, no more."""
    return [word for word in arguments if word != CHECK], CHECK in arguments


def one_line(text: str) -> str:
    """The text with whatever breaks a line, or is not seen, escaped: settings are quoted where they are refused."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def help_text(kind: type[BaseSettings], given: Sequence[str] = ()) -> str:
    """Every setting with its flag, its variable, its default and what it means; those whose flags are ``given`` beside
    ``--help`` are not to be chosen any more and left out."""
    program = kind.model_config.get("cli_prog_name")
    parts = [f"usage: {program} [--help] [--check] [--FLAG VALUE ...]\n", f"{_indented(kind.__doc__ or '', '')}\n"]
    parts.append(f"{CHECK} says what cannot be used of the settings and serves nothing (ends with 0 or 2).\n")
    for name, field in kind.model_fields.items():
        if flag_of(name) in given:
            continue
        default = "required" if field.is_required() else f"default: {_shown(field)}"
        parts.append(f"  {flag_of(name)}, {variable_of(kind, name)} ({default})")
        parts.append(_indented(field.description or "", "      "))
    return "\n".join(parts) + "\n"


def flag_of(name: str) -> str:
    """The command line flag of a setting."""
    return "--" + name.replace("_", "-")


def variable_of(kind: type[BaseSettings], name: str) -> str:
    """The environment variable of a setting."""
    alias = kind.model_fields[name].validation_alias if name in kind.model_fields else name
    prefix = str(kind.model_config.get("env_prefix", ""))
    return alias if isinstance(alias, str) and alias != name else prefix + name.upper()


def _require_known(kind: type[BaseSettings], arguments: Sequence[str]) -> None:
    flags = [flag_of(name) for name in kind.model_fields]
    flags += [f"--no-{flag.removeprefix('--')}" for flag in flags if kind.model_config.get("cli_implicit_flags")]
    for name in (word.partition("=")[0] for word in arguments if word.startswith("--")):
        if name not in flags:
            near = nearest(name, flags)
            hint = f"did you mean {near}?" if near else "--help lists what there is"
            raise SettingError(one_line(f"there is no option {name}; {hint}"))


def _fault(kind: type[BaseSettings], place: str, message: str) -> str:
    if not place:
        return message  # of more than one setting: the message names them
    fields = kind.model_fields.items()
    name = next((name for name, field in fields if place in (name, field.validation_alias)), place)
    return f"{flag_of(name)} ({variable_of(kind, name)}): {message}"


def _shown(field: FieldInfo) -> str:
    value = field.default
    return "none" if value in (None, "", PydanticUndefined) else str(value)


def _indented(text: str, indent: str) -> str:
    return textwrap.fill(
        " ".join(text.replace("``", "").split()), _WIDTH, initial_indent=indent, subsequent_indent=indent
    )
