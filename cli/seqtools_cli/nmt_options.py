"""Options of the translation commands, and the plans they make."""

from collections.abc import Callable
from dataclasses import fields
from types import SimpleNamespace
from typing import Any, TypeVar

import click

from seqtools.models.translator_settings import ATTENTIONS, TYINGS, TranslatorSettings
from seqtools.text.batch_settings import BatchSettings
from seqtools_cli.options import FiniteFloat, IntAtLeast
from seqtools_cli.sequence_options import network_options

Function = TypeVar("Function", bound=Callable[..., Any])
_DEFAULT = TranslatorSettings()
_MAX_LENGTH = 100


def text_options(command: Function) -> Function:
    """Add the options that name parallel text and say how it becomes symbols."""
    options = [
        click.option("--src", "--source", "source", metavar="FILE", help="Source lines."),
        click.option(
            "--trg", "--tgt", "--target", "target", metavar="FILE",
            help="Target lines: line n is the translation of source line n.",
        ),
        click.option(
            "--train", "train_prefix", metavar="PREFIX",
            help="In place of --src and --trg: PREFIX.LANGUAGE, as in PREFIX.de and PREFIX.en.",
        ),
        click.option("--dev-src", metavar="FILE", help="Source lines to choose the best epoch by."),
        click.option("--dev-trg", "--dev-tgt", metavar="FILE", help="Their translations."),
        click.option(
            "--dev", "dev_prefix", metavar="PREFIX", help="In place of --dev-src and --dev-trg."
        ),
        click.option(
            "--src-lang", "source_language", metavar="LANGUAGE", help="Suffix of source files."
        ),
        click.option(
            "--trg-lang", "--tgt-lang", "target_language", metavar="LANGUAGE",
            help="Suffix of target files.",
        ),
        click.option(
            "--dev-share", type=FiniteFloat(0, 0.5, above=True), default=0.02, show_default=True,
            help="Without development lines, set apart this share of the training lines' end.",
        ),
        click.option(
            "--level", type=click.Choice(["char", "word", "subword"]), default="subword",
            show_default=True, help="Read and write characters, words, or subwords learnt here.",
        ),
        click.option(
            "--vocab-size", "vocabulary_size", type=IntAtLeast(5, 1 << 24),
            help="The most symbols a side, 4 special ones included.  "
            "[default: all; subword: 8000]",
        ),
        click.option(
            "--subword-model", type=click.Choice(["unigram", "bpe"]), default="unigram",
            show_default=True, help="How subwords are learnt.",
        ),
        click.option(
            "--joint-vocab", "is_joint", is_flag=True, help="One vocabulary of both sides."
        ),
        click.option(
            "--min-count", type=IntAtLeast(1), default=1, show_default=True,
            help="Words or characters that occur less often become <unk>.",
        ),
        click.option("--lower", is_flag=True, help="Fold upper to lower case."),
        click.option(
            "--max-length", type=IntAtLeast(1), default=_MAX_LENGTH, show_default=True,
            help="Leave out training pairs a side of which has more symbols.",
        ),
        click.option(
            "--encoding-errors", type=click.Choice(["strict", "replace"]), default="strict",
            show_default=True, help="Refuse invalid UTF-8, or replace and count it.",
        ),
        click.option(
            "--batch-size", type=IntAtLeast(1, 1 << 24), default=BatchSettings().batch_size,
            show_default=True, help="Sentences of an update, or symbols with --batch-type token.",
        ),
        click.option(
            "--batch-type", type=click.Choice(["sentence", "token"]),
            default=BatchSettings().batch_type, show_default=True, help="What --batch-size counts.",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def model_options(command: Function) -> Function:
    """Add the options that say how a translator is built."""
    default = SimpleNamespace(**{f.name: getattr(_DEFAULT, f.name) for f in fields(_DEFAULT)})
    default.num_layers = _DEFAULT.encoder_layers
    options = [
        click.option(
            "--attention", type=click.Choice(ATTENTIONS), default=_DEFAULT.attention,
            show_default=True,
            help="Bahdanau's additive score, Luong's dot or general one, or none.",
        ),
        click.option(
            "--attention-size", type=IntAtLeast(1, 65_536),
            help="Width of the additive score.  [default: --hidden-size]",
        ),
        network_options(default, is_tied_allowed=False),
        click.option(
            "--encoder-size", type=IntAtLeast(1, 65_536),
            help="Width of an encoder layer, both directions together.  [default: --hidden-size]",
        ),
        click.option(
            "--encoder-layers", type=IntAtLeast(1, 64),
            help="Layers that read.  [default: --layers]",
        ),
        click.option(
            "--decoder-layers", type=IntAtLeast(1, 64),
            help="Layers that write.  [default: --layers]",
        ),
        click.option(
            "--bidirectional/--no-bidirectional", "is_bidirectional",
            default=_DEFAULT.is_bidirectional, show_default=True,
            help="Let half of the encoder read backwards.",
        ),
        click.option(
            "--reverse-source", "reverses_source", is_flag=True, help="Read sources from their end."
        ),
        click.option(
            "--pretrained-target", metavar="FILE",
            help="Word vectors for the target side; --pretrained-embeddings are for the source.",
        ),
        click.option(
            "--tied-embeddings", type=click.Choice(TYINGS), default=_DEFAULT.tied_embeddings,
            show_default=True,
            help="Share one table between the decoder's input and output, or with the encoder too.",
        ),
        click.option(
            "--word-dropout", type=FiniteFloat(0, 0.95), default=_DEFAULT.word_dropout,
            show_default=True, help="Share of whole symbols replaced by <unk> in training.",
        ),
        click.option(
            "--label-smoothing", type=FiniteFloat(0, 0.95), default=_DEFAULT.label_smoothing,
            show_default=True, help="Probability that training spreads over all symbols.",
        ),
    ]  # fmt: skip
    return _apply(options, command)


def make_plan(output: str, training: Any, options: dict[str, Any]) -> Any:
    """Turn the options of `seqtools train-nmt` into a plan."""
    from seqtools.models.translation_run import TranslationPlan
    from seqtools.text.splits import SplitSettings
    from seqtools.text.symbols import CodecSettings

    layers = options.pop("num_layers")
    for side in ("encoder_layers", "decoder_layers"):
        options[side] = options[side] or layers
    source, target = _pair(options, "--src", "--trg", "source", "target", "train_prefix")
    if source is None or target is None:
        raise click.UsageError("Name the training text: --src FILE --trg FILE, or --train PREFIX.")
    dev = _pair(options, "--dev-src", "--dev-trg", "dev_src", "dev_trg", "dev_prefix")
    return TranslationPlan(
        source=source,
        target=target,
        output=output,
        development=None if dev[0] is None or dev[1] is None else (dev[0], dev[1]),
        split=SplitSettings(options["dev_share"]),
        codec=_settings(CodecSettings, options),
        is_joint=options["is_joint"],
        max_length=options["max_length"],
        model=_settings(TranslatorSettings, options),
        batches=BatchSettings(options["batch_size"], options["batch_type"]),
        training=training,
        pretrained_source=options["pretrained"],
        pretrained_target=options["pretrained_target"],
        encoding_errors=options["encoding_errors"],
        is_resumed=options["is_resumed"],
        may_overwrite=options["may_overwrite"],
    )


def _pair(
    options: dict[str, Any], source_option: str, target_option: str, source: str, target: str,
    prefix: str,
) -> tuple[str | None, str | None]:  # fmt: skip
    """Return the two files of a parallel text, named one by one or by what they share."""
    named = options[source], options[target]
    if options[prefix] is not None:
        if any(named):
            raise click.UsageError(
                f"Give {source_option} and {target_option}, or a prefix, not both."
            )
        from seqtools.text.parallel_text import language_paths

        languages = options["source_language"], options["target_language"]
        first, second = language_paths(options[prefix], *languages)
        return str(first), str(second)
    if any(named) and not all(named):
        raise click.UsageError(f"{source_option} and {target_option} belong together.")
    return named


def _settings(kind: Any, options: dict[str, Any]) -> Any:
    """Make settings from the options that they have."""
    names = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in options.items() if name in names})


def _apply(options: list[Callable[[Any], Any]], command: Function) -> Function:
    """Add options to a command in the order of the list."""
    for option in reversed(options):
        command = option(command)
    return command
