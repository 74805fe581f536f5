"""The translator: gradients of every composition, and the laws of scoring and search."""

import numpy as np
import pytest

from seqtools.decoding.beam import BeamSettings, beam_search
from seqtools.decoding.forced import score_targets
from seqtools.decoding.limits import OutputLimits
from seqtools.decoding.stepwise import greedy_search
from seqtools.layers.parameters import Gradients
from seqtools.layers.workspace import Workspace
from seqtools.models.translator import Translator
from seqtools.models.translator_scorer import TranslatorScorer
from seqtools.models.translator_settings import TranslatorSettings
from seqtools.text.encoding import EncodedLines
from seqtools.text.line_batches import make_pair_batch
from seqtools.text.symbols import END
from tests.gradients import check_gradients

SMALL = {"embedding_size": 4, "hidden_size": 4, "attention_size": 3}
LIMITS = OutputLimits(max_length=8)


def make_translator(dtype=np.float64, vocabulary_sizes=(9, 8), **changes):
    """Return a small translator with weights that are not tiny."""
    translator = Translator(TranslatorSettings(**{**SMALL, **changes}), *vocabulary_sizes, dtype)
    translator.parameters.allocate(np.random.default_rng(0))
    noise = np.random.default_rng(1).normal(0, 0.3, translator.parameters.flat.shape)
    translator.parameters.flat[:] += noise
    return translator


def make_batch(lengths=((3, 2), (1, 4), (2, 1)), sizes=(9, 8), seed=0):
    """Return a batch of pairs with the given source and target lengths."""
    generator = np.random.default_rng(seed)
    sides = [
        EncodedLines.from_lines(
            [generator.integers(4, size, pair[side]).astype(np.int32) for pair in lengths]
        )
        for side, size in enumerate(sizes)
    ]
    return make_pair_batch(*sides, np.arange(len(lengths))), sides


def ended(sources):
    """Return sources as search reads them, the end symbol last."""
    return [np.append(source, np.int32(END)) for source in sources]


CASES = [
    {"attention": "additive"},
    {"attention": "additive", "cell": "lstm", "decoder_layers": 2, "encoder_layers": 2},
    {"attention": "additive", "cell": "lstm", "recurrent_dropout": 0.3},
    {
        "attention": "additive",
        "cell": "rnn",
        "tied_embeddings": "none",
        "encoder_size": 6,
        "recurrent_dropout": 0.3,
    },
    {
        "attention": "additive",
        "gru_variant": "reset-before",
        "is_variational": True,
        "recurrent_dropout": 0.3,
    },
    {"attention": "dot", "cell": "lstm", "has_peepholes": True},
    {
        "attention": "general",
        "decoder_layers": 2,
        "is_bidirectional": False,
        "recurrent_dropout": 0.3,
    },
    {"attention": "none", "cell": "lstm", "decoder_layers": 2, "reverses_source": True},
    {"attention": "general", "tied_embeddings": "all", "word_dropout": 0.3},
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_gradients_of_compositions(case):
    is_joint = case.get("tied_embeddings") == "all"
    sizes = (8, 8) if is_joint else (9, 8)
    translator = make_translator(vocabulary_sizes=sizes, dropout=0.3, **case)
    batch, _ = make_batch(sizes=sizes)
    gradients, workspace = Gradients(translator.parameters), Workspace(np.float64)

    def run(into):
        generator = np.random.default_rng(7)
        return translator.loss_and_gradients(batch, into, workspace, generator, 0.1)

    losses = run(gradients)
    assert losses.num_targets == batch.num_tokens
    assert np.abs(gradients.flat).max() > 1e-4
    unused = Gradients(translator.parameters)
    check_gradients(
        translator.parameters, gradients, lambda: 0.1 * run(unused).loss, step=1e-4, bound=2e-6
    )


@pytest.mark.parametrize("attention", ["additive", "dot", "general", "none"])
def test_padding_and_company_change_no_bit_of_a_score(attention):
    translator = make_translator(np.float32, attention=attention, dropout=0.0)
    batch, (sources, targets) = make_batch()
    together = translator.log_likelihoods(batch, Workspace()).copy()
    for column, row in enumerate(batch.rows.tolist()):
        alone = make_pair_batch(sources, targets, np.array([row]))
        found = translator.log_likelihoods(alone, Workspace())[:, 0]
        np.testing.assert_array_equal(found, together[: len(found), column])
        assert not together[len(found) :, column].any()


@pytest.mark.parametrize("case", CASES[:8], ids=lambda case: "-".join(map(str, case.values())))
def test_a_hypothesis_scored_again_has_the_score_of_its_search(case):
    translator = make_translator(np.float32, **case)
    _, (sources, _) = make_batch(((3, 1), (1, 1), (6, 1)))
    scorer = TranslatorScorer(translator)
    inputs = ended(sources)
    found = beam_search(scorer, inputs, BeamSettings(beam_size=3, n_best=2, limits=LIMITS))
    greedy = greedy_search(scorer, inputs, LIMITS)
    single = beam_search(scorer, inputs, BeamSettings(beam_size=1, limits=LIMITS))
    for hypothesis, [best] in zip(greedy, single, strict=True):
        np.testing.assert_array_equal(hypothesis.tokens, best.tokens)
        assert hypothesis.log_prob == best.log_prob
    hypotheses = [best[0] for best in found]
    targets = EncodedLines.from_lines([h.symbols for h in hypotheses])
    batch = make_pair_batch(
        sources, targets, np.arange(3), reverse_source=translator.settings.reverses_source
    )
    log_p = translator.log_likelihoods(batch, Workspace())
    for column, row in enumerate(batch.rows.tolist()):
        length = hypotheses[row].length
        np.testing.assert_allclose(
            log_p[:length, column], hypotheses[row].token_log_probs, atol=2e-6
        )
    again = score_targets(scorer, inputs, [h.tokens for h in hypotheses])
    for scored, hypothesis in zip(again, hypotheses, strict=True):
        assert scored.log_prob == pytest.approx(hypothesis.log_prob, abs=1e-6)


@pytest.mark.parametrize("reverse_source", [False, True])
def test_attention_is_over_the_source_as_it_was_given(reverse_source):
    translator = make_translator(np.float32, reverses_source=reverse_source)
    _, (sources, _) = make_batch(((5, 1), (2, 1)))
    for [hypothesis], source in zip(
        beam_search(TranslatorScorer(translator), ended(sources), BeamSettings(limits=LIMITS)),
        sources, strict=True,
    ):  # fmt: skip
        assert hypothesis.attention.shape == (hypothesis.length, len(source) + 1)
        np.testing.assert_allclose(hypothesis.attention.sum(1), 1, atol=1e-5)
