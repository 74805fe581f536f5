"""Options of `seqtools beam-errors`, and which belong to scores from a file or to a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from seqtools.decoding.objective import SearchObjective
from seqtools.evaluation.beam_errors_objective import SCORE_KINDS, Objective
from seqtools_cli.option_rules import OneStdin, Rule, Unheeded, check_rules
from seqtools_cli.options import FiniteFloat, IntAtLeast
from seqtools_cli.text_options import threads_option

Function = TypeVar("Function", bound=Callable[..., Any])

_OF_SCORES = {
    "nbest": "--nbest",
    "nbest_feature": "--nbest-feature",
    "score_kind": "--score-kind",
    "is_cost": "--costs",
    "eos_counted": "--eos-counted",
    "lengths_without_eos": "--lengths-without-eos",
}
_OF_MODELS = {
    "beam_size": "--beam-size",
    "wider_beam_size": "--wider-beam",
    "use_sweep": "--sweep",
    "sweep_beam_sizes": "--sweep-beams",
    "use_exact": "--exact",
    "node_budget": "--node-budget",
    "coverage": "--coverage-penalty",
    "max_length_ratio": "--max-len-ratio",
    "allow_unk": "--allow-unk",
    "num_stories": "--stories",
    "batch_size": "--batch-size",
    "threads": "--threads",
}
_RULES: tuple[Rule, ...] = (
    OneStdin({"source": "SRC", "reference": "REF", "scores": "--scores", "nbest": "--nbest"}),
    Unheeded(("--nbest-feature",), lambda values: values["nbest"] is None, "needs --nbest"),
    Unheeded(("--node-budget",), lambda values: not values["use_exact"], "needs --exact"),
    Unheeded(("--stories",), lambda values: values["html_path"] is None, "needs --html"),
)


class BeamSizes(click.ParamType[tuple[int, ...]]):
    """Beam sizes separated by commas."""

    name = "sizes"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Return the sizes, or fail naming the form."""
        if isinstance(value, tuple):
            return value
        parts = str(value).split(",")
        if not all(part.strip().isdecimal() and 0 < int(part) <= 1000 for part in parts):
            self.fail(
                f"{value!r} is no list of beam sizes in 1..1000, such as 1,2,5,10.", param, ctx
            )
        return tuple(int(part) for part in parts)


def split_options(
    ctx: click.Context, scores: str | None, files: tuple[str | None, ...], options: dict[str, Any]
) -> dict[str, Any]:
    """Return the options of the form that was asked for; refuse those of the other.

    Raises
    ------
    click.UsageError
        If neither form is whole, both are asked for, an option belongs to the other one, or lacks
        what it needs.
    """
    given = [path for path in files if path is not None]
    if (scores is None) == (not given) or 0 < len(given) < len(files):
        raise click.UsageError(
            "give either MODEL SRC REF (a directory, sources, references) or --scores FILE.", ctx
        )
    foreign = _OF_MODELS if scores is not None else _OF_SCORES
    for name, flag in foreign.items():
        source = ctx.get_parameter_source(name)
        if source is not None and source.name not in {"DEFAULT", "DEFAULT_MAP"}:
            other = "MODEL SRC REF" if scores is not None else "--scores FILE"
            given_flag = "--eos-not-counted" if options[name] is False else flag
            raise click.UsageError(f"{given_flag} needs {other}.", ctx)
    check_rules(_RULES)
    return {name: value for name, value in options.items() if name not in foreign}


def score_options(command: Function) -> Function:
    """Add the options of scores from a file."""
    options = [
        click.option(
            "--scores", metavar="FILE", help="Table of scores, separated by tabs, with a header."
        ),
        click.option(
            "--nbest", metavar="FILE",
            help="n-best lists of the same model, Moses form or JSON Lines; may be a wider beam's.",
        ),
        click.option(
            "--nbest-feature", metavar="NAME",
            help="Take Moses scores from this feature, such as F0, not from the last field.",
        ),
        click.option(
            "--score-kind", type=click.Choice(SCORE_KINDS), default=Objective.score_kind,
            show_default=True,
            help="Scores are sums of log-probabilities, means over T tokens, or the objective "
            "itself.",
        ),
        click.option(
            "--costs", "is_cost", is_flag=True, help="Scores are negative log-probabilities."
        ),
        click.option(
            "--eos-counted/--eos-not-counted", default=Objective.eos_counted, show_default=True,
            help="Whether T counts the end symbol; a model's always does.",
        ),
        click.option(
            "--lengths-without-eos", is_flag=True,
            help="The file's lengths leave the end symbol out.",
        ),
    ]  # fmt: skip
    return _with(command, options)


def model_options(command: Function) -> Function:
    """Add the options of a live model."""
    options = [
        click.option(
            "-b", "--beam-size", "--beam", "beam_size", type=IntAtLeast(1, 1000), default=5,
            show_default=True, help="Hypotheses that the model's search keeps.",
        ),
        click.option(
            "--wider-beam", "wider_beam_size", type=IntAtLeast(0, 1000), default=20,
            show_default=True, metavar="N",
            help="Beam whose outputs witness against the search; 0 for none.",
        ),
        click.option(
            "--sweep", "use_sweep", is_flag=True,
            help="Try beams of 1, 2, 5, 10 and 20, each with several length penalties.",
        ),
        click.option(
            "--sweep-beams", "sweep_beam_sizes", type=BeamSizes(), metavar="N,N,...",
            help="Beams to try instead of --sweep's.",
        ),
        click.option(
            "--exact", "use_exact", is_flag=True,
            help="Search exactly where no search error is proved yet.",
        ),
        click.option(
            "--node-budget", type=IntAtLeast(1), default=10_000, show_default=True, metavar="N",
            help="Decoder steps that exact search may take for one sentence.",
        ),
        click.option(
            "--coverage-penalty", "coverage", type=FiniteFloat(0, 10),
            default=SearchObjective.coverage, show_default=True, metavar="WEIGHT",
            help="Weight of GNMT's coverage penalty in the search.",
        ),
        click.option(
            "--max-len-ratio", "max_length_ratio", type=FiniteFloat(0.0, above=True), default=2.0,
            show_default=True, metavar="X",
            help="Outputs are no longer than X times the source plus 10.",
        ),
        click.option("--allow-unk", is_flag=True, help="Let the search write unknown words."),
        click.option(
            "--stories", "num_stories", type=IntAtLeast(0, 2000), default=100, show_default=True,
            metavar="N", help="Sentences whose beam and attention the page can open.",
        ),
        click.option(
            "--batch-size", type=IntAtLeast(1, 10_000), default=32, show_default=True,
            help="Sentences searched at a time.",
        ),
        threads_option("search side by side"),
    ]  # fmt: skip
    return _with(command, options)


def _with(command: Function, options: list[Callable[[Any], Any]]) -> Function:
    """Put options on a command, in this order."""
    decorated: Any = command
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
