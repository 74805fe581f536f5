"""Language models for CTC as users give them."""

import numpy as np
import pytest

from seqtools.decoding.ctc_fusion import FusionSettings, make_fusion
from seqtools.decoding.ctc_search import CTCDecoder, spell
from seqtools.errors import LanguageModelError, SeqtoolsWarning, SettingsError
from seqtools.io.arpa import ArpaFile
from seqtools.text.kneser_ney import characters_of, train_ngram_model
from seqtools.text.ngram_model import NGramModel

SYMBOLS = ("", " ", *"acehilrt")


def doubtful(*options):
    """Return probabilities where each frame has some symbols, equally likely."""
    y = np.full((len(options), len(SYMBOLS)), 1e-4)
    for t, characters in enumerate(options):
        y[t, [SYMBOLS.index(character) for character in characters]] = 1 / len(characters)
    return y / y.sum(-1, keepdims=True)


@pytest.mark.parametrize("level", ["words", "characters"])
def test_a_language_model_settles_what_is_heard_alike(level):
    texts = ["the cat hit the heli", "the chair", "the cat hit a chair"] * 5
    split = str.split if level == "words" else characters_of
    model = train_ngram_model([split(text) for text in texts], order=4)
    y = doubtful("t", "h", "e", " ", ("c", "h"), "a", ("t", "r"), ("", " "), " ", "h", "i", "t")
    decoder = CTCDecoder(fusion=make_fusion(SYMBOLS, **{level: model}), symbols=SYMBOLS)
    best = decoder.search(y)[0]
    assert spell(best.labels, SYMBOLS) == "the cat hit"
    assert best.score != best.log_probability < 0


def test_without_a_model_there_is_no_fusion():
    assert make_fusion(SYMBOLS) is None


def test_character_models_of_other_tools_write_a_bar_for_a_space():
    marks = {("<s>",): (-99.0, 0.0), ("</s>",): (-1.0, 0.0)}
    model = NGramModel(ArpaFile([{("|",): (-0.3, 0.0), ("a",): (-0.5, 0.0), **marks}]))
    fusion = make_fusion(SYMBOLS, characters=model)
    assert fusion.symbol_characters[1] == model.ids["|"]
    assert fusion.end_character == model.ids["</s>"]


def test_models_that_do_not_fit_the_alphabet_are_refused():
    model = train_ngram_model([["the", "cat"]], order=1)
    with pytest.raises(SettingsError, match="needs a space among the symbols"):
        make_fusion(("", "a"), words=model)
    upper = train_ngram_model([["THE", "CAT"]], order=1)
    with pytest.raises(LanguageModelError, match=r"no word can be spelled.*the same case"):
        make_fusion(SYMBOLS, words=upper)
    mixed = train_ngram_model([["THE", "CAT", "cat"]], order=1)
    with pytest.warns(SeqtoolsWarning, match="only 1 of 3 words can be spelled"):
        make_fusion(SYMBOLS, words=mixed)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": -0.1}, "alpha must be a number of at least 0, got -0.1"),
        ({"character_alpha": float("nan")}, "character_alpha must be"),
        ({"beta": float("inf")}, "beta must be a finite number"),
        ({"label_bonus": float("nan")}, "label_bonus must be a finite number"),
        ({"unknown_score": 1.0}, "unknown_score must be a finite number of at most 0, got 1"),
    ],
)
def test_weights_name_their_range(settings, message):
    with pytest.raises(SettingsError, match=message):
        FusionSettings(**settings)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("<s>", "no </s> among its unigrams: the end of a sentence is not scored"),
        ("</s>", "no <s> among its unigrams: the first word is scored without context"),
        ("b", "no <s> and no </s> among its unigrams"),
    ],
)
def test_a_model_without_ends_of_sentences_says_how_it_is_used(mark, message):
    unigrams = {("a",): (-0.5, 0.0), (mark,): (-1.0, 0.0)}
    model = NGramModel(ArpaFile([unigrams]), "half.arpa")
    with pytest.warns(SeqtoolsWarning, match=f"half.arpa: {message}"):
        make_fusion(["", " ", "a", "b"], words=model)
