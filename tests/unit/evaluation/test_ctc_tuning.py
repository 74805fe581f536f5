"""Weights of language models chosen on development data."""

import numpy as np
import pytest

from seqtools.decoding.ctc_fusion import FusionSettings, make_fusion
from seqtools.decoding.ctc_search import CTCBeamSettings, CTCDecoder
from seqtools.errors import SettingsError
from seqtools.evaluation.ctc_tuning import TuningGrid, tune_fusion
from seqtools.text.kneser_ney import characters_of, train_ngram_model

SYMBOLS = ("", " ", *"aehmnot")
TEXTS = ["the man met them", "on the moon", "the moon ate the man", "hot tea at noon", "not them"]


def hear(text, generator, noise=2.2):
    """Return probabilities of a text, a frame a letter and one between, with noise."""
    logits = generator.normal(0, noise, (2 * len(text), len(SYMBOLS)))
    for place, character in enumerate(text):
        logits[2 * place, SYMBOLS.index(character)] += 4
        logits[2 * place + 1, 0] += 4
    y = np.exp(logits)
    return y / y.sum(-1, keepdims=True)


@pytest.fixture(scope="module")
def heard():
    generator = np.random.default_rng(0)
    texts = TEXTS * 3
    return [hear(text, generator) for text in texts], texts


def decoder_with(**models):
    return CTCDecoder(CTCBeamSettings(beam_size=12), make_fusion(SYMBOLS, **models), SYMBOLS)


@pytest.mark.parametrize("level", ["words", "characters"])
def test_tuned_weights_are_the_best_tried_and_better_than_none(heard, level):
    split = str.split if level == "words" else characters_of
    model = train_ngram_model([split(text) for text in TEXTS * 4], order=3)
    grid = TuningGrid((0.0, 0.5, 1.0), (0.0, 1.0))
    found = tune_fusion(decoder_with(**{level: model}), *heard, grid=grid, threads=2)
    assert found.rate == min(trial.rate for trial in found.trials)
    assert found.rate < found.rate_without
    assert {(trial.alpha, trial.beta) for trial in found.trials} >= {(0.0, 0.0), (1.0, 1.0)}
    assert all(trial.alpha >= 0 for trial in found.trials)
    names = ("alpha", "beta") if level == "words" else ("character_alpha", "label_bonus")
    weights = [getattr(found.settings, name) for name in names]
    assert (*weights, found.rate) in {(t.alpha, t.beta, t.rate) for t in found.trials}
    assert found.as_dict()["settings"]["unknown_score"] == FusionSettings().unknown_score


def test_no_weight_of_no_bonus_is_no_language_model(heard):
    model = train_ngram_model([text.split() for text in TEXTS], order=2)
    grid = TuningGrid((0.0,), (0.0,), rounds=2, unit="character")
    settings = FusionSettings(unknown_score=0.0)
    found = tune_fusion(decoder_with(words=model), *heard, grid=grid, settings=settings)
    assert found.rate == found.rate_without
    assert len(found.trials) == 1


def test_what_cannot_be_tuned_is_refused(heard):
    with pytest.raises(SettingsError, match="needs a language model and symbols"):
        tune_fusion(CTCDecoder(), *heard)
    decoder = decoder_with(words=train_ngram_model([["the"]], order=1))
    with pytest.raises(SettingsError, match="as many outputs as references, got 15 and 1"):
        tune_fusion(decoder, heard[0], ["the"])
    with pytest.raises(SettingsError, match="at least one number"):
        TuningGrid(alphas=())
    with pytest.raises(SettingsError, match="rounds must be at least 0"):
        TuningGrid(rounds=-1)
