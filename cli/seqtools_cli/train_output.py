"""What `seqtools embed train` prints at its end."""

from typing import Any

import click

from seqtools_cli.console import Console, on_threads, time_of_training


def print_training(console: Console, training: Any, output: str, plan: Any, seconds: float) -> None:
    """Print the outcome of a run, as one JSON object or as lines."""
    settings, statistics = plan.settings, training.statistics
    speeds = {
        f"{unit}_per_second": amount / training.train_seconds if training.train_seconds else None
        for unit, amount in (
            ("tokens", training.words_trained),
            (training.unit, training.work_done),
        )
    }
    payload = {
        "output": output,
        "model": settings.model,
        "loss_function": _LOSSES.get(settings.model) or settings.loss,
        "vocabulary_size": len(training.vocabulary),
        "dim": settings.vector_size,
        "tokens": statistics.tokens_kept,
        "tokens_read": statistics.tokens_read,
        "sentences": statistics.sentences,
        "epochs": len(training.losses),
        "loss": training.losses,
        **(_perplexities(training) if settings.model == "nplm" else {}),
        **({"entries": training.work_an_epoch} if training.unit == "entries" else {}),
        **speeds,
        "train_seconds": training.train_seconds,
        "total_seconds": seconds,
        "threads": training.threads,
        "seed": settings.seed,
    }
    if console.result(payload):
        return
    speed = speeds[f"{training.unit}_per_second"] or 0
    words = f"{len(training.vocabulary):,}"
    types = getattr(statistics, "types_read", None)
    rows = [
        ("words", f"{words} of {types:,} types" if types is not None else words),
        ("tokens", f"{statistics.tokens_kept:,} kept of {statistics.tokens_read:,}"),
        *_losses(settings.model, training),
        ("speed", f"{speed:,.0f} {training.unit}/s {on_threads(training.threads)}"),
        ("time", time_of_training(training.train_seconds, seconds)),
        ("saved", f"{output} ({words} x {settings.vector_size})"),
    ]
    for name, text in rows:
        click.echo(f"{name:12} {text}", err=output == "-")


_LOSSES = {"glove": "least-squares", "nplm": "softmax"}


def _perplexities(training: Any) -> dict[str, Any]:
    """Return the figures of a language model: e to the power of the mean loss, a value an epoch."""
    return {
        "perplexity": training.perplexities,
        "valid_perplexity": training.valid_perplexities,
        "best_epoch": training.best_epoch,
    }


def _losses(model: str, training: Any) -> list[tuple[str, str]]:
    """Return the lines about how well the text is predicted."""
    if model != "nplm":
        return [("loss a pair", " ".join(f"{loss:.4f}" for loss in training.losses))]
    rows = [("perplexity", _joined(training.perplexities) + " on the training text")]
    if training.valid_perplexities is not None:
        best = f" on the validation text, best in epoch {training.best_epoch}"
        rows.append(("", _joined(training.valid_perplexities) + best))
    return rows


def _joined(values: list[float]) -> str:
    """Return numbers with blanks between them."""
    return " ".join(f"{value:.1f}" for value in values)
