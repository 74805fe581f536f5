"""`seqtools train-asr`."""

import time
from typing import Any

import click

from seqtools_cli.console import Console, time_of_training
from seqtools_cli.option_rules import check_rules
from seqtools_cli.options import common_options
from seqtools_cli.sequence_options import (
    training_options,
    training_settings,
)
from seqtools_cli.speech_options import (
    batch_options,
    feature_options,
    model_options,
    recording_options,
)
from seqtools_cli.training_rules import SPEECH_RULES


@click.command("train-asr")
@click.option("--train", required=True, metavar="MANIFEST", help="Recordings to train on.")
@click.option(
    "--dev", metavar="MANIFEST",
    help="Recordings to choose the best epoch by.  [default: keep the last epoch]",
)  # fmt: skip
@click.option("-o", "--output", required=True, metavar="DIR", help="Directory of the model.")
@batch_options
@recording_options
@feature_options
@model_options
@training_options
@common_options
def train_asr(train: str, output: str, console: Console, **options: Any) -> None:
    """Train speech recognition on recordings: recurrent layers and CTC.

    A line of MANIFEST is a path, a tab, and what is said; two more columns are the start and the
    end of a stretch in seconds. All recordings and texts are checked before training begins. The
    same seed gives the same bytes on any number of threads, also after Ctrl-C and --resume.
    """
    check_rules(SPEECH_RULES)
    from seqtools_cli.numba_start import start_numba_without_blas
    from seqtools_cli.speech_options import make_plan

    start_numba_without_blas(console)
    from seqtools.models.speech_run import train_speech_model
    from seqtools.monitor import StopRequest
    from seqtools_cli.progress import make_monitor
    from seqtools_cli.signals import stop_on_signals

    started = time.monotonic()
    plan = make_plan(train, output, training_settings(options), options)
    stop = StopRequest()
    with stop_on_signals(stop):
        training = train_speech_model(plan, make_monitor(console.quiet), stop)
    _print(console, plan, training, time.monotonic() - started)


def _print(console: Console, plan: Any, training: Any, seconds: float) -> None:
    """Print what training came to."""
    outcome = training.outcome
    history, metrics = outcome.history, outcome.metrics
    speed = _sound_a_second(training)
    payload = {
        "output": plan.output,
        "cell": plan.model.cell,
        "symbols": training.num_symbols,
        "parameters": training.num_parameters,
        "train_utterances": training.num_train,
        "train_audio_seconds": training.seconds,
        "dev_utterances": training.num_dev,
        "sample_rate": training.sample_rate,
        "epochs": len(history),
        "best_epochs": outcome.best_epochs,
        "loss": [epoch["loss"] for epoch in history],
        "dev_loss": [epoch["metrics"].get("dev_loss") for epoch in history],
        "dev_wer": [epoch["metrics"].get("wer") for epoch in history],
        "dev_cer": [epoch["metrics"].get("cer") for epoch in history],
        "blank_share": [epoch["metrics"].get("blank_share") for epoch in history],
        "clip_rate": [epoch["clip_rate"] for epoch in history],
        "wer": metrics.get("wer"),
        "cer": metrics.get("cer"),
        "updates": outcome.updates,
        "audio_seconds_per_second": speed,
        "train_seconds": outcome.seconds,
        "total_seconds": seconds,
        "threads": min(plan.training.threads, plan.training.shards),
        "seed": plan.training.seed,
    }
    if console.result(payload):
        return
    best = ", ".join(str(epoch) for epoch in outcome.best_epochs)
    sizes = (
        f"{training.num_train:,} to train on ({training.seconds / 60:,.1f} min at "
        f"{training.sample_rate:,} Hz), {training.num_dev:,} to judge by"
    )
    rows = [
        ("symbols", f"{training.num_symbols:,}, the blank counted"),
        ("parameters", f"{training.num_parameters:,}"),
        ("recordings", sizes),
        ("epochs", f"{len(history)}, best {best}"),
        ("speed", f"{speed or 0:,.0f} seconds of sound a second"),
        ("time", time_of_training(outcome.seconds, seconds)),
    ]
    if "wer" in metrics:
        rates = f"WER {100 * metrics['wer']:.2f} %, CER {100 * metrics['cer']:.2f} %"
        rows.append(("development", f"{rates}, blanks {100 * metrics['blank_share']:.0f} %"))
    for name, text in [*rows, ("saved", plan.output)]:
        click.echo(f"{name:12} {text}")


def _sound_a_second(training: Any) -> float | None:
    """Return how many seconds of recordings an update takes in a second, on the average."""
    outcome = training.outcome
    if outcome.targets_per_second is None or not outcome.targets:
        return None
    sound_a_target = training.seconds * len(outcome.history) / outcome.targets
    return float(sound_a_target * outcome.targets_per_second)
