"""`seqtools transcribe`."""

from typing import Any

import click

from seqtools_cli.console import Console
from seqtools_cli.decoding_rules import TRANSCRIBE_RULES
from seqtools_cli.option_rules import check_rules
from seqtools_cli.options import FiniteFloat, IntAtLeast, common_options
from seqtools_cli.speech_options import recording_options
from seqtools_cli.text_options import threads_option


@click.command("transcribe")
@click.argument("model", metavar="DIR")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--manifest",
    metavar="MANIFEST",
    help='In place of FILE, lines of paths ("-" is stdin); with texts errors are counted.',
)
@click.option(
    "--beam-size",
    type=IntAtLeast(1, 100_000),
    help="Search with so many prefixes.  [default: take the best path]",
)
@click.option(
    "--n-best", type=IntAtLeast(1), default=1, show_default=True, help="Texts of each in --json."
)
@click.option("--lm", "language_model", metavar="ARPA", help="Model of words for the search.")
@click.option(
    "--lm-weight", "alpha", type=FiniteFloat(0, 1e3), help="Weight of the model.  [default: 0.5]"
)
@click.option(
    "--word-bonus", "beta", type=FiniteFloat(-1e3, 1e3), help="Nats a word.  [default: 1.5]"
)
@click.option(
    "--tune", "tuning", metavar="MANIFEST", help="Choose weight and bonus on these recordings."
)
@click.option("--spikes", metavar="FILE", help="Draw what was heard: .png, .svg, .pdf or .html.")
@recording_options
@threads_option("listen to recordings side by side; the result does not depend on them")
@common_options
def transcribe(
    model: str, files: tuple[str, ...], spikes: str | None, console: Console, **options: Any
) -> None:
    """Write down what is said in recordings, a line each; --json adds times and scores."""
    check_rules(TRANSCRIBE_RULES)
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas(console)
    from seqtools.models import transcription_run
    from seqtools.reports.output_files import check_report
    from seqtools_cli.progress import make_monitor
    from seqtools_cli.transcription_output import make_plan, print_transcripts

    plan = make_plan(model, files, options)
    if spikes is not None:
        check_report(spikes, "what was heard", inputs=files)
    found = transcription_run.transcribe(plan, make_monitor(console.quiet))
    if spikes is not None:
        from seqtools.reports.transcript_spikes import write_transcript_spikes

        write_transcript_spikes(spikes, found, plan.recordings)
    print_transcripts(console, plan, found, spikes)
