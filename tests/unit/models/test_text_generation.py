"""Generated text: what it may hold, when it ends, and that its score is the model's own."""

import numpy as np
import pytest

from seqtools.decoding.sampling import SamplingSettings
from seqtools.errors import CorpusError, SettingsError
from seqtools.models.language_model import LanguageModel
from seqtools.models.perplexity import score_ids
from seqtools.models.settings import LanguageModelSettings
from seqtools.models.text_generation import (
    GenerationSettings,
    decode_running,
    encode_prompt,
    generate_text,
)
from seqtools.text.codecs import build_codec
from seqtools.text.stream_settings import StreamSettings
from seqtools.text.symbols import UNKNOWN, CodecSettings
from seqtools.training.team import Team

LINES = ["the cat sat", "the dog ran to the cat", "a cat"]


def make(level="word", **values):
    """Return an untrained model of some text, and its codec."""
    codec = build_codec(LINES, CodecSettings(level))
    settings = LanguageModelSettings(
        embedding_size=6, hidden_size=8, num_layers=2, initial_range=0.5, **values
    )
    return LanguageModel(settings, len(codec), seed=2), codec


@pytest.mark.parametrize("level", ["word", "char"])
@pytest.mark.parametrize("prompt", ["", "the cat", "a cat\nthe"])
@pytest.mark.parametrize("values", [{}, {"is_tied": True}, {"cell": "gru"}])
def test_the_score_of_a_text_is_that_of_scoring_it_again(level, prompt, values):
    model, codec = make(level, **values)
    settings = GenerationSettings(3, 20, seed=4, sampling=SamplingSettings(0.7, 5))
    for sample in generate_text(model, codec, prompt, settings):
        source, nats = encode_prompt(codec, prompt), [0.0]
        for text in (source, np.concatenate([source, sample.ids])):
            if text.size:
                with Team(1) as team:
                    score = score_ids(model, text, codec.line_end, team, StreamSettings(1, 9))
                nats.append(score.nats)
        before = nats[1] if source.size else 0.0
        assert sample.nats == pytest.approx(nats[-1] - before, rel=1e-4, abs=1e-4)


def test_the_same_seed_gives_the_same_text_and_samples_differ():
    model, codec = make()
    one, two = (
        generate_text(model, codec, "the", GenerationSettings(5, 30, seed=9)) for _ in range(2)
    )
    assert [sample.text for sample in one] == [sample.text for sample in two]
    assert len({sample.text for sample in one}) > 1


def test_greedy_text_takes_the_likeliest_symbol():
    model, codec = make("char")
    greedy = GenerationSettings(2, 12, SamplingSettings(0))
    one, two = generate_text(model, codec, "c", greedy)
    assert one.text == two.text
    coldest = GenerationSettings(1, 12, SamplingSettings(1e-4))
    assert generate_text(model, codec, "c", coldest)[0].text == one.text


def test_words_end_with_the_line_and_characters_with_the_length():
    model, codec = make()
    for sample in generate_text(model, codec, "", GenerationSettings(20, 40)):
        assert "\n" not in sample.text
        assert len(sample.ids) <= 40
        assert sample.is_ended or len(sample.ids) == 40
    model, codec = make("char")
    many, one = (
        generate_text(model, codec, "", GenerationSettings(5, 60, stops_at_line_end=stops))
        for stops in (None, True)
    )
    assert all(len(sample.ids) == 60 for sample in many)
    assert any("\n" in sample.text for sample in many)
    assert not any("\n" in sample.text for sample in one)


@pytest.mark.parametrize("level", ["word", "char"])
def test_unknown_symbols_are_never_written(level):
    model, codec = make(level)
    model.output.bias.value[UNKNOWN] = 50
    for sample in generate_text(model, codec, "", GenerationSettings(4, 30)):
        assert UNKNOWN not in sample.ids


def test_no_sequence_is_written_twice_if_that_is_blocked():
    model, codec = make()
    settings = GenerationSettings(4, 60, stops_at_line_end=False, block_repeats=2)
    for sample in generate_text(model, codec, "", settings):
        pairs = list(zip(sample.ids.tolist(), sample.ids[1:].tolist(), strict=False))
        assert len(set(pairs)) == len(pairs)


def test_a_prompt_outside_the_vocabulary_is_refused_by_name():
    model, codec = make()
    with pytest.raises(CorpusError, match="lacks: 'zebra', 'gnu'"):
        generate_text(model, codec, "the zebra\ngnu")


def test_lines_come_back_as_they_were():
    for level in ("word", "char"):
        codec = make(level)[1]
        assert decode_running(codec, encode_prompt(codec, "\n".join(LINES))) == "\n".join(LINES)


@pytest.mark.parametrize(
    "values", [{"num_samples": 0}, {"max_length": 0}, {"block_repeats": -1}, {"seed": -1}]
)
def test_settings_outside_their_range_are_refused(values):
    with pytest.raises(SettingsError, match="must be between"):
        GenerationSettings(**values)
