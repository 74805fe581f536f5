"""Options that take every word up to the next option, as in sacreBLEU's `-m bleu chrf ter`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

# Says of a word whether the option takes it.
Takes = Callable[[str], bool]


def is_no_option(word: str) -> bool:
    """Say whether a word can be a file."""
    return word == "-" or not word.startswith("-")


class VariadicCommand(click.Command):
    """A command with options that take several words.

    Parameters
    ----------
    variadic : mapping of str to callable
        For each spelling of such an option, which words it takes after the first. The options
        themselves are declared with ``multiple=True``.
    """

    def __init__(self, *args: Any, variadic: Mapping[str, Takes], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._variadic = variadic

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each of its words, then parse as usual."""
        return super().parse_args(ctx, _repeat(args, self._variadic))


def _repeat(arguments: Sequence[str], variadic: Mapping[str, Takes]) -> list[str]:
    """Write `-m a b` as `-m a -m b`."""
    repeated: list[str] = []
    option, is_first = "", True
    for position, word in enumerate(arguments):
        if word == "--":
            return [*repeated, *arguments[position:]]
        if word in variadic:
            option, is_first = word, True
        elif not option:
            repeated.append(word)
        elif is_first or variadic[option](word):
            repeated += [option, word]
            is_first = False
        else:
            repeated.append(word)
            option = ""
        if option and is_first and position + 1 == len(arguments):
            repeated.append(option)
    return repeated
