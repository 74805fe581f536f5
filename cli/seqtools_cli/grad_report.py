"""`seqtools grad-report`."""

import click

from seqtools_cli.console import Console
from seqtools_cli.options import common_options


@click.command("grad-report")
@click.argument("models", nargs=-1, required=True, metavar="DIR...")
@click.option(
    "--text",
    "texts",
    multiple=True,
    metavar="FILE",
    help="Measure on this text now, rather than read what --grad-stats logged in training.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Draw it too: .png, .svg or .pdf for a picture, .html for a page.",
)
@common_options
def grad_report(
    models: tuple[str, ...], texts: tuple[str, ...], output: str | None, console: Console
) -> None:  # fmt: skip
    """Show how gradients vanish or explode through time in the language models of DIR.

    The norm of the gradient of the loss at one step with regard to the state some steps before, by
    layer; how many gates are saturated; and the spectral radii of recurrent weights. Most telling
    for an RNN, a GRU and an LSTM that were trained on the same text.
    """
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas(console)
    from seqtools.models.gradient_log import read_gradient_runs
    from seqtools.reports import gradient_picture as report
    from seqtools.reports.output_files import check_report

    if output is not None:
        check_report(output, "a picture", inputs=texts)
    runs = read_gradient_runs(models, texts)
    if output is not None:
        report.write_gradient_picture(output, runs)
    if not console.result({"output": output, "models": [vars(run) for run in runs]}):
        console.table(report.gradient_columns(runs), report.gradient_rows(runs))
        click.echo()
        console.table(report.GATE_COLUMNS, report.gate_rows(runs))
