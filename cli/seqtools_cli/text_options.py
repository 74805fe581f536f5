"""Options of commands that read text: which words count, which lines, how much memory."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from seqtools_cli.options import IntAtLeast

Function = TypeVar("Function", bound=Callable[..., Any])

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT])(?:i?B)?", re.IGNORECASE)
_SMALLEST_BYTES, _LARGEST_BYTES = 1 << 20, 1 << 50


def word_choice_options(command: Function) -> Function:
    """Add --min-count and --max-vocab."""
    options = [
        click.option(
            "--min-count",
            type=IntAtLeast(1),
            default=5,
            show_default=True,
            help="Drop words that occur less often.",
        ),
        click.option(
            "--max-vocab", type=IntAtLeast(2), help="Keep only this many words.  [default: all]"
        ),
    ]
    return _apply(options, command)


def reading_options(command: Function) -> Function:
    """Add --lower and --encoding-errors."""
    options = [
        click.option("--lower", is_flag=True, help="Fold upper to lower case."),
        click.option(
            "--encoding-errors",
            type=click.Choice(["strict", "replace"]),
            default="strict",
            show_default=True,
            help="Refuse invalid UTF-8, or replace and count it.",
        ),
    ]
    return _apply(options, command)


def shard_option(command: Function) -> Function:
    """Add --shard."""
    option = click.option(
        "--shard",
        type=ShardOf(),
        help="Read part I of N of the lines, such as 1/4; merge the parts later.",
    )
    return _apply([option], command)


def memory_option(command: Function) -> Function:
    """Add --memory."""
    option = click.option(
        "--memory",
        "memory_bytes",
        type=MemorySize(),
        default="2G",
        show_default=True,
        help="Memory for co-occurrences; what does not fit is sorted on disk.",
    )
    return _apply([option], command)


def threads_option(what: str) -> Callable[[Function], Function]:
    """Add --threads, and say what they do."""
    return click.option(
        "--threads", type=IntAtLeast(1, 1_024), help=f"Threads that {what}.  [default: all cores]"
    )


def _apply(options: list[Callable[[Any], Any]], command: Function) -> Function:
    """Add options to a command in the order of the list."""
    for option in reversed(options):
        command = option(command)
    return command


class MemorySize(click.ParamType[int]):
    """A number of bytes such as 500M or 2GB; K, M, G and T are powers of 1024."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes, or fail with an example."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = f"{value / 1024}K"
        match = _SIZE.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"{value!r} is not a size; write a unit, such as 500M or 2G.", param, ctx)
        number = int(float(match[1]) * 1024 ** (1 + "KMGT".index(match[2].upper())))
        if not _SMALLEST_BYTES <= number <= _LARGEST_BYTES:
            self.fail(f"{value} is not between 1M and 1024T.", param, ctx)
        return number


class ShardOf(click.ParamType[Any]):
    """A part of a corpus, I/N with I from 1 to N."""

    name = "I/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the shard, or fail naming the range."""
        from seqtools.errors import SettingsError
        from seqtools.text.shards import Shard

        if isinstance(value, Shard):
            return value
        try:
            return Shard.parse(str(value))
        except SettingsError as error:
            self.fail(f"{error}.", param, ctx)
