"""`seqtools embed eval`: score word vectors on similarity and analogy sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqtools_cli.options import FiniteFloat, IntAtLeast, common_options, seed_option
from seqtools_cli.vector_options import loading_options

if TYPE_CHECKING:
    from seqtools.evaluation.analogy import Accuracy, AnalogyScore
    from seqtools.evaluation.bootstrap import Interval
    from seqtools.evaluation.similarity import SimilarityScore
    from seqtools_cli.console import Console


@click.command("eval")
@click.argument("vectors")
@click.option(
    "--similarity",
    "similarity_files",
    multiple=True,
    metavar="FILE",
    help='Pairs with ratings, "word word score" a line; may be repeated.',
)
@click.option(
    "--analogies",
    "analogy_files",
    multiple=True,
    metavar="FILE",
    help='Questions, "a b c d" a line, sections ": NAME"; may be repeated.',
)
@click.option(
    "--restrict",
    type=IntAtLeast(1),
    default=300_000,
    show_default=True,
    metavar="N",
    help="Answer analogies within the first N words; questions with other words are not covered.",
)
@click.option(
    "--method",
    type=click.Choice(["add", "mul"]),
    default="add",
    show_default=True,
    help="Answer analogies by 3CosAdd or 3CosMul.",
)
@click.option(
    "--oov",
    type=click.Choice(["drop", "zero"]),
    default="drop",
    show_default=True,
    help="Drop items with unknown words, or count them as similarity 0 and as wrong.",
)
@click.option(
    "--case",
    type=click.Choice(["fold", "fallback", "given"]),
    help="Find words whatever their case, as given else in lower case, or as given.  "
    "[default: fallback for pairs, fold for analogies]",
)
@click.option(
    "--resamples",
    type=IntAtLeast(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Bootstrap resamples behind each interval.",
)
@click.option(
    "--confidence",
    type=FiniteFloat(0.0, 0.9999, above=True),
    default=0.95,
    show_default=True,
    help="Share of resamples within an interval.",
)
@seed_option()
@loading_options
@common_options
def evaluate(
    vectors: str,
    similarity_files: tuple[str, ...],
    analogy_files: tuple[str, ...],
    case: Any,
    loading: dict[str, Any],
    console: Console,
    **options: Any,
) -> None:
    """Score VECTORS on similarity and analogy sets.

    Similarity is Spearman's correlation of cosines with human ratings; analogies are the share of
    questions answered right. Without sets, those that ship with gensim are used: WordSim-353,
    SimLex-999 and Google's analogies. Every score comes with its coverage and a bootstrap interval.
    """
    from seqtools.embeddings.vector_files import load_vectors
    from seqtools.evaluation.analogy_sets import read_analogy_sets
    from seqtools.evaluation.default_sets import default_analogy_files, default_similarity_files
    from seqtools.evaluation.similarity_sets import read_similarity_sets
    from seqtools.evaluation.vector_evaluation import evaluate_word_vectors
    from seqtools.evaluation.vector_settings import EvaluationSettings
    from seqtools_cli.progress import make_monitor

    cases = {"similarity_case": case, "analogy_case": case} if case else {}
    settings = EvaluationSettings(**options, **cases)
    use_default = not (similarity_files or analogy_files)
    pairs = read_similarity_sets(default_similarity_files() if use_default else similarity_files)
    questions = read_analogy_sets(default_analogy_files() if use_default else analogy_files)
    monitor = make_monitor(console.quiet)
    table = load_vectors(vectors, **loading)
    result = evaluate_word_vectors(table, pairs, questions, settings, monitor)
    if console.result({"vectors": vectors, **result.as_dict()}):
        return
    interval_title = f"{100 * settings.confidence:g}% interval"
    if result.similarity:
        columns = ["similarity set", "Spearman", interval_title, "covered", "pairs"]
        console.table(columns, [_pair_row(*item) for item in result.similarity.items()])
    for name, score in result.analogies.items():
        columns = [name, "accuracy", interval_title, "correct", "covered", "questions"]
        console.table(columns, _question_rows(score))
    click.echo(f"policy: {settings.policy}")


def _pair_row(name: str, score: SimilarityScore) -> list[str]:
    """Return a row of the similarity table."""
    return [
        name,
        "n/a" if score.spearman is None else f"{score.spearman:.4f}",
        _interval(score.interval, 1, 4),
        str(score.covered),
        str(score.pairs),
    ]


def _question_rows(score: AnalogyScore) -> list[list[str]]:
    """Return the rows of an analogy table: all, both kinds, sections."""
    parts = {
        "all": score.overall,
        "semantic": score.semantic,
        "syntactic": score.syntactic,
        **({f"  {name}": part for name, part in score.sections.items()}),
    }
    return [_question_row(name, part) for name, part in parts.items() if part is not None]


def _question_row(name: str, part: Accuracy) -> list[str]:
    """Return a row of an analogy table."""
    return [
        name,
        "n/a" if part.accuracy is None else f"{100 * part.accuracy:.2f}%",
        _interval(part.interval, 100, 2),
        str(part.correct),
        str(part.covered),
        str(part.total),
    ]


def _interval(interval: Interval | None, scale: int, digits: int) -> str:
    """Write an interval."""
    if interval is None:
        return "n/a"
    low, high = interval
    return f"{scale * low:.{digits}f} to {scale * high:.{digits}f}"
