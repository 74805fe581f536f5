"""Acoustic models: gradients, and the laws of padding, company, shards and times."""

from itertools import pairwise

import numpy as np
import pytest

from seqtools.audio.feature_set import FeatureSet
from seqtools.audio.feature_settings import FeatureSettings
from seqtools.audio.masking import MaskSettings
from seqtools.audio.utterance_batches import UtteranceBatch
from seqtools.decoding.ctc_search import CTCBeamSettings, CTCDecoder
from seqtools.errors import SettingsError
from seqtools.layers.parameters import Gradients
from seqtools.layers.workspace import Workspace
from seqtools.models.speech import SpeechModel, losses_of, posteriors_of
from seqtools.models.speech_files import StoredSpeechModel
from seqtools.models.speech_settings import SpeechSettings
from seqtools.models.speech_task import SpeechTask, SpokenTexts
from seqtools.models.transcription import hear, write_down
from seqtools.monitor import NullMonitor
from seqtools.text.alphabet import Alphabet
from seqtools.text.batch_settings import BatchSettings
from seqtools.training.team import Team
from tests.gradients import check_gradients

T, B, D, V = 6, 3, 3, 4
SHAPES = [
    {"cell": "rnn"},
    {"cell": "gru", "num_layers": 2},
    {"cell": "gru", "gru_variant": "reset-before", "is_bidirectional": False},
    {"cell": "lstm", "num_layers": 2},
    {"cell": "lstm", "has_peepholes": True},
]
ALPHABET = Alphabet(" ab")


def make(dtype=np.float64, **values):
    """Return a small model, with biases that are not zero."""
    settings = SpeechSettings(**{"hidden_size": 2, "num_layers": 1, **values})
    model = SpeechModel(settings, D, V, seed=3, dtype=dtype)
    generator = np.random.default_rng(8)
    for parameter in model.parameters:
        parameter.value += 0.3 * generator.standard_normal(parameter.shape)
    return model


def make_batch(dtype=np.float64):
    """Return features, lengths and targets that fit, one of them with a repeat."""
    x = np.random.default_rng(1).standard_normal((T, B, D)).astype(dtype)
    targets = tuple(np.array(ids, np.int32) for ids in ([1, 3, 3], [2, 1], [3]))
    return x, np.array([T, 4, 1], np.int64), targets


def train(model, gradients, scale=1.0):
    """Return the loss of the batch; dropout is the same at every call."""
    rng_state = np.array([5], np.uint64)
    batch, workspace = make_batch(model.parameters.dtype), Workspace(model.parameters.dtype)
    return model.train(*batch, gradients, workspace, rng_state, scale)


@pytest.mark.parametrize("values", SHAPES)
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_gradients_are_those_of_finite_differences(values, dropout):
    model = make(dropout=dropout, input_dropout=dropout, recurrent_dropout=dropout, **values)
    gradients, room = Gradients(model.parameters), Gradients(model.parameters)
    train(model, gradients, scale=0.25)
    check_gradients(model.parameters, gradients, lambda: 0.25 * train(model, room).nats)


@pytest.mark.parametrize("values", SHAPES)
def test_training_and_scoring_agree_without_dropout(values):
    model = make(**values)
    x, lengths, targets = make_batch()
    loss = train(model, Gradients(model.parameters))
    losses = losses_of(model.logits(x, lengths, Workspace(np.float64)), lengths, targets)
    assert losses.sum() == pytest.approx(loss.nats, rel=1e-12)
    assert loss.tokens == 6


@pytest.mark.parametrize("values", SHAPES)
def test_padding_and_company_change_no_bit(values):
    model = make(np.float32, **values)
    x, lengths, _ = make_batch(np.float32)
    together = model.logits(x, lengths, Workspace(np.float32)).copy()
    for b, length in enumerate(lengths):
        alone = model.logits(x[:length, b : b + 1].copy(), lengths[b : b + 1], Workspace())
        np.testing.assert_array_equal(alone[:, 0], together[:length, b])
    x[4:, 1], x[1:, 2] = np.float32(1e6), np.float32(-3)
    again = model.logits(x, lengths, Workspace(np.float32))
    for b, length in enumerate(lengths):
        np.testing.assert_array_equal(again[:length, b], together[:length, b])


def test_the_bias_of_the_blank_is_as_asked():
    model = SpeechModel(SpeechSettings(hidden_size=2, blank_bias=-3), D, V)
    assert model.parameters["output.bias"].value.tolist() == [-3, 0, 0, 0]
    posteriors = posteriors_of(np.array([[-3.0, 0, 0, 0]]))
    assert posteriors.sum() == pytest.approx(1)
    assert posteriors[0, 0] == posteriors.min()


@pytest.mark.parametrize(
    "values",
    [
        {"cell": "tree"},
        {"hidden_size": 0},
        {"dropout": 1.0},
        {"blank_bias": 100.0},
        {"cell": "gru", "has_peepholes": True},
    ],
)
def test_settings_outside_their_range_are_refused(values):
    with pytest.raises(SettingsError):
        SpeechSettings(**values)


class Listener(NullMonitor):
    """Keeps messages."""

    def __init__(self):
        self.messages = []

    def message(self, text):
        self.messages.append(text)


def spoken(number=5, seed=0):
    """Return utterances of noise with texts that fit."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(5, 12, number)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    frames = generator.standard_normal((offsets[-1], D)).astype(np.float32)
    texts = ["".join(generator.choice(["a", "b"], 2)) for _ in range(number)]
    return SpokenTexts(FeatureSet(frames, offsets), [ALPHABET.encode(t) for t in texts], texts)


def make_task(model, dev, masks=None, shards=2, monitor=None):
    return SpeechTask(
        model, ALPHABET, spoken(), dev, BatchSettings(3), D, masks, shards, monitor=monitor
    )


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("threads", [1, 2])
def test_shards_and_threads_do_not_change_an_evaluation(shards, threads):
    model = make(np.float32)
    found = []
    for num_shards, num_threads in ((1, 1), (shards, threads)):
        with Team(num_shards, num_threads) as team:
            found.append(make_task(model, spoken(4, 9)).evaluate(team))
    assert set(found[0]) == {"dev_loss", "wer", "cer", "blank_share"}
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_a_model_of_blanks_alone_is_explained_once():
    model, listener = make(np.float32), Listener()
    model.parameters.flat[:] = 0
    model.parameters["output.bias"].value[0] = 9
    task = make_task(model, spoken(4, 9), monitor=listener)
    with Team(1) as team:
        metrics = [task.evaluate(team), task.evaluate(team)]
        assert len(listener.messages) == 1
        model.parameters["output.bias"].value[1] = 10
        metrics.append(task.evaluate(team))
    assert [item["blank_share"] for item in metrics] == [1, 1, 0]
    assert metrics[0]["wer"] == metrics[0]["cer"] == 1
    assert "nothing but blanks" in listener.messages[0]
    assert "has begun" in listener.messages[1]


def test_without_recordings_to_judge_by_only_the_share_of_blanks_is_told():
    with Team(1) as team:
        assert set(make_task(make(np.float32), None).evaluate(team)) == {"blank_share"}


def test_masks_depend_on_the_generator_alone():
    model = make(np.float32)
    task = make_task(model, None, MaskSettings(max_time_share=0.5, max_frequency_filters=2))
    found = []
    for seed in (1, 1, 2):
        [first, *_] = next(iter(task.batches(0, 0))).shards
        assert isinstance(first, UtteranceBatch)
        gradients = Gradients(model.parameters)
        generator = np.random.default_rng(seed)
        loss = task.loss_and_gradients(0, first, gradients, Workspace(), generator, 1.0)
        found.append((loss.nats, gradients.flat.copy()))
    np.testing.assert_array_equal(found[0][1], found[1][1])
    assert found[0][0] == found[1][0] != found[2][0]


def test_batches_from_a_number_on_are_those_of_the_whole_epoch():
    task = make_task(make(np.float32), None)
    whole = [[shard.rows.tolist() for shard in b.shards] for b in task.batches(3, 0)]
    rest = [[shard.rows.tolist() for shard in b.shards] for b in task.batches(3, 1)]
    assert whole[1:] == rest
    assert sum(batch.tokens for batch in task.batches(3, 0)) == task.num_targets


@pytest.mark.parametrize("is_beam", [False, True])
def test_transcripts_have_scores_over_all_paths_and_times_in_order(is_beam):
    stored = StoredSpeechModel(
        make(np.float32), ALPHABET, FeatureSettings(sample_rate=8000, num_mels=D), {}
    )
    features = spoken(6, 4).features
    decoder = CTCDecoder(CTCBeamSettings(20, 3, 0.0), symbols=ALPHABET.symbols) if is_beam else None
    with Team(2, 2) as team:
        posteriors = hear(stored, features, team, NullMonitor())
    with Team(1) as team:
        for one, other in zip(posteriors, hear(stored, features, team, NullMonitor()), strict=True):
            np.testing.assert_array_equal(one, other)
    for number, y in enumerate(posteriors):
        assert len(y) == features.lengths[number]
        found = write_down(stored, y, decoder)
        assert found.log_probability <= 1e-6
        assert found.log_probability >= found.frames.log_probability - 1e-5
        assert ALPHABET.decode(found.labels).split() == found.text.split()
        assert "".join(item.text for item in found.words) == found.text.replace(" ", "")
        times = [t for item in found.symbols for t in (item.start_seconds, item.end_seconds)]
        assert all(a <= b for a, b in pairwise(times))
        assert not times or 0 <= times[0] <= times[-1] <= found.seconds
        if is_beam:
            assert found.alternatives[0].text == found.text
            scores = [item.score for item in found.alternatives]
            assert scores == sorted(scores, reverse=True)


def test_posteriors_without_a_letter_are_an_empty_transcript():
    stored = StoredSpeechModel(
        make(np.float32), ALPHABET, FeatureSettings(sample_rate=8000, num_mels=D), {}
    )
    y = np.zeros((4, V), np.float32)
    y[:, 0] = 1
    for decoder in (None, CTCDecoder(symbols=ALPHABET.symbols)):
        found = write_down(stored, y, decoder)
        assert (found.text, found.words, found.symbols) == ("", [], [])
        assert found.blank_share == 1
        assert found.log_probability == pytest.approx(0, abs=1e-6)
