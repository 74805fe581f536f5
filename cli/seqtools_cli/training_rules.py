"""Which options of the commands that train sequence models go together."""

import click

from seqtools_cli.option_rules import Condition, Contradiction, OneStdin, Rule, Unheeded, Values


def _differs(name: str, *choices: str) -> Condition:
    """Return the condition that an option has none of these values."""
    return lambda values: values[name] not in choices


def holds_nothing_out(values: Values) -> bool:
    """Say whether no text is set apart, by --valid or --valid-share."""
    return not values["valid"] and not values["valid_share"]


NEEDS_VALID = "needs --valid, or --valid-share above 0"
ONE_VALID = Unheeded(
    ("--valid-share",), lambda values: values["valid"], "has no effect with --valid; leave one out"
)

_CELL: tuple[Rule, ...] = (
    Contradiction(
        lambda values: values["has_peepholes"] and values["cell"] != "lstm",
        "--peepholes needs --cell lstm, not {cell}; leave one out.",
    ),
    Unheeded(("--gru-variant",), _differs("cell", "gru"), "needs --cell gru"),
)
_OPTIMIZER: tuple[Rule, ...] = (
    Unheeded(
        ("--momentum", "--nesterov"),
        _differs("optimizer", "momentum"),
        "needs --optimizer momentum",
    ),
    Unheeded(
        ("--beta1",), _differs("optimizer", "adam", "adamw"), "needs --optimizer adam or adamw"
    ),
    Unheeded(
        ("--beta2",),
        _differs("optimizer", "rmsprop", "adam", "adamw"),
        "needs --optimizer rmsprop, adam or adamw",
    ),
    Unheeded(
        ("--epsilon",),
        _differs("optimizer", "adagrad", "rmsprop", "adam", "adamw"),
        "needs --optimizer adagrad, rmsprop, adam or adamw",
    ),
)
_SCHEDULE: tuple[Rule, ...] = (
    Unheeded(
        ("--decay",),
        _differs("schedule", "step", "decay-after", "plateau"),
        "needs --schedule step, decay-after or plateau",
    ),
    Unheeded(
        ("--decay-every",),
        _differs("schedule", "step", "plateau"),
        "needs --schedule step or plateau",
    ),
    Unheeded(
        ("--decay-after",),
        _differs("schedule", "decay-after"),
        "needs --schedule decay-after",
    ),
    Unheeded(
        ("--min-factor",),
        lambda values: values["schedule"] == "constant",
        "needs a --schedule other than constant",
    ),
    Unheeded(
        ("--min-delta",),
        lambda values: not values["patience"] and values["schedule"] != "plateau",
        "needs --patience above 0 or --schedule plateau",
    ),
)
_RUN: tuple[Rule, ...] = (
    Unheeded(
        ("--overwrite",),
        lambda values: values["is_resumed"],
        "contradicts --resume, which goes on with the model that lies there; leave one out",
    ),
)
_TRAINING = (*_CELL, *_OPTIMIZER, *_SCHEDULE, *_RUN)


def _needs_judging(is_unjudged: Condition, because: str) -> tuple[Rule, ...]:
    """Return the rules of options that look at how well data is predicted that is set apart."""
    return (
        Unheeded(("--patience", "--schedule plateau", "--min-delta"), is_unjudged, because),
        Unheeded(
            ("--average-best",),
            lambda values: values["average_best"] > 1 and is_unjudged(values),
            because,
        ),
    )


class _FiltersThatHear:
    """With a --sample-rate, every filter of --mels holds a frequency of a frame's transform."""

    def fault(self, ctx: click.Context) -> str | None:
        """Return what is wrong, or None."""
        rate = ctx.params["sample_rate"]
        if rate is None:
            return None
        from seqtools.audio.feature_settings import FeatureSettings
        from seqtools.audio.mel_filters import mel_filters
        from seqtools.errors import SettingsError

        names = ("num_mels", "mel_scale", "window_seconds")
        try:
            mel_filters(
                FeatureSettings(sample_rate=rate, **{name: ctx.params[name] for name in names})
            )
        except SettingsError:
            return (
                f"--mels {ctx.params['num_mels']} is too many for --window "
                f"{ctx.params['window_seconds']:g} at --sample-rate {rate}: a filter would hear "
                "nothing; lower --mels or lengthen --window."
            )
        return None


class _RoomForBytes:
    """A vocabulary of subwords holds the bytes of which rare ones are made."""

    def fault(self, ctx: click.Context) -> str | None:
        """Return what is wrong, or None."""
        size = ctx.params["vocabulary_size"]
        if ctx.params["level"] != "subword" or size is None:
            return None
        from seqtools.text.subword_codec import LEAST_SUBWORDS

        if size >= LEAST_SUBWORDS:
            return None
        return (
            f"--vocab-size {size} is too small for --level subword: bytes and special symbols "
            f"take {LEAST_SUBWORDS - 1}; give at least {LEAST_SUBWORDS}."
        )


_SYMBOLS: tuple[Rule, ...] = (
    _RoomForBytes(),
    Unheeded(
        ("--min-count",),
        lambda values: values["level"] == "subword" and values["min_count"] > 1,
        "needs --level char or word; subwords leave nothing out",
    ),
)

LANGUAGE_MODEL_RULES: tuple[Rule, ...] = (
    OneStdin({"texts": "TEXT", "valid": "--valid", "test": "--test"}),
    *_SYMBOLS,
    *_TRAINING,
    *_needs_judging(holds_nothing_out, NEEDS_VALID),
    ONE_VALID,
    Unheeded(
        ("--variational-dropout",), lambda values: not values["dropout"], "needs --dropout above 0"
    ),
)

_TRANSLATOR: tuple[Rule, ...] = (
    Contradiction(
        lambda values: values["is_bidirectional"] and (values["encoder_size"] or 0) % 2 == 1,
        "--encoder-size {encoder_size} must be even for --bidirectional, which halves it; give an "
        "even one, or --no-bidirectional.",
    ),
    Contradiction(
        lambda values: (
            values["is_bidirectional"] and not values["encoder_size"] and values["hidden_size"] % 2
        ),
        "--hidden-size {hidden_size} must be even for --bidirectional, which halves it; give an "
        "even one, an even --encoder-size, or --no-bidirectional.",
    ),
    Contradiction(
        lambda values: values["tied_embeddings"] == "all" and not values["is_joint"],
        "--tied-embeddings all needs --joint-vocab.",
    ),
    Unheeded(
        ("--attention-size",), _differs("attention", "additive"), "needs --attention additive"
    ),
    Unheeded(
        ("--layers",),
        lambda values: values["encoder_layers"] and values["decoder_layers"],
        "has no effect with --encoder-layers and --decoder-layers; leave it out",
    ),
    Unheeded(
        ("--variational-dropout",), lambda values: not values["dropout"], "needs --dropout above 0"
    ),
)

TRANSLATION_RULES: tuple[Rule, ...] = (
    OneStdin(
        {"source": "--src", "target": "--trg", "dev_src": "--dev-src", "dev_trg": "--dev-trg"}
    ),
    *_SYMBOLS,
    Unheeded(("--subword-model",), _differs("level", "subword"), "needs --level subword"),
    *_TRANSLATOR,
    *_TRAINING,
    Unheeded(
        ("--dev-share",),
        lambda values: values["dev_src"] or values["dev_prefix"],
        "has no effect with development lines; leave one out",
    ),
    Unheeded(
        ("--src-lang", "--trg-lang"),
        lambda values: not values["train_prefix"] and not values["dev_prefix"],
        "needs --train or --dev, whose PREFIX it completes",
    ),
)


def _holds_no_sample(name: str) -> Condition:
    """Return the condition that a time is shorter than one sample of the rate that is asked for."""
    return lambda values: 0 < values[name] * (values["sample_rate"] or 0) < 1


SPEECH_RULES: tuple[Rule, ...] = (
    Contradiction(
        lambda values: "-" in (values["train"], values["dev"]),
        "--train and --dev cannot be standard input (-): they are read more than once; name files.",
    ),
    Contradiction(
        _holds_no_sample("window_seconds"),
        "--window {window_seconds:g} holds no sample at --sample-rate {sample_rate}; lengthen it.",
    ),
    Contradiction(
        _holds_no_sample("hop_seconds"),
        "--hop {hop_seconds:g} holds no sample at --sample-rate {sample_rate}; lengthen it.",
    ),
    _FiltersThatHear(),
    *_needs_judging(lambda values: values["dev"] is None, "needs --dev"),
    Unheeded(("--metric",), lambda values: values["dev"] is None, "needs --dev"),
    *_TRAINING,
    Unheeded(
        ("--variational-dropout",),
        lambda values: not values["dropout"] and not values["input_dropout"],
        "needs --dropout or --input-dropout above 0",
    ),
    Unheeded(
        ("--time-masks", "--time-mask-frames", "--frequency-masks", "--frequency-mask-filters"),
        lambda values: not values["is_masked"],
        "needs --mask",
    ),
)
