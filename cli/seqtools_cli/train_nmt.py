"""`seqtools train-nmt`."""

import time
from typing import Any

import click

from seqtools_cli.console import Console, time_of_training
from seqtools_cli.nmt_options import model_options, text_options
from seqtools_cli.option_rules import check_rules
from seqtools_cli.options import common_options
from seqtools_cli.sequence_options import training_options, training_settings
from seqtools_cli.training_rules import TRANSLATION_RULES


@click.command("train-nmt")
@click.option("-o", "--output", required=True, metavar="DIR", help="Directory of the model.")
@text_options
@model_options
@training_options
@common_options
def train_nmt(output: str, console: Console, **options: Any) -> None:
    """Train a translator on parallel text, plain or compressed.

    Raw text goes in: subwords are learnt and undone inside. After each epoch BLEU (greedy search)
    and perplexity are taken on the development lines; the best epochs' weights are kept. The same
    seed gives the same bytes on any number of threads, also after Ctrl-C and --resume.
    """
    check_rules(TRANSLATION_RULES)
    from seqtools_cli.nmt_options import make_plan
    from seqtools_cli.numba_start import start_numba_without_blas

    start_numba_without_blas(console)
    from seqtools.models.translation_run import train_translation
    from seqtools.monitor import StopRequest
    from seqtools_cli.progress import make_monitor
    from seqtools_cli.signals import stop_on_signals

    started = time.monotonic()
    plan = make_plan(output, training_settings(options), options)
    stop = StopRequest()
    with stop_on_signals(stop):
        training = train_translation(plan, make_monitor(console.quiet), stop)
    _print(console, plan, training, time.monotonic() - started)


def _print(console: Console, plan: Any, training: Any, seconds: float) -> None:
    """Print what training came to."""
    outcome, model = training.outcome, training.model
    sizes = len(model.source_codec), len(model.target_codec)
    payload = {
        "output": plan.output,
        "cell": plan.model.cell,
        "attention": plan.model.attention,
        "source_vocabulary_size": sizes[0],
        "target_vocabulary_size": sizes[1],
        "parameters": model.translator.parameters.num_values,
        "pairs": training.num_pairs,
        "left_out": training.num_left_out,
        "development_pairs": training.num_development,
        "epochs": len(outcome.history),
        "best_epochs": outcome.best_epochs,
        "loss": [epoch["loss"] for epoch in outcome.history],
        "dev_perplexity": [epoch["metrics"].get("perplexity") for epoch in outcome.history],
        "dev_bleu": [epoch["metrics"].get("bleu") for epoch in outcome.history],
        "clip_rate": [epoch["clip_rate"] for epoch in outcome.history],
        "perplexity": outcome.metrics.get("perplexity"),
        "bleu": outcome.metrics.get("bleu"),
        "pretrained": {side: vars(found) for side, found in training.coverage.items()},
        "updates": outcome.updates,
        "tokens_per_second": outcome.targets_per_second,
        "train_seconds": outcome.seconds,
        "total_seconds": seconds,
        "threads": min(plan.training.threads, plan.training.shards),
        "seed": plan.training.seed,
    }
    if console.result(payload):
        return
    best = ", ".join(str(epoch) for epoch in outcome.best_epochs)
    left_out = f", {training.num_left_out:,} left out" if training.num_left_out else ""
    rows = [
        ("symbols", f"{sizes[0]:,} source, {sizes[1]:,} target ({plan.codec.level})"),
        ("parameters", f"{payload['parameters']:,}"),
        ("pairs", f"{training.num_pairs:,}{left_out}, {training.num_development:,} to judge by"),
        ("epochs", f"{len(outcome.history)}, best {best}"),
        ("speed", f"{outcome.targets_per_second or 0:,.0f} target tokens/s"),
        ("time", time_of_training(outcome.seconds, seconds)),
    ]
    if outcome.metrics:
        scores = f"BLEU {outcome.metrics['bleu']:.2f}, perplexity {payload['perplexity']:.2f}"
        rows.append(("development", scores))
    for name, text in [*rows, ("saved", plan.output)]:
        click.echo(f"{name:12} {text}")
