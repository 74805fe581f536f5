"""Prefix beam search with language models, against the plain twin."""

import math

import numpy as np
import pytest

from seqtools.decoding.ctc_fusion import FusionSettings, make_fusion, reweigh
from seqtools.kernels.ctc_beam import make_beam_scratch, read_prefix, search_prefixes
from seqtools.text.kneser_ney import characters_of, train_ngram_model
from seqtools.text.ngram_model import END
from tests.reference import ctc_decoding as twin

SYMBOLS = ("", " ", "a", "b")
TEXTS = ["ab a", "ab ab", "a ab b", "bab a", "bb a ab"]
WORDS = train_ngram_model([text.split() for text in TEXTS], order=2)
CHARACTERS = train_ngram_model([characters_of(text) for text in TEXTS], order=3)
SETTINGS = [
    FusionSettings(),
    FusionSettings(alpha=1.2, beta=-0.7, unknown_score=-1.0, character_alpha=0.8, label_bonus=0.4),
    FusionSettings(alpha=0.0, beta=3.0, character_alpha=0.0, label_bonus=-0.5),
]


def spell(prefix):
    return "".join(SYMBOLS[label] for label in prefix)


def unknown_part(text, settings):
    """Return the cost of words outside the vocabulary; the last may be unfinished."""
    total = 0.0
    *finished, last = text.split(" ")
    beginnings = {word[:n] for word in WORDS.words for n in range(len(word) + 1)}
    for word in (*finished, last):
        known = max(n for n in range(len(word) + 1) if word[:n] in beginnings)
        if known < len(word):
            total += settings.unknown_score * (1 + (len(word) - known - 1) / 6)
    return total + settings.unknown_score * sum(
        word in beginnings and word not in WORDS.ids for word in finished if word
    )


def word_part(text, settings):
    """Return the log factor of the words of a text; one is finished when a space follows."""
    finished = text[: text.rfind(" ") + 1].split()
    total = settings.alpha * WORDS.score(finished).sum()
    return total + settings.beta * len(finished) + unknown_part(text, settings)


def character_part(text, settings):
    """Return the log factor of the characters of a text."""
    characters = ["<space>" if character == " " else character for character in text]
    return settings.character_alpha * CHARACTERS.score(characters).sum()


def twin_factors(settings, has_words, has_characters):
    """Return the factor of a label that is added, and of the end."""

    def log_so_far(prefix):
        text = spell(prefix)
        total = settings.label_bonus * len(prefix)
        total += word_part(text, settings) if has_words else 0
        return total + (character_part(text, settings) if has_characters else 0)

    def factor(prefix, label):
        return math.exp(log_so_far((*prefix, label)) - log_so_far(prefix))

    def end_factor(prefix):
        text, total = spell(prefix), 0.0
        if has_words:
            total += word_part(text + " ", settings) - word_part(text, settings)
            total += settings.alpha * WORDS.score([*text.split(), END])[-1]
        if has_characters:
            characters = ["<space>" if character == " " else character for character in text]
            total += settings.character_alpha * CHARACTERS.score([*characters, END])[-1]
        return math.exp(total)

    return factor, end_factor


@pytest.mark.small
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize(
    ("has_words", "has_characters"), [(True, False), (False, True), (True, True)]
)
@pytest.mark.parametrize(("beam_size", "cut"), [(2, 0.0), (6, 0.02), (400, 0.0)])
def test_scores_are_those_of_the_twin(settings, has_words, has_characters, beam_size, cut):
    words, characters = WORDS if has_words else None, CHARACTERS if has_characters else None
    fusion = make_fusion(SYMBOLS, settings, words=words, characters=characters)
    factors = twin_factors(settings, has_words, has_characters)
    y = np.random.default_rng(1).dirichlet(np.full(4, 0.7), 4 if beam_size > 6 else 8)
    tree, beam = make_beam_scratch(len(y), 4, beam_size, fusion)
    found = search_prefixes(y, 0, cut, fusion, tree, beam)
    expected = twin.prefix_beam(y, beam_size, cut, 0, *factors)
    plain = twin.prefix_beam(y, 10**6)
    labels = np.zeros(len(y), np.int32)
    prefixes = set()
    for place in range(found):
        number = read_prefix(tree, beam.nodes[place], labels)
        prefix = tuple(labels[:number].tolist())
        prefixes.add(prefix)
        assert beam.log_scores[place] == pytest.approx(math.log(expected[prefix]), abs=1e-9)
        if beam_size == 400:
            alone = beam.log_scores[place] - beam.log_factors[place]
            assert alone == pytest.approx(math.log(plain[prefix]), abs=1e-9)
    assert prefixes == expected.keys()


@pytest.mark.small
def test_other_weights_take_the_place_of_the_first():
    fusion = make_fusion(SYMBOLS, SETTINGS[0], words=WORDS)
    other = reweigh(fusion, SETTINGS[1])
    np.testing.assert_array_equal(
        other.weights, make_fusion(SYMBOLS, SETTINGS[1], words=WORDS).weights
    )
    assert other.words is fusion.words


@pytest.mark.small
def test_spaces_without_a_word_between_them_are_no_words():
    fusion = make_fusion(SYMBOLS, FusionSettings(alpha=0.0, beta=5.0), words=WORDS)
    y = np.full((6, 4), 0.01)
    y[np.arange(6), [1, 0, 1, 2, 1, 0]] = 0.97
    tree, beam = make_beam_scratch(6, 4, 20, fusion)
    found = search_prefixes(y, 0, 0.02, fusion, tree, beam)
    best = np.argmax(beam.log_scores[:found])
    assert beam.log_factors[best] == pytest.approx(5.0)
