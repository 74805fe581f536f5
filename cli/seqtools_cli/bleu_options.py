"""The options of `seqtools bleu`, in sacreBLEU's spellings, and the request they make."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from seqtools.errors import SettingsError
from seqtools.evaluation.bleu_settings import (
    METRICS,
    NUM_SAMPLES,
    PAIRED_TESTS,
    SMOOTH_METHODS,
    TOKENIZERS,
    BleuRequest,
    BleuSettings,
)
from seqtools_cli.options import FiniteFloat, IntAtLeast
from seqtools_cli.variadic import is_no_option

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FORMATS = ("text", "json", "jsonl", "latex")
_SETTINGS_NAMES = {field.name for field in fields(BleuSettings)}


def _is_metric(word: str) -> bool:
    """Say whether a word names metrics."""
    return all(part in METRICS for part in word.lower().split(","))


VARIADIC = {
    "-m": _is_metric,
    "--metrics": _is_metric,
    **dict.fromkeys(("-i", "--input", "-r", "--ref"), is_no_option),
}

_FILE_OPTIONS = [
    click.option(
        "-i",
        "--input",
        "inputs",
        multiple=True,
        metavar="HYP...",
        help="Hypothesis files, the baseline first; FILES then are all references.",
    ),
    click.option("-r", "--ref", "refs", multiple=True, metavar="REF...", help="Reference files."),
    click.option(
        "-nr",
        "--num-refs",
        "num_references",
        type=IntAtLeast(1),
        metavar="N",
        default=BleuRequest.num_references,
        show_default=True,
        help="Split each line of the reference file at tabs into N references.",
    ),
    click.option(
        "-e",
        "--encoding",
        default=BleuRequest.encoding,
        show_default=True,
        help="Encoding of the files.",
    ),
    click.option(
        "--replace-invalid",
        is_flag=True,
        help="Read bytes that are no text as U+FFFD rather than stop.",
    ),
    click.option(
        "--skip-empty-refs",
        "skip_empty_references",
        is_flag=True,
        help="Take an empty reference line as no reference.",
    ),
]
_METRIC_OPTIONS = [
    click.option(
        "-m",
        "--metrics",
        multiple=True,
        metavar="METRIC...",
        default=BleuSettings.metrics,
        show_default=True,
        help="Metrics: bleu, chrf, ter.",
    ),
    click.option(
        "-tok",
        "--tokenize",
        type=click.Choice(TOKENIZERS),
        default=BleuSettings.tokenize,
        show_default=True,
        metavar="NAME",
        help=f"BLEU's tokenizer: {', '.join(TOKENIZERS)}.",
    ),
    click.option("-lc", "--lowercase", is_flag=True, help="BLEU without regard to case."),
    click.option(
        "-s",
        "--smooth-method",
        type=click.Choice(SMOOTH_METHODS),
        default=BleuSettings.smooth_method,
        show_default=True,
        help="How BLEU counts an order without a match.",
    ),
    click.option(
        "-sv",
        "--smooth-value",
        type=FiniteFloat(0.0, above=True),
        metavar="X",
        help="Value for floor (0.1) and add-k (1).",
    ),
    click.option("--force", is_flag=True, help="Do not warn about text that looks tokenized."),
    click.option(
        "-cc",
        "--chrf-char-order",
        type=IntAtLeast(1),
        metavar="N",
        default=BleuSettings.chrf_char_order,
        show_default=True,
        help="Longest character n-gram of chrF.",
    ),
    click.option(
        "-cw",
        "--chrf-word-order",
        type=IntAtLeast(0),
        metavar="N",
        default=BleuSettings.chrf_word_order,
        show_default=True,
        help="Longest word n-gram of chrF; 2 for chrF++.",
    ),
    click.option(
        "--chrf-beta",
        type=IntAtLeast(1),
        metavar="N",
        default=BleuSettings.chrf_beta,
        show_default=True,
        help="Weight of recall in chrF.",
    ),
    click.option("--chrf-whitespace", is_flag=True, help="chrF counts white space."),
    click.option("--chrf-lowercase", is_flag=True, help="chrF without regard to case."),
    click.option(
        "--chrf-eps-smoothing",
        is_flag=True,
        help="chrF smoothed by a small number, not by effective order.",
    ),
    click.option("--ter-case-sensitive", is_flag=True, help="TER heeds case."),
    click.option("--ter-asian-support", is_flag=True, help="TER splits Asian text."),
    click.option("--ter-no-punct", is_flag=True, help="TER drops punctuation."),
    click.option("--ter-normalized", is_flag=True, help="TER normalizes text first."),
]
_TEST_OPTIONS = [
    click.option(
        "-ci", "--confidence", is_flag=True, help="Give the 95% bootstrap interval of the score."
    ),
    click.option(
        "-cin",
        "--confidence-n",
        type=IntAtLeast(1),
        metavar="N",
        default=NUM_SAMPLES["bootstrap"],
        show_default=True,
        help="Resamples behind the interval.",
    ),
    click.option(
        "--compare",
        multiple=True,
        metavar="HYP",
        help="Test this system against HYP; may be repeated.",
    ),
    click.option(
        "--test",
        type=click.Choice(PAIRED_TESTS),
        help="Paired bootstrap resampling (default) or approximate randomization.",
    ),
    click.option(
        "-pbs", "--paired-bs", "test", flag_value="bootstrap", help="The same as --test bootstrap."
    ),
    click.option(
        "-par",
        "--paired-ar",
        "test",
        flag_value="randomization",
        help="The same as --test randomization.",
    ),
    click.option(
        "--samples",
        "-pbsn",
        "--paired-bs-n",
        "-parn",
        "--paired-ar-n",
        "test_samples",
        type=IntAtLeast(1),
        metavar="N",
        help="Resamples (default 1000) or shuffles (default 10000) of the test.",
    ),
    click.option(
        "--seed",
        type=IntAtLeast(0),
        default=BleuRequest.seed,
        show_default=True,
        help="Seed of every random choice; the default is sacreBLEU's.",
    ),
]
_VIEW_OPTIONS = [
    click.option("-sl", "--sentence-level", is_flag=True, help="Score each line on its own."),
    click.option(
        "--explain",
        is_flag=True,
        help="Show matches by order, the brevity penalty, tokenized lines and the n-grams "
        "most missed.",
    ),
    click.option(
        "--line",
        "lines",
        type=IntAtLeast(1),
        multiple=True,
        metavar="N",
        help="Explain this line rather than the worst; may be repeated.",
    ),
    click.option(
        "--num-lines",
        type=IntAtLeast(0),
        metavar="N",
        default=BleuRequest.num_lines,
        show_default=True,
        help="How many of the worst lines to explain.",
    ),
    click.option(
        "--num-ngrams",
        type=IntAtLeast(0),
        metavar="N",
        default=BleuRequest.num_ngrams,
        show_default=True,
        help="How many missed n-grams of each order to show.",
    ),
    click.option(
        "--buckets",
        is_flag=True,
        help="Score by reference length, word frequency and sentence BLEU.",
    ),
    click.option(
        "--train",
        "training",
        metavar="FILE",
        help="Text whose word counts are the frequencies; else the reference's.",
    ),
    click.option("-b", "--score-only", is_flag=True, help="Print the score alone."),
    click.option(
        "-w",
        "--width",
        type=click.IntRange(0, 15),
        metavar="N",
        default=1,
        show_default=True,
        help="Decimals of scores.",
    ),
    click.option("-sh", "--short", is_flag=True, help="Print the short form of signatures."),
    click.option(
        "-f",
        "--format",
        "output_format",
        type=click.Choice(_FORMATS),
        default="text",
        show_default=True,
        help="json is the same as --json; jsonl is one object a line; latex is a table "
        "of several systems.",
    ),
]


_IGNORED_OPTIONS = [
    click.option(
        "-j",
        "--paired-jobs",
        type=IntAtLeast(0),
        expose_value=False,
        metavar="N",
        help="Accepted as sacreBLEU's; tests need no further processes here.",
    ),
    click.option(
        "-nc",
        "--no-color",
        is_flag=True,
        expose_value=False,
        help="Accepted as sacreBLEU's; scores have no colours here.",
    ),
]


def bleu_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add all options of the command."""
    for option in reversed(
        [*_FILE_OPTIONS, *_METRIC_OPTIONS, *_TEST_OPTIONS, *_VIEW_OPTIONS, *_IGNORED_OPTIONS]
    ):
        command = option(command)
    return command


def make_request(options: Mapping[str, Any]) -> BleuRequest:
    """Make a request of the command's options, or fail as usage."""
    values = dict(options)
    hypotheses, references = _roles(
        *(values.pop(name) for name in ("files", "inputs", "refs", "compare"))
    )
    names = [name for metrics in values.pop("metrics") for name in metrics.lower().split(",")]
    test = values.pop("test") or ("bootstrap" if options["compare"] else None)
    confidence_n = values.pop("confidence_n")
    confidence_samples = confidence_n if values.pop("confidence") else 0
    settings = {name: values.pop(name) for name in _SETTINGS_NAMES if name in values}
    try:
        return BleuRequest(
            hypotheses,
            references,
            settings=BleuSettings(metrics=tuple(dict.fromkeys(names)), **settings),
            confidence_samples=confidence_samples,
            test=test,
            **values,
        )
    except SettingsError as error:
        raise click.UsageError(f"{error}.") from error


def _roles(
    files: tuple[str, ...], inputs: tuple[str, ...], refs: tuple[str, ...], compare: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say which files are hypotheses and which references."""
    if inputs:
        return (*inputs, *compare), (*files, *refs)
    if len(files) > 1 or (files and refs):
        return (files[0], *compare), (*files[1:], *refs)
    if not (files or refs):
        raise click.UsageError("Name a hypothesis file and a reference file.")
    if sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("Name a reference file too, or pipe the hypotheses in.")
    return ("-", *compare), (*files, *refs)
