"""`seqtools wer`: count the errors of transcripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqtools_cli.option_rules import two_stdins
from seqtools_cli.options import IntAtLeast, common_options, seed_option

if TYPE_CHECKING:
    from seqtools_cli.console import Console


@click.command()
@click.argument("files", nargs=-1, metavar="HYP REF")
@click.option(
    "-r", "--ref", "reference", metavar="FILE", help="Reference file; REF may go without."
)
@click.option("--hyp", "hypothesis", metavar="FILE", help="Hypothesis file; HYP may go without.")
@click.option("--cer", is_flag=True, help="Count the errors of characters too, spaces included.")
@click.option(
    "--normalize",
    "normalizations",
    multiple=True,
    type=click.Choice(["nfkc", "lower", "punctuation", "all"]),
    help="Even out before comparing: NFKC, case, or punctuation; may be given several times.",
)
@click.option("-e", "--encoding", default="utf-8", show_default=True, help="Encoding of the files.")
@click.option(
    "--replace-invalid",
    is_flag=True,
    help="Read bytes that are no text as U+FFFD rather than stop.",
)
@click.option("--aligned", is_flag=True, help="Show the lines with errors, word over word.")
@click.option(
    "--samples",
    type=IntAtLeast(0),
    default=1000,
    show_default=True,
    help="Bootstrap resamples for the 95% interval; 0 for none.",
)
@seed_option()
@common_options
def wer(
    console: Console,
    files: tuple[str, ...],
    reference: str | None,
    hypothesis: str | None,
    cer: bool,
    normalizations: tuple[str, ...],
    aligned: bool,
    samples: int,
    seed: int,
    **reading: Any,
) -> None:
    """Count the word errors of the transcripts HYP against REF.

    A transcript a line; "-" is standard input. Line N of one file is compared with line N of the
    other, whether they are empty or not. With --cer, --aligned shows characters.

    \b
    seqtools wer hyp.txt ref.txt
    seqtools wer --ref ref.txt --hyp hyp.txt --normalize punctuation
    """  # noqa: D301 - the backslash keeps Click from filling the lines
    from seqtools.evaluation.error_rate import ErrorRateSettings
    from seqtools.evaluation.error_rate_run import run_error_rate
    from seqtools.evaluation.transcript_text import NORMALIZATIONS
    from seqtools_cli.wer_output import note_files, print_alignments, print_rates

    hypothesis_file, reference_file = _resolve(files, hypothesis, reference)
    names = tuple(NORMALIZATIONS) if "all" in normalizations else normalizations
    settings = ErrorRateSettings(normalizations=names, samples=samples, seed=seed)
    report = run_error_rate(
        hypothesis_file, reference_file, settings, has_characters=cer, **reading
    )
    note_files(report, console)
    if console.result(report.as_dict(has_alignments=aligned)):
        return
    print_rates(report, console)
    if aligned:
        print_alignments(report.characters or report.words)


def _resolve(
    files: tuple[str, ...], hypothesis: str | None, reference: str | None
) -> tuple[str, str]:
    """Return the hypothesis and the reference, however they were named."""
    left = list(files)
    if hypothesis is None and left:
        hypothesis = left.pop(0)
    if reference is None and left:
        reference = left.pop(0)
    if hypothesis is None or reference is None or left:
        raise click.UsageError("Name one hypothesis and one reference file: HYP REF.")
    if hypothesis == reference == "-":
        raise click.UsageError(two_stdins("HYP", "REF"))
    return hypothesis, reference
