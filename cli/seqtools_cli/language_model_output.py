"""From the options of language model commands to plans, and what the commands print."""

from dataclasses import fields
from typing import Any

import click

from seqtools_cli.console import Console, time_of_training


def make_plan(texts: tuple[str, ...], output: str, training: Any, options: dict[str, Any]) -> Any:
    """Turn the options of `seqtools train-lm` into a plan."""
    from seqtools.models.language_model_plan import LanguageModelPlan
    from seqtools.models.settings import LanguageModelSettings
    from seqtools.text.stream_settings import StreamSettings
    from seqtools.text.symbols import CodecSettings

    codec = CodecSettings(
        level=options["level"],
        vocabulary_size=options["vocabulary_size"],
        min_count=options["min_count"],
        normalization="nfc" if options["is_composed"] else "none",
        lower=options["lower"],
    )
    names = {field.name for field in fields(LanguageModelPlan)}
    return LanguageModelPlan(
        texts=texts,
        output=output,
        codec=codec,
        model=_settings(LanguageModelSettings, options),
        stream=_settings(StreamSettings, options),
        training=training,
        **{name: value for name, value in options.items() if name in names},
    )


def print_training(console: Console, plan: Any, training: Any, seconds: float) -> None:
    """Print what `seqtools train-lm` came to."""
    outcome = training.outcome
    payload = {
        "output": plan.output,
        "cell": plan.model.cell,
        "level": plan.codec.level,
        "vocabulary_size": training.vocabulary_size,
        "parameters": training.num_parameters,
        "train_tokens": training.num_train,
        "valid_tokens": training.num_valid,
        "unknown_tokens": training.num_unknown,
        "epochs": len(outcome.history),
        "best_epochs": outcome.best_epochs,
        "loss": [epoch["loss"] for epoch in outcome.history],
        "valid_perplexity": [epoch["metrics"].get("perplexity") for epoch in outcome.history],
        "clip_rate": [epoch["clip_rate"] for epoch in outcome.history],
        "perplexity": outcome.metrics.get("perplexity"),
        "test": training.test,
        "pretrained": None if training.pretrained is None else vars(training.pretrained),
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
    rows = [
        ("symbols", f"{training.vocabulary_size:,} ({plan.codec.level})"),
        ("parameters", f"{training.num_parameters:,}"),
        ("tokens", f"{training.num_train:,} to train on, {training.num_valid:,} to validate"),
        ("epochs", f"{len(outcome.history)}, best {best}"),
        ("speed", f"{outcome.targets_per_second or 0:,.0f} tokens/s"),
        ("time", time_of_training(outcome.seconds, seconds)),
    ]
    if outcome.metrics:
        rows.append(("perplexity", f"{outcome.metrics['perplexity']:.2f} on the validation text"))
    if training.test:
        rows.append(("test", describe_score(training.test)))
    for name, text in [*rows, ("saved", plan.output)]:
        click.echo(f"{name:12} {text}")


def describe_score(score: dict[str, Any]) -> str:
    """Say the figures of a text in a line."""
    return (
        f"perplexity {score['perplexity']:.2f} per token, {score['perplexity_per_word']:.2f} per "
        f"word, {score['bits_per_character']:.3f} bits per character "
        f"({score['tokens']:,} tokens, {score['unknown_tokens']:,} unknown)"
    )


def _settings(kind: Any, options: dict[str, Any]) -> Any:
    """Make settings from the options that they have."""
    names = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in options.items() if name in names})


def print_samples(console: Console, prompt: str, settings: Any, generated: Any) -> None:
    """Print what `seqtools generate` wrote; the report goes to stderr, as it is no text."""
    payload = {
        "prompt": prompt,
        "samples": [
            {
                "text": sample.text,
                "symbols": len(sample.ids),
                "nats": sample.nats,
                "is_ended": sample.is_ended,
            }
            for sample in generated.samples
        ],
        "temperature": settings.sampling.temperature,
        "top_k": settings.sampling.top_k,
        "top_p": settings.sampling.top_p,
        "seed": settings.seed,
        "copying": _copying(generated),
    }
    if console.result(payload):
        return
    for number, sample in enumerate(generated.samples):
        if number and "\n" in sample.text:
            click.echo()
        click.echo(prompt + _joint(prompt, generated.level) + sample.text)
    if generated.copying is not None:
        for line in _describe_copying(generated):
            click.echo(line, err=True)


def _joint(prompt: str, level: str) -> str:
    """Return what stands between a prompt and the text that goes on with it."""
    needs_blank = level == "word" and prompt and not prompt[-1].isspace()
    return " " if needs_blank else ""


def _copying(generated: Any) -> dict[str, Any] | None:
    """Return the figures of copying and repetition for JSON."""
    report = generated.copying
    if report is None:
        return None
    return {
        "symbols": report.num_symbols,
        "longest_copy": {"symbols": report.longest_copy.length, "text": generated.longest_copy},
        "ngrams": [
            {
                "order": ngrams.order,
                "copied_share": ngrams.copied_share,
                "repeated_share": ngrams.repeated_share,
            }
            for ngrams in report.ngrams
        ],
        "lines": report.num_lines,
        "copied_lines": report.num_copied_lines,
        "looping_symbols": report.looping_symbols,
    }


def _describe_copying(generated: Any) -> list[str]:
    """Say in lines what was copied and repeated."""
    report = generated.copying
    copy = report.longest_copy
    return [
        f"longest copy: {copy.length} symbols: {generated.longest_copy!r}",
        f"copied lines: {report.num_copied_lines} of {report.num_lines}",
        f"symbols in loops: {report.looping_symbols} of {report.num_symbols}",
        *(
            f"{ngrams.order}-grams: {100 * ngrams.copied_share:.1f}% stand in the training text, "
            f"{100 * ngrams.repeated_share:.1f}% are repeated"
            for ngrams in report.ngrams
            if ngrams.total
        ),
    ]
