"""`seqtools score`."""

from typing import Any

import click

from seqtools_cli.console import Console
from seqtools_cli.decoding_options import objective_options
from seqtools_cli.option_rules import OneStdin, check_rules
from seqtools_cli.options import common_options
from seqtools_cli.text_options import threads_option


@click.command("score")
@click.argument("model", metavar="DIR")
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="TRG")
@objective_options
@threads_option("score lines; the result does not depend on them")
@common_options
def score(model: str, source: str, target: str, console: Console, **options: Any) -> None:
    """Score the translations TRG of the lines SRC by the model in DIR (forced decoding).

    Prints a line a pair, in order: score, log-probability, length with the end symbol. These are
    the numbers that search gives to what it writes.
    """
    check_rules([OneStdin({"source": "SRC", "target": "TRG"})])
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas(console)
    from seqtools.models.perplexity import perplexity_of
    from seqtools.models.translating import LineTranslator
    from seqtools.models.translation import load_translation
    from seqtools.text.parallel_text import read_parallel
    from seqtools_cli.decoding_options import count_threads, make_objective

    text = read_parallel(source, target)
    translator = LineTranslator([load_translation(model)], count_threads(options["threads"]))
    objective = make_objective(options)
    scored = translator.score(text.sources, text.targets, objective)
    tokens = sum(len(item.target_pieces) for item in scored)
    total = sum(item.log_prob for item in scored)
    payload = {
        "model": model,
        "objective": objective.formula,
        "sentences": [
            {"score": item.score, "log_prob": item.log_prob, "length": len(item.target_pieces)}
            for item in scored
        ],
        "log_prob": total,
        "tokens": tokens,
        "perplexity": perplexity_of(-total / tokens),
    }
    if console.result(payload):
        return
    for item in scored:
        click.echo(f"{item.score:.6f}\t{item.log_prob:.6f}\t{len(item.target_pieces)}")
    console.detail(f"perplexity {payload['perplexity']:.4f} over {tokens:,} symbols")
