"""Options of `seqtools train-asr`, and the plan they make."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

import click

from seqtools.audio.feature_settings import MEL_SCALES, NORMALIZATIONS, FeatureSettings
from seqtools.models.speech_settings import SpeechSettings
from seqtools_cli.options import FiniteFloat, IntAtLeast
from seqtools_cli.sequence_options import cell_options

Function = TypeVar("Function", bound=Callable[..., Any])
_MODEL, _FEATURES = SpeechSettings(), FeatureSettings()
_BATCH_SIZE = 16


def recording_options(command: Function) -> Function:
    """Add --resample and --mix."""
    options = [
        click.option(
            "--resample", is_flag=True, help="Convert recordings of other sample rates."
        ),
        click.option(
            "--mix", "mix_channels", is_flag=True,
            help="Take the mean of several channels in place of refusing them.",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def feature_options(command: Function) -> Function:
    """Add the options that say how sound becomes features."""
    options = [
        click.option(
            "--sample-rate", type=IntAtLeast(100, 1 << 20),
            help="Samples a second of every recording.  [default: those of the first]",
        ),
        click.option(
            "--mels", "num_mels", type=IntAtLeast(1, 512), default=_FEATURES.num_mels,
            show_default=True, help="Filters of a frame.",
        ),
        click.option(
            "--mel-scale", type=click.Choice(MEL_SCALES), default=_FEATURES.mel_scale,
            show_default=True, help="How hertz become mels.",
        ),
        click.option(
            "--window", "window_seconds", type=FiniteFloat(0.001, 1),
            default=_FEATURES.window_seconds, show_default=True, help="Length of a frame, seconds.",
        ),
        click.option(
            "--hop", "hop_seconds", type=FiniteFloat(0.001, 1), default=_FEATURES.hop_seconds,
            show_default=True, help="From the start of a frame to the next, seconds.",
        ),
        click.option(
            "--normalize", "normalization", type=click.Choice(NORMALIZATIONS),
            default=_FEATURES.normalization, show_default=True,
            help="Shift each feature to mean 0 and scale it to variance 1 over the utterance, only "
            "shift it, or neither.",
        ),
        click.option(
            "--deltas", "num_deltas", type=IntAtLeast(0, 2), default=_FEATURES.num_deltas,
            show_default=True, help="Append slopes over time (1), and slopes of slopes (2).",
        ),
        click.option(
            "--stack", type=IntAtLeast(1, 100), default=_FEATURES.stack, show_default=True,
            help="Frames joined into one, which makes the sequence shorter.",
        ),
        click.option(
            "--stride", type=IntAtLeast(1, 100),
            help="Keep every so many joined frames.  [default: --stack]",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def model_options(command: Function) -> Function:
    """Add the options that say how an acoustic model is built and what is masked."""
    options = [
        cell_options(_MODEL, "what goes from layer to layer and to the output"),
        click.option(
            "--input-dropout", type=FiniteFloat(0, 0.95), default=_MODEL.input_dropout,
            show_default=True, help="Share of the features set to zero.",
        ),
        click.option(
            "--bidirectional/--forward-only", "is_bidirectional", default=True, show_default=True,
            help="Read recordings from both ends, or from the beginning alone.",
        ),
        click.option(
            "--blank-bias", type=FiniteFloat(-50, 50), default=_MODEL.blank_bias,
            show_default=True, help="Bias of the blank at the start; below 0 shortens the time "
            "in which a model says nothing but blanks.",
        ),
        click.option(
            "--mask/--no-mask", "is_masked", default=False, show_default=True,
            help="Mask runs of frames and filters of the training features (SpecAugment).",
        ),
        click.option("--time-masks", type=IntAtLeast(0, 100), help="Runs of frames.  [default: 2]"),
        click.option(
            "--time-mask-frames", type=IntAtLeast(0, 10_000),
            help="Longest run, in joined frames.  [default: 20]",
        ),
        click.option(
            "--frequency-masks", type=IntAtLeast(0, 100), help="Runs of filters.  [default: 2]"
        ),
        click.option(
            "--frequency-mask-filters", type=IntAtLeast(0, 512),
            help="Widest run.  [default: 6]",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def batch_options(command: Function) -> Function:
    """Add --lower, --batch-size and --metric."""
    options = [
        click.option("--lower", is_flag=True, help="Fold upper to lower case."),
        click.option(
            "--batch-size", type=IntAtLeast(1, 1 << 20), default=_BATCH_SIZE, show_default=True,
            help="Utterances of an update.",
        ),
        click.option(
            "--metric", type=click.Choice(["wer", "cer", "dev_loss"]), default="wer",
            show_default=True,
            help="What tells the best epoch on --dev; the next of the list decides between equals.",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def make_plan(train: str, output: str, training: Any, options: dict[str, Any]) -> Any:
    """Turn the options of `seqtools train-asr` into a plan."""
    from seqtools.audio.reading import RecordingOptions
    from seqtools.models.speech_run import SpeechPlan
    from seqtools.text.batch_settings import BatchSettings

    options["stride"] = options["stride"] or options["stack"]
    rate = options.pop("sample_rate")
    if rate is not None:
        options["sample_rate"] = rate
    return SpeechPlan(
        train=train,
        output=output,
        dev=options["dev"],
        model=_settings(SpeechSettings, options),
        features=_settings(FeatureSettings, options),
        takes_rate=rate is None,
        recordings=RecordingOptions(None, options["resample"], options["mix_channels"]),
        lower=options["lower"],
        batches=BatchSettings(batch_size=options["batch_size"]),
        masks=_masks(options),
        metric=options["metric"],
        training=training,
        is_resumed=options["is_resumed"],
        may_overwrite=options["may_overwrite"],
    )


_MASKS = {
    "time_masks": "num_time_masks",
    "time_mask_frames": "max_time_frames",
    "frequency_masks": "num_frequency_masks",
    "frequency_mask_filters": "max_frequency_filters",
}


def _masks(options: dict[str, Any]) -> Any:
    """Return the settings of masks, or None."""
    from seqtools.audio.masking import MaskSettings

    given = {
        name: options[option] for option, name in _MASKS.items() if options[option] is not None
    }
    return replace(MaskSettings(), **given) if options["is_masked"] else None


def _settings(kind: Any, options: dict[str, Any]) -> Any:
    """Make settings from the options that they have."""
    names = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in options.items() if name in names})


def _apply(options: list[Callable[[Any], Any]], command: Function) -> Function:
    """Add options to a command in the order of the list."""
    for option in reversed(options):
        command = option(command)
    return command
