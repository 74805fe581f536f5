"""The options of `seqtools embed train`, and which of them belong to which model.

Options whose default depends on the model have none here: what is not given is left to the settings
of the model, from which the help takes the values too.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from seqtools.embeddings.nplm_settings import LARGEST_WINDOW, NPLMSettings
from seqtools.embeddings.settings import GloVeSettings, Word2VecSettings
from seqtools_cli.nplm_options import NPLM_OPTIONS, nplm_options
from seqtools_cli.option_rules import Contradiction, OneStdin, Rule, Unheeded, check_rules
from seqtools_cli.options import FiniteFloat, IntAtLeast, seed_option
from seqtools_cli.text_options import (
    memory_option,
    reading_options,
    threads_option,
    word_choice_options,
)
from seqtools_cli.training_rules import NEEDS_VALID, ONE_VALID, holds_nothing_out

Function = TypeVar("Function", bound=Callable[..., Any])

_WORD2VEC, _GLOVE, _NPLM = ("skipgram", "cbow"), ("glove",), ("nplm",)
_MODELS_OF = {
    "loss": _WORD2VEC,
    "window_mode": _WORD2VEC,
    "negative": _WORD2VEC,
    "noise_exponent": _WORD2VEC,
    "subsample": _WORD2VEC,
    "subsample_rule": _WORD2VEC,
    "cbow_combine": ("cbow",),
    "min_learning_rate": _WORD2VEC,
    "cooccurrences": _GLOVE,
    "x_max": _GLOVE,
    "weight_exponent": _GLOVE,
    "combine": _GLOVE,
    "gradient_clip": _GLOVE,
    "memory_bytes": _GLOVE,
    **dict.fromkeys(NPLM_OPTIONS, _NPLM),
}
# What a file of co-occurrences has settled already.
_TEXT_OPTIONS = ("min_count", "max_vocab", "lower", "encoding_errors", "memory_bytes")

_RULES: tuple[Rule, ...] = (
    Contradiction(
        lambda values: values["model"] == "nplm" and (values["window"] or 0) > LARGEST_WINDOW,
        f"--window {{window}} is above {LARGEST_WINDOW}, as far as --model nplm looks back; lower "
        "--window.",
    ),
    Contradiction(
        lambda values: (
            values["model"] in _WORD2VEC
            and values["min_learning_rate"]
            > (values["learning_rate"] or Word2VecSettings().learning_rate)
        ),
        "--min-lr {min_learning_rate:g} is above --lr; lower --min-lr or raise --lr.",
    ),
    Contradiction(
        lambda values: (
            values["save_context"] is not None
            and values["model"] in _WORD2VEC
            and values["loss"] == "hs"
        ),
        "--save-context needs --loss ns: hierarchical softmax has no context vectors of words.",
    ),
    Unheeded(
        ("--negative", "--noise-exponent"),
        lambda values: values["loss"] == "hs",
        "needs --loss ns",
        counts_zero=True,
    ),
    Unheeded(
        ("--subsample-rule",), lambda values: not values["subsample"], "needs --subsample above 0"
    ),
    Unheeded(
        ("--min-count", "--max-vocab"),
        lambda values: values["vocabulary"] is not None,
        "is of no use with --vocab, which says what words there are",
    ),
    Unheeded(("--patience",), holds_nothing_out, NEEDS_VALID),
    ONE_VALID,
    OneStdin(
        {
            "corpus": "CORPUS",
            "cooccurrences": "--cooccurrences",
            "valid": "--valid",
            "vocabulary": "--vocab",
            "initial_vectors": "--init-vectors",
        }
    ),
)


def check_options(ctx: click.Context, model: str, is_counted: bool) -> None:
    """Refuse options on the command line that would not be heeded.

    Raises
    ------
    click.UsageError
        If an option belongs to another model, or to the reading of text that is not read, or
        breaks a rule of those that go together.
    """
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if ctx.get_parameter_source(name) is not click.core.ParameterSource.COMMANDLINE:
            continue
        models = _MODELS_OF.get(name, (model,))
        if model not in models:
            raise click.UsageError(
                f"{parameter.opts[0]} is an option of --model {' and '.join(models)}, "
                f"not of {model}.",
                ctx,
            )
        if is_counted and name in _TEXT_OPTIONS:
            raise click.UsageError(
                f"{parameter.opts[0]} is of no use with --cooccurrences: "
                "the text was read when they were counted.",
                ctx,
            )
    check_rules(_RULES)


def _by_model(name: str) -> str:
    """Say the default of an option that differs among models."""
    word2vec, glove, nplm = (
        getattr(settings, name)
        for settings in (Word2VecSettings(), GloVeSettings(), NPLMSettings())
    )
    return f"  [default: {word2vec}; glove: {glove}; nplm: {nplm}]"


def training_options(command: Function) -> Function:
    """Add all options that say how to train."""
    for group in (
        _run_options, _file_options, nplm_options, _glove_options, _word2vec_options,
        _model_options,
    ):  # fmt: skip
        command = group(command)
    return command


def _model_options(command: Function) -> Function:
    """Add the options that every model has."""
    for option in (
        click.option(
            "--lr", "--alpha", "learning_rate", type=FiniteFloat(1e-9, 100),
            help="Learning rate at the start. With skipgram and cbow it falls linearly to --min-lr."
            + _by_model("learning_rate"),
        ),
        click.option(
            "--epochs", "--iter", "epochs", type=IntAtLeast(1, 1_000_000),
            help="Passes over the corpus." + _by_model("epochs"),
        ),
        click.option(
            "--window", type=IntAtLeast(1, 10_000),
            help="Largest distance of a context word, in words; nplm looks back alone, so that "
            "its n-grams are one word longer." + _by_model("window"),
        ),
        click.option(
            "--dim", "--vector-size", "--size", "dim", type=IntAtLeast(1, 65_536),
            default=Word2VecSettings().dim, show_default=True, help="Numbers a vector.",
        ),
        click.option(
            "--model",
            type=click.Choice([*_WORD2VEC, *_GLOVE, *_NPLM]),
            default=Word2VecSettings().model,
            show_default=True,
            help="Predict the context of each word, or each word from its context, or fit the "
            "logarithms of co-occurrence counts, or predict each word from those before it by a "
            "neural network.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _word2vec_options(command: Function) -> Function:
    """Add the options of skip-gram and CBOW."""
    default = Word2VecSettings()
    for option in (
        click.option(
            "--min-lr", "--min-alpha", "min_learning_rate", type=FiniteFloat(0, 100),
            default=default.min_learning_rate, show_default=True, help="Learning rate at the end.",
        ),
        click.option(
            "--cbow-combine", type=click.Choice(["mean", "sum"]), default=default.cbow_combine,
            show_default=True, help="How CBOW joins the context vectors.",
        ),
        click.option(
            "--subsample-rule", type=click.Choice(["word2vec", "paper"]),
            default=default.subsample_rule, show_default=True,
            help="Keep a word with probability sqrt(t/f) + t/f, or sqrt(t/f).",
        ),
        click.option(
            "--subsample", "--sample", "subsample", type=FiniteFloat(0, 1),
            default=default.subsample, show_default=True,
            help="Relative frequency above which words are dropped at random; 0 drops none.",
        ),
        click.option(
            "--noise-exponent", "--ns-exponent", "noise_exponent", type=FiniteFloat(-10, 10),
            default=default.noise_exponent, show_default=True,
            help="Noise words are drawn by count to this power: 0 uniform, 1 unigram.",
        ),
        click.option(
            "--negative", type=IntAtLeast(1, 1_000), default=default.negative, show_default=True,
            help="Negative samples a centre word.",
        ),
        click.option(
            "--window-mode", type=click.Choice(["shrink", "fixed"]), default=default.window_mode,
            show_default=True, help="Draw each window from 1 to --window, or take all of it.",
        ),
        click.option(
            "--loss", type=click.Choice(["ns", "hs"]), default=default.loss, show_default=True,
            help="Negative sampling or hierarchical softmax.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _glove_options(command: Function) -> Function:
    """Add the options of GloVe."""
    default = GloVeSettings()
    command = memory_option(command)
    for option in (
        click.option(
            "--gradient-clip", type=FiniteFloat(1e-9, 1e9),
            default=default.gradient_clip, show_default=True,
            help="Clip each number of a GloVe gradient to this size.",
        ),
        click.option(
            "--combine", type=click.Choice(["sum", "average", "input", "concat"]),
            default=default.combine, show_default=True,
            help="Return the sum or mean of GloVe's word and context vectors, the word vectors "
            "alone, or both one after the other.",
        ),
        click.option(
            "--weight-exponent", type=FiniteFloat(0, 10), default=default.weight_exponent,
            show_default=True, help="GloVe weights a pair by (x / --x-max) to this power.",
        ),
        click.option(
            "--x-max", type=FiniteFloat(1e-9, 1e18), default=default.x_max,
            show_default=True,
            help="Co-occurrence from which a pair has full weight: 100 for billions of words, 10 "
            "for millions.",
        ),
        click.option(
            "--cooccurrences",
            help="Train GloVe on this file of `seqtools embed cooccur` in place of text.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _file_options(command: Function) -> Function:
    """Add the options of text, vocabulary and further outputs."""
    for option in (
        click.option("--save-context", help="Write the output (context) vectors to this file."),
        click.option(
            "--init-vectors", "initial_vectors", help="Start from the vectors of this file."
        ),
        click.option("--save-vocab", help="Write the vocabulary to this file, word<TAB>count."),
        click.option(
            "--vocab", "vocabulary", help="Take words and counts from this word<TAB>count file."
        ),
    ):
        command = option(command)
    return word_choice_options(reading_options(command))


def _run_options(command: Function) -> Function:
    """Add the options of threads, checkpoints and seed."""
    for option in (
        seed_option(),
        click.option(
            "--resume", "is_resumed", is_flag=True, help="Go on from the checkpoint if any."
        ),
        click.option(
            "--checkpoint-dir", help="Where checkpoints lie.  [default: <output>.checkpoint]"
        ),
        click.option(
            "--checkpoint-every", type=FiniteFloat(0, above=True),
            help="Save a checkpoint every so many seconds, and when interrupted.",
        ),
        click.option(
            "--deterministic", is_flag=True, help="Train on one thread: same seed, same bytes."
        ),
        threads_option("train: without locks, but for nplm, whose result they don't change"),
    ):  # fmt: skip
        command = option(command)
    return command
