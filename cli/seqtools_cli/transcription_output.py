"""From the options of `seqtools transcribe` to a plan, and what the command prints."""

from dataclasses import replace
from typing import Any

import click

from seqtools_cli.console import Console


def make_plan(model: str, files: tuple[str, ...], options: dict[str, Any]) -> Any:
    """Turn options into a plan."""
    from seqtools.audio.reading import RecordingOptions
    from seqtools.decoding.ctc_fusion import FusionSettings
    from seqtools.decoding.ctc_search import CTCBeamSettings
    from seqtools.embeddings.settings import count_cores
    from seqtools.models.transcription_run import TranscriptionPlan

    beam_size, n_best = options["beam_size"], options["n_best"]
    weights = {name: options[name] for name in ("alpha", "beta") if options[name] is not None}
    return TranscriptionPlan(
        model=model,
        files=files,
        manifest=options["manifest"],
        beam=None if beam_size is None else CTCBeamSettings(beam_size, n_best),
        language_model=options["language_model"],
        fusion=replace(FusionSettings(), **weights),
        tuning=options["tuning"],
        recordings=RecordingOptions(None, options["resample"], options["mix_channels"]),
        threads=options["threads"] or count_cores(),
    )


def print_transcripts(console: Console, plan: Any, found: Any, spikes: str | None) -> None:
    """Print transcripts, and on stderr how many errors they have."""
    from seqtools.models.transcription_run import describe_decoding

    payload = {
        "model": plan.model,
        "decoding": describe_decoding(plan, found.tuning),
        **found.as_dict(),
        "spikes": spikes,
    }
    if console.result(payload):
        return
    for transcript in found.transcripts:
        click.echo(transcript.text)
    if found.tuning is not None:
        weights = found.tuning.settings
        console.note(
            f"tuned: --lm-weight {weights.alpha:g} --word-bonus {weights.beta:g}, "
            f"WER {100 * found.tuning.rate:.2f} %, {100 * found.tuning.rate_without:.2f} % without"
        )
    if found.rates is not None:
        for name, unit in (("wer", "words"), ("cer", "characters")):
            counts = found.rates[name]
            console.note(
                f"{name.upper()} {100 * counts['rate']:.2f} %: {counts['errors']} errors in "
                f"{counts['reference_length']:,} {unit} "
                f"({counts['substitutions']} substituted, {counts['deletions']} deleted, "
                f"{counts['insertions']} inserted)"
            )
