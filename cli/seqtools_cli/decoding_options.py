"""Options of search and sampling, and the settings they make."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from seqtools_cli.options import FiniteFloat, IntAtLeast

Function = TypeVar("Function", bound=Callable[..., Any])


def objective_options(command: Function) -> Function:
    """Add the options of the objective that hypotheses are ranked by."""
    options = [
        click.option(
            "--length-penalty", "--lenpen", "alpha", type=FiniteFloat(0, 10), default=1.0,
            show_default=True,
            help="Exponent of the length by which log-probabilities are divided; 0 does not.",
        ),
        click.option(
            "--length-penalty-beta", "beta", type=FiniteFloat(0, 1e6), default=0.0,
            show_default=True,
            help="Divide by ((b + T) / (b + 1))^alpha, T with the end symbol; 5 is GNMT's.",
        ),
        click.option(
            "--coverage-penalty", "coverage", type=FiniteFloat(0, 10), default=0.0,
            show_default=True, help="Weight of GNMT's penalty on source words passed over.",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def decoding_options(command: Function) -> Function:
    """Add the options of search and sampling."""
    options = [
        click.option(
            "-b", "--beam-size", "--beam", "beam_size", type=IntAtLeast(1, 10_000), default=5,
            show_default=True, help="Hypotheses kept of a line; 1 is greedy search.",
        ),
        objective_options,
        click.option(
            "--max-len", "max_length", type=IntAtLeast(1, 100_000), default=250, show_default=True,
            help="Longest output in symbols, the end symbol counted.",
        ),
        click.option(
            "--max-len-ratio", "max_length_ratio", type=FiniteFloat(0, 1000, above=True),
            default=2.0, show_default=True,
            help="No output is longer than so many times its source, plus 10.",
        ),
        click.option(
            "--forbid-unk/--allow-unk", "forbid_unk", default=True, show_default=True,
            help="Whether <unk> may be written.",
        ),
        click.option(
            "--no-repeat-ngram", "block_repeats", type=IntAtLeast(0, 1000), default=0,
            show_default=True, help="Write no n-gram of this order twice; 0 allows it.",
        ),
        click.option("--sample", "is_sampled", is_flag=True, help="Draw outputs; do not search."),
        click.option(
            "--temperature", type=FiniteFloat(0, 1e6), default=1.0, show_default=True,
            help="With --sample: below 1 is bolder in what is likely.",
        ),
        click.option(
            "--top-k", type=IntAtLeast(0), default=0, show_default=True,
            help="With --sample: draw from so many likeliest symbols; 0 from all.",
        ),
        click.option(
            "--top-p", type=FiniteFloat(0, 1, above=True), default=1.0, show_default=True,
            help="With --sample: draw from the fewest symbols with this share of the probability.",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def make_objective(options: dict[str, Any]) -> Any:
    """Return the objective that the options ask for."""
    from seqtools.decoding.objective import SearchObjective

    return SearchObjective(options["alpha"], options["beta"], options["coverage"])


def make_settings(options: dict[str, Any]) -> Any:
    """Return the settings of a translation that the options ask for."""
    from seqtools.decoding.beam import BeamSettings
    from seqtools.decoding.limits import OutputLimits
    from seqtools.decoding.sampling import SamplingSettings
    from seqtools.models.translating import TranslationSettings

    limits = OutputLimits(
        max_length=options["max_length"],
        max_length_ratio=options["max_length_ratio"],
        forbid_unk=options["forbid_unk"],
        block_repeats=options["block_repeats"],
    )
    is_sampled, n_best = options["is_sampled"], options["n_best"]
    beam_size = max(n_best, options["beam_size"]) if is_sampled else options["beam_size"]
    beam = BeamSettings(beam_size, n_best, make_objective(options), limits)
    sampling = None
    if is_sampled:
        sampling = SamplingSettings(options["temperature"], options["top_k"], options["top_p"])
    return TranslationSettings(beam, sampling, options["seed"], options["replaces_unknown"])


def check_attention_plot(path: str | None, input_path: str) -> None:
    """Refuse now a picture that could not be written."""
    if path is None:
        return
    from seqtools.reports.output_files import check_report

    check_report(path, "attention", inputs=[input_path])


def count_threads(threads: int | None) -> int:
    """Return the threads asked for, or all cores."""
    from seqtools.embeddings.settings import count_cores

    return threads or count_cores()


def _apply(options: list[Callable[[Any], Any]], command: Function) -> Function:
    """Add options to a command in the order of the list."""
    for option in reversed(options):
        command = option(command)
    return command
