"""Options that `seqtools bias` and `seqtools debias` share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from seqtools.bias.settings import AuditSettings
from seqtools_cli.options import FiniteFloat, IntAtLeast

Function = TypeVar("Function", bound=Callable[..., Any])

_AUDIT = AuditSettings()
_AUDIT_FIELDS = (
    "max_lost", "strictness", "samples", "resamples", "confidence", "vocabulary", "top",
)  # fmt: skip
_AXIS_FIELDS = ("axis", "pairs", "pairs_file", "equalize_file", "specific_file", "indirect")


def axis_options(command: Function) -> Function:
    """Add the options that say what kind of bias; pass them as ``axis_choice``, a dict."""
    return _gathering(
        command,
        "axis_choice",
        _AXIS_FIELDS,
        [
            click.option(
                "--axis",
                type=click.Choice(["gender", "race", "religion"]),
                default="gender",
                show_default=True,
                help="Built-in word sets that define the bias.",
            ),
            click.option(
                "--pair",
                "pairs",
                nargs=2,
                multiple=True,
                metavar="WORD WORD",
                help="Take the direction from this pair instead; may be repeated.",
            ),
            click.option(
                "--pairs",
                "pairs_file",
                metavar="FILE",
                help="Take the direction from the pairs, or larger sets, of a file: a set a line, "
                "or a list of lists in JSON.",
            ),
            click.option(
                "--equalize",
                "equalize_file",
                metavar="FILE",
                help="Sets to equalize instead of the axis's, as in --pairs.",
            ),
            click.option(
                "--specific",
                "specific_file",
                metavar="FILE",
                help="Words never neutralized instead of the axis's, one a line or a JSON list.",
            ),
            click.option(
                "--indirect",
                nargs=2,
                multiple=True,
                metavar="WORD WORD",
                help="Tell the share of these words' similarity that is bias; may be repeated.",
            ),
        ],
    )


def audit_options(command: Function) -> Function:
    """Add the options of the measures; pass them as ``audit_values``, a dict."""
    return _gathering(
        command,
        "audit_values",
        _AUDIT_FIELDS,
        [
            click.option(
                "--max-lost",
                type=FiniteFloat(0.0, 1.0),
                default=_AUDIT.max_lost,
                show_default=True,
                help="Fail if a set loses more than this share of its words; lost words are "
                "always listed.",
            ),
            click.option(
                "--strictness",
                type=FiniteFloat(0.0, 100.0),
                default=_AUDIT.strictness,
                show_default=True,
                help="Exponent c of direct bias.",
            ),
            click.option(
                "--samples",
                type=IntAtLeast(1),
                default=_AUDIT.samples,
                show_default=True,
                help="Partitions drawn for p-values where there are over 100,000; else all count.",
            ),
            click.option(
                "--resamples",
                type=IntAtLeast(1),
                default=_AUDIT.resamples,
                show_default=True,
                help="Bootstrap resamples behind each interval.",
            ),
            click.option(
                "--confidence",
                type=FiniteFloat(0.0, 0.9999, above=True),
                default=_AUDIT.confidence,
                show_default=True,
                help="Share of resamples within an interval.",
            ),
            click.option(
                "--vocabulary",
                type=IntAtLeast(1),
                default=_AUDIT.vocabulary,
                show_default=True,
                metavar="N",
                help="Look for biased words and neighbours among the first N words.",
            ),
            click.option(
                "--top",
                type=IntAtLeast(0),
                default=_AUDIT.top,
                show_default=True,
                metavar="N",
                help="Most biased words listed for each group.",
            ),
        ],
    )


def sets_option(command: Function) -> Function:
    """Add --sets."""
    option = click.option(
        "--sets",
        multiple=True,
        metavar="NAME|FILE",
        help="Association tests: weat, weat-1 to weat-10, or a TOML or JSON file with tests and "
        "perhaps an axis; may be repeated.  [default: weat]",
    )
    return option(command)


def picture_options(command: Function) -> Function:
    """Add --report and --plot."""
    options = [
        click.option(
            "--report", metavar="FILE", help="Write all of this as one .html page with pictures."
        ),
        click.option(
            "--plot", metavar="FILE", help="Draw the pictures into a .png, .svg or .pdf file."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def refuse_two_stdins(vectors: str, *files: str | None) -> None:
    """Refuse to read two things from standard input."""
    if [vectors, *files].count("-") > 1:
        raise click.UsageError("Only one of the inputs can come from standard input.")


def _gathering(
    command: Function, name: str, fields: tuple[str, ...], options: list[Any]
) -> Function:
    """Add options and pass their values as one dict."""

    @wraps(command)
    def wrapper(*args: Any, **values: Any) -> Any:
        gathered = {field: values.pop(field) for field in fields}
        return command(*args, **{name: gathered}, **values)

    decorated: Any = wrapper
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
