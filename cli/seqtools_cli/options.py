"""Options that every command shares, and checks that name the range."""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from seqtools_cli.config_file import load_config
from seqtools_cli.console import Console

Function = TypeVar("Function", bound=Callable[..., Any])
_LARGEST_INTEGER = 2**31 - 1


def common_options(command: Function) -> Function:
    """Add --json, --quiet, --verbose, --config and --debug; pass a ``console`` to the command."""

    @wraps(command)
    def wrapper(
        *args: Any, as_json: bool, quiet: bool, verbose: bool, debug: bool, **values: Any
    ) -> Any:
        del debug  # read from the arguments by main.run, so that it covers parsing too
        console = Console(json=as_json, quiet=quiet, verbose=verbose)
        console.show_warnings()
        return command(*args, console=console, **values)

    options = [
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout."),
        click.option("-q", "--quiet", is_flag=True, help="Print no progress and no warnings."),
        click.option("-v", "--verbose", is_flag=True, help="Print more detail on stderr."),
        click.option(
            "--config",
            type=click.Path(dir_okay=False),
            is_eager=True,
            expose_value=False,
            callback=load_config,
            help="Read options from a TOML file; a flag given here wins.",
        ),
        click.option("--debug", is_flag=True, help="Show tracebacks."),
    ]
    decorated: Any = wrapper
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def seed_option(default: int = 1) -> Callable[[Function], Function]:
    """Add --seed."""
    return click.option(
        "--seed",
        type=IntAtLeast(0),
        default=default,
        show_default=True,
        help="Seed of every random choice.",
    )


class IntAtLeast(click.IntRange):
    """An integer of at least `minimum`; the error names the range."""

    def __init__(self, minimum: int, maximum: int = _LARGEST_INTEGER) -> None:
        super().__init__(min=minimum, max=maximum)
        self.name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the integer, or fail naming the range."""
        if self.max == _LARGEST_INTEGER and _is_above(value, _LARGEST_INTEGER):
            self.fail(f"{value} is above {_LARGEST_INTEGER}, the largest accepted.", param, ctx)
        return super().convert(value, param, ctx)

    def _describe_range(self) -> str:
        is_open = self.max == _LARGEST_INTEGER
        return f"x>={self.min}" if is_open else f"{self.min}<=x<={self.max}"


def _is_above(value: Any, largest: int) -> bool:
    """Say whether a value is an integer above `largest`."""
    try:
        return int(value) > largest
    except (TypeError, ValueError):
        return False


class FiniteFloat(click.ParamType[float]):
    """A finite number within a range; "nan", "inf" and numbers outside are refused.

    Parameters
    ----------
    minimum, maximum : float, optional
        The range.
    above : bool
        The number must be above `minimum`, not equal to it.
    """

    name = "number"

    def __init__(
        self, minimum: float | None = None, maximum: float | None = None, above: bool = False
    ) -> None:
        self.minimum, self.maximum, self.above = minimum, maximum, above

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or fail naming the range."""
        try:
            number = float(value)
        except (TypeError, ValueError):
            self.fail(f"{value!r} is not a number.", param, ctx)
        too_low = self.minimum is not None and (
            number < self.minimum or (self.above and number == self.minimum)
        )
        if not math.isfinite(number) or too_low or number > (self.maximum or math.inf):
            self.fail(f"{value} is not {self._range()}.", param, ctx)
        return number

    def _range(self) -> str:
        """Describe the accepted numbers."""
        low = "" if self.minimum is None else f"{'above' if self.above else 'at least'} "
        low += "" if self.minimum is None else f"{self.minimum:g}"
        high = "" if self.maximum is None else f"at most {self.maximum:g}"
        bounds = " and ".join(part for part in (low, high) if part)
        return f"a finite number {bounds}".strip()
