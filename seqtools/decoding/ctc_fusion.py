"""Language models for the CTC beam search: weights, and models made ready for an alphabet.

A hypothesis is ranked by ln P(labels | input) + alpha ln P(words) + beta (number of words), with a
model of words, of characters, or both (Hannun et al. 2014, arXiv 1408.2873, eq. 3).
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from seqtools.errors import LanguageModelError, SeqtoolsWarning, SettingsError
from seqtools.kernels.ctc_fusion import Fusion
from seqtools.kernels.ngram import KeyTable, NGramTables, insert_nodes, make_key_table
from seqtools.text.ngram_model import END, SPACE, START, UNKNOWN, NGramModel
from seqtools.types import Float64Array, Int32Array

_SPACE_SYMBOL = " "
# How character models of other tools spell a space.
_OTHER_SPACE = "|"
_LEAST_SPELLED = 0.5


@dataclass(frozen=True)
class FusionSettings:
    """Weights of the language models.

    Attributes
    ----------
    alpha : float
        Weight of the model of words.
    beta : float
        Bonus of each word, in nats; makes up for what every word costs in the model.
    unknown_score : float
        What a word outside the model's vocabulary costs on top of <unk>, in nats; at most 0. Paid
        where no word begins as it does, with a sixth more for each symbol that follows.
    character_alpha : float
        Weight of the model of characters.
    label_bonus : float
        Bonus of each label, in nats.
    """

    alpha: float = 0.5
    beta: float = 1.5
    unknown_score: float = -10.0
    character_alpha: float = 0.5
    label_bonus: float = 0.0

    def __post_init__(self) -> None:
        for name in ("alpha", "character_alpha"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise SettingsError(f"{name} must be a number of at least 0, got {value}")
        for name in ("beta", "label_bonus"):
            value = getattr(self, name)
            if not math.isfinite(value):
                raise SettingsError(f"{name} must be a finite number, got {value}")
        if not -math.inf < self.unknown_score <= 0:
            raise SettingsError(
                f"unknown_score must be a finite number of at most 0, got {self.unknown_score}"
            )


def make_fusion(
    symbols: Sequence[str],
    settings: FusionSettings | None = None,
    *,
    words: NGramModel | None = None,
    characters: NGramModel | None = None,
    blank: int = 0,
) -> Fusion | None:
    """Make language models ready for a beam search over these symbols.

    Parameters
    ----------
    symbols : sequence of str, V of them
        How each symbol is written; one of them is " " if there is a model of words.
    settings : FusionSettings, optional
    words, characters : NGramModel, optional
        Models of words and of characters; the second writes a space as <space> or |.
    blank : int
        Index of the blank.

    Returns
    -------
    Fusion or None
        None without any model.

    Warns
    -----
    SeqtoolsWarning
        If a model lacks <s> or </s>. Then its first word has the probability it has without
        context, and the end of what is said none: all hypotheses go without. (KenLM refuses such
        models, or takes the missing word for <unk>, which would rank by a number that means
        nothing.)

    Raises
    ------
    SettingsError
        If there is a model of words and no space among the symbols.
    LanguageModelError
        If no word of the model can be spelled with the symbols.
    """
    if words is None and characters is None:
        return None
    ids = {symbol: index for index, symbol in enumerate(symbols) if index != blank}
    if words is not None and _SPACE_SYMBOL not in ids:
        raise SettingsError("a model of words needs a space among the symbols")
    for model in (words, characters):
        if model is not None:
            _warn_of_missing_marks(model)
    spellings, spelled = _spell_words(words, ids, len(symbols)) if words else _no_spellings()
    return Fusion(
        has_words=words is not None,
        has_characters=characters is not None,
        words=words.tables if words else _NO_MODEL,
        characters=characters.tables if characters else _NO_MODEL,
        spellings=spellings,
        spelled_words=spelled,
        unknown_word=words.id_of(UNKNOWN) if words else 0,
        end_word=words.ids.get(END, -1) if words else -1,
        end_character=characters.ids.get(END, -1) if characters else -1,
        symbol_characters=_character_ids(characters, symbols) if characters else _NOTHING,
        space=ids.get(_SPACE_SYMBOL, -1),
        word_start=words.start if words else 0,
        character_start=characters.start if characters else 0,
        weights=_weights_of(settings or FusionSettings()),
    )


def reweigh(fusion: Fusion, settings: FusionSettings) -> Fusion:
    """Return the same language models with other weights."""
    return fusion._replace(weights=_weights_of(settings))


def _weights_of(settings: FusionSettings) -> Float64Array:
    """Return the weights in the order of ``seqtools.kernels.ctc_fusion``."""
    return np.array(astuple(settings), np.float64)


def _warn_of_missing_marks(model: NGramModel) -> None:
    """Say how sentences are scored by a model without their beginning or end."""
    meanings = {
        START: "the first word is scored without context",
        END: "the end of a sentence is not scored",
    }
    missing = [mark for mark in meanings if mark not in model.ids]
    if missing:
        warnings.warn(
            f"{model.name}: no {' and no '.join(missing)} among its unigrams: "
            f"{', and '.join(meanings[mark] for mark in missing)}",
            SeqtoolsWarning,
            stacklevel=3,
        )


def _spell_words(
    model: NGramModel, ids: dict[str, int], num_symbols: int
) -> tuple[KeyTable, Int32Array]:
    """Return a tree of the spellings of all words, and the word that each node spells."""
    nodes: dict[tuple[int, int], int] = {}
    spelled = [-1]
    number = 0
    candidates = [word for word in model.words if word not in (START, END, UNKNOWN)]
    for word in candidates:
        labels = [ids.get(character, -1) for character in word]
        if -1 in labels:
            continue
        node = 0
        for label in labels:
            node = nodes.setdefault((node, label), len(spelled))
            if node == len(spelled):
                spelled.append(-1)
        spelled[node] = model.ids[word]
        number += 1
    if number == 0:
        raise LanguageModelError(
            "no word can be spelled with the alphabet",
            path=model.name,
            remedy="train the language model on text of the same case and alphabet",
        )
    if number < _LEAST_SPELLED * len(candidates):
        warnings.warn(
            f"{model.name}: only {number} of {len(candidates)} words can be spelled with the "
            "alphabet",
            SeqtoolsWarning,
            stacklevel=3,
        )
    table = make_key_table(len(nodes), num_symbols)
    keys = np.array(list(nodes), np.int64)
    insert_nodes(keys[:, 0], keys[:, 1], np.array(list(nodes.values()), np.int32), table)
    return table, np.array(spelled, np.int32)


def _no_spellings() -> tuple[KeyTable, Int32Array]:
    """Return an empty tree."""
    return make_key_table(0, 1), _NOTHING


def _character_ids(model: NGramModel, symbols: Sequence[str]) -> Int32Array:
    """Return the model's word for each symbol."""
    space = SPACE if SPACE in model.ids or _OTHER_SPACE not in model.ids else _OTHER_SPACE
    names = [space if symbol == _SPACE_SYMBOL else symbol for symbol in symbols]
    return np.array([model.id_of(name) for name in names], np.int32)


_NOTHING = np.zeros(1, np.int32)
_NO_MODEL = NGramTables(make_key_table(0, 1), np.zeros(1), np.zeros(1), _NOTHING, _NOTHING)
