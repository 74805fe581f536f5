"""Language models: gradients, and the laws that scoring, training and generation share."""

import numpy as np
import pytest

from seqtools.layers.output import IGNORED
from seqtools.layers.parameters import Gradients
from seqtools.layers.workspace import Workspace
from seqtools.models.language_model import LanguageModel, copy_states, mask_targets
from seqtools.models.perplexity import perplexity_of, score_ids
from seqtools.models.settings import LanguageModelSettings
from seqtools.text.stream_settings import StreamSettings
from seqtools.training.team import Team

V, T, B = 7, 5, 3
SHAPES = [
    {"cell": "rnn"},
    {"cell": "gru", "num_layers": 2},
    {"cell": "gru", "gru_variant": "reset-before"},
    {"cell": "lstm", "num_layers": 2},
    {"cell": "lstm", "has_peepholes": True},
    {"cell": "lstm", "is_tied": True},
    {"cell": "lstm", "is_tied": True, "embedding_size": 3},
]


def make(dtype=np.float64, **values):
    """Return a model with weights of a size met in use."""
    settings = {"embedding_size": 4, "hidden_size": 4, "initial_range": 0.6, **values}
    return LanguageModel(LanguageModelSettings(**settings), V, seed=3, dtype=dtype)


def make_batch(seed=1):
    """Return inputs, targets and lengths, of which one is 0."""
    generator = np.random.default_rng(seed)
    inputs, targets = generator.integers(0, V, (2, T, B)).astype(np.int32)
    lengths = np.array([T, 3, 0], np.int64)
    return inputs, mask_targets(targets, lengths), lengths


def loss_of(model, batch, states, gradients=None, scale=1.0, rng_state=7):
    """Return the loss that `train` reports."""
    gradients = gradients or Gradients(model.parameters)
    workspace = Workspace(model.parameters.dtype)
    rng = np.array([rng_state], np.uint64)
    return model.train(*batch, states, gradients, workspace, rng, scale)


@pytest.mark.parametrize("values", SHAPES)
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_gradients_are_those_of_finite_differences(values, dropout):
    model = make(dropout=dropout, recurrent_dropout=dropout, **values)
    batch, states = make_batch(), model.zero_states(B)
    generator = np.random.default_rng(5)
    for state in states:
        for array in state:
            array[:] = 0.3 * generator.standard_normal(array.shape)
    gradients, scale = Gradients(model.parameters), 0.25
    loss_of(model, batch, states, gradients, scale)
    flat, step = model.parameters.flat, 1e-4
    for place in generator.choice(np.flatnonzero(gradients.flat), 25):
        before, found = flat[place], []
        for side in (step, -step):
            flat[place] = before + side
            found.append(loss_of(model, batch, states)[0].nats)
        flat[place] = before
        expected = scale * (found[0] - found[1]) / (2 * step)
        assert gradients.flat[place] == pytest.approx(expected, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("values", SHAPES)
def test_training_and_scoring_agree_without_dropout(values):
    model, (inputs, targets, lengths) = make(**values), make_batch()
    states = model.zero_states(B)
    loss, after = loss_of(model, (inputs, targets, lengths), states)
    after = copy_states(after)
    scored = model.score(inputs, targets, lengths, states, Workspace(np.float64))
    assert -scored.log_likelihoods.sum() == pytest.approx(loss.nats, rel=1e-12)
    assert loss.tokens == (targets != IGNORED).sum() == lengths.sum()
    assert (scored.log_likelihoods[targets == IGNORED] == 0).all()
    for one, other in zip(after, scored.states, strict=True):
        for x, y in zip(one, other, strict=True):
            np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("values", SHAPES)
@pytest.mark.parametrize("num_steps", [1, 4, 100])
def test_text_cut_into_steps_has_the_same_likelihood(values, num_steps):
    model = make(np.float32, **values)
    ids = np.random.default_rng(2).integers(4, V, 23).astype(np.int32)
    with Team(1) as team:
        whole = score_ids(model, ids, 3, team, StreamSettings(1, 23))
        cut = score_ids(model, ids, 3, team, StreamSettings(1, num_steps))
    assert cut.nats == pytest.approx(whole.nats, rel=1e-12)
    assert whole.tokens == 23


@pytest.mark.parametrize("shards", [2, 3])
def test_shards_and_threads_do_not_change_a_score(shards):
    model = make(np.float32)
    ids = np.random.default_rng(2).integers(0, V, 50).astype(np.int32)
    found = []
    for number, threads in [(1, 1), (shards, 1), (shards, shards)]:
        with Team(number, threads) as team:
            found.append(score_ids(model, ids, 3, team, StreamSettings(4, 5)))
    assert found[0].nats == pytest.approx(found[1].nats, rel=1e-12)
    assert found[1] == found[2]


@pytest.mark.parametrize(
    ("loss", "expected"), [(0.0, 1.0), (700.0, np.exp(700.0)), (705.0, np.exp(705.0)),
                           (710.0, np.inf), (np.inf, np.inf)],
)  # fmt: skip
def test_a_perplexity_is_infinite_only_where_no_float_holds_it(loss, expected):
    assert perplexity_of(loss) == pytest.approx(expected)


def test_a_model_without_weights_has_the_perplexity_of_its_vocabulary():
    model = make(np.float32)
    model.parameters.flat[:] = 0
    ids = np.array([1, 2, 1, 4, 5], np.int32)
    with Team(1) as team:
        score = score_ids(model, ids, 3, team, StreamSettings(1, 2))
    assert score.perplexity == pytest.approx(V, rel=1e-6)
    assert score.unknown_tokens == 2
    assert score.unknown_nats == pytest.approx(2 * np.log(V), rel=1e-6)


def test_frozen_embeddings_get_no_gradient_but_an_output_tied_to_them_works():
    model = make(freezes_embeddings=True)
    gradients = Gradients(model.parameters)
    loss_of(model, make_batch(), model.zero_states(B), gradients)
    assert not gradients[model.embedding.weights].any()
    assert gradients[model.output.weights].any()


def test_initial_weights_depend_on_the_seed_alone():
    one, two = make(np.float32), make(np.float32)
    assert one.parameters.flat.tobytes() == two.parameters.flat.tobytes()
    assert np.abs(one.parameters.flat).max() <= 0.6


def test_dropout_depends_on_the_random_state_alone():
    model, batch = make(dropout=0.5), make_batch()
    states = model.zero_states(B)
    first, again, other = (
        loss_of(model, batch, states, rng_state=number)[0].nats for number in (1, 1, 2)
    )
    assert first == again != other
