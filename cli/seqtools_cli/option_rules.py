"""Rules about options that go together, checked before a command does anything.

The rules of a command are a table: which options are not heeded unless others are given, and which
values contradict each other. A command line that breaks a rule ends with exit code 2 and a line
that names the options as they are typed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import click
from click.core import ParameterSource

Values: TypeAlias = Mapping[str, Any]
Condition: TypeAlias = Callable[[Values], bool]


class Rule(Protocol):
    """What a command line must keep to."""

    def fault(self, ctx: click.Context) -> str | None:
        """Return the sentence that says what is wrong, or None."""


@dataclass(frozen=True)
class Unheeded:
    """Options that would have no effect.

    An option that is turned off, as by 0 or --no-..., asks for nothing, so that it is let pass; so
    is one that only a file of --config gives, because that may suit the other options of a file.

    Attributes
    ----------
    options : tuple of str
        As they are typed; "--schedule plateau" means that value alone.
    when : function
        Says of the values of all parameters, by name, whether these options are not heeded.
    because : str
        Goes on after the name of an option: "needs --sample".
    counts_zero : bool
        0 asks for something too.
    """

    options: tuple[str, ...]
    when: Condition
    because: str
    counts_zero: bool = False

    def fault(self, ctx: click.Context) -> str | None:
        """Return what is wrong, or None."""
        if not self.when(ctx.params):
            return None
        for option in self.options:
            if self._is_given(ctx, *option.split()):
                return f"{option} {self.because}."
        return None

    def _is_given(self, ctx: click.Context, option: str, wanted: str | None = None) -> bool:
        """Say whether an option, with a value if one is named, stands on the command line."""
        name = parameter_name(ctx.command, option)
        value = ctx.params[name]
        if ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            return False
        return bool(value or self.counts_zero) if wanted is None else value == wanted


@dataclass(frozen=True)
class Contradiction:
    """Values that no run can have, wherever they come from.

    Attributes
    ----------
    when : function
        Says of the values of all parameters, by name, whether they contradict each other.
    sentence : str
        What is wrong and what to do; {name} stands for the value of a parameter.
    """

    when: Condition
    sentence: str

    def fault(self, ctx: click.Context) -> str | None:
        """Return what is wrong, or None."""
        return self.sentence.format_map(ctx.params) if self.when(ctx.params) else None


@dataclass(frozen=True)
class OneStdin:
    """Inputs of which one alone can be "-", as standard input is read once.

    Attributes
    ----------
    inputs : dict of str to str
        What the help calls an input, by the name of its parameter.
    """

    inputs: Mapping[str, str]

    def fault(self, ctx: click.Context) -> str | None:
        """Return what is wrong, or None."""
        named = []
        for name, shown in self.inputs.items():
            value = ctx.params[name]
            values = value if isinstance(value, tuple) else (value,)
            named += [shown] * values.count("-")
        if len(named) < 2:
            return None
        return two_stdins(*named[:2])


def two_stdins(first: str, second: str) -> str:
    """Say that two inputs cannot both be standard input."""
    if first == second:
        return f"{first} names standard input (-) twice, which can be read once; leave one out."
    return f"{first} and {second} cannot both be standard input (-); name a file for one of them."


def check_rules(*rules: Iterable[Rule]) -> None:
    """Refuse the command line of the running command if it breaks a rule.

    Parameters
    ----------
    *rules : tables of rules
        The first rule that is broken is told.

    Raises
    ------
    click.UsageError
        If one is broken.
    """
    ctx = click.get_current_context()
    for table in rules:
        for rule in table:
            fault = rule.fault(ctx)
            if fault is not None:
                raise click.UsageError(fault, ctx)


def parameter_name(command: click.Command, option: str) -> str:
    """Return the name of the parameter that an option sets.

    Raises
    ------
    LookupError
        If the command has no such option: a mistake in a table of rules.
    """
    for parameter in command.params:
        if parameter.name and option in (*parameter.opts, *parameter.secondary_opts):
            return parameter.name
    raise LookupError(f"{command.name} has no option {option}")
