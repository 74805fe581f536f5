"""Greedy search, sampling, forced decoding, ensembles."""

import numpy as np
import pytest
from scipy.stats import chisquare

from seqtools.decoding.ensemble import EnsembleScorer, mean_log_probs
from seqtools.decoding.forced import score_targets
from seqtools.decoding.limits import OutputLimits
from seqtools.decoding.objective import SearchObjective
from seqtools.decoding.sampling import SamplingSettings, draw_symbols
from seqtools.decoding.stepwise import greedy_search, sample_outputs
from seqtools.errors import DecodingError, SettingsError
from tests.reference.toy_scorers import EOS, UNK, TableScorer, ToyScorer, log_prob_of

SOURCES = [[4, 5, 6], [5], [6, 4, 4, 5, 6], [4, 4]]


def tokens_of(lists):
    return [[found.tokens.tolist() for found in list_] for list_ in lists]


def test_greedy_takes_the_likeliest_allowed_symbol_at_every_step():
    scorer = ToyScorer(5)
    for source, found in zip(SOURCES, greedy_search(scorer, SOURCES), strict=True):
        assert found.tokens[-1] == EOS
        for place in range(found.length - 1):
            prefix = found.tokens[:place].tolist()
            scores = {
                token: log_prob_of(scorer, source, [*prefix, token])[0][-1]
                for token in (EOS, *range(4, 7))
            }
            assert max(scores, key=scores.get) == found.tokens[place]


def test_samples_depend_on_seed_and_place_alone():
    scorer = ToyScorer(6)
    together = sample_outputs(scorer, SOURCES, num_samples=3, seed=7, first_number=10)
    fewer = sample_outputs(scorer, SOURCES, num_samples=2, seed=7, first_number=10)
    alone = [
        sample_outputs(scorer, [source], num_samples=3, seed=7, first_number=10 + place)[0]
        for place, source in enumerate(SOURCES)
    ]
    other = sample_outputs(scorer, SOURCES, num_samples=3, seed=8, first_number=10)
    assert tokens_of(together) == tokens_of(alone)
    assert tokens_of(fewer) == [list_[:2] for list_ in tokens_of(together)]
    assert tokens_of(together) != tokens_of(other)


def test_samples_have_the_score_that_forced_decoding_gives():
    scorer, objective = ToyScorer(1), SearchObjective(0.6)
    settings = SamplingSettings(temperature=2.0, top_k=3)
    lists = sample_outputs(scorer, SOURCES, settings, objective=objective, num_samples=2)
    for source, list_ in zip(SOURCES, lists, strict=True):
        again = score_targets(scorer, [source] * 2, [f.tokens for f in list_], objective)
        assert [f.score for f in list_] == [f.score for f in again]


def test_temperature_zero_and_top_one_are_greedy():
    scorer = ToyScorer(2)
    greedy = [[found.tokens.tolist()] for found in greedy_search(scorer, SOURCES)]
    for settings in (SamplingSettings(temperature=0.0), SamplingSettings(top_k=1)):
        assert tokens_of(sample_outputs(scorer, SOURCES, settings)) == greedy


def distribution(settings, scores, number=20_000):
    """Return how often each symbol is drawn, over an even grid of uniform numbers."""
    grid = (np.arange(number) + 0.5) / number
    drawn = draw_symbols(np.tile(scores, (number, 1)), settings, grid)
    return np.bincount(drawn, minlength=len(scores)) / number


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_tempered_distribution(temperature):
    scores = np.array([0.3, -1.0, -np.inf, 1.2, 0.0], dtype=np.float32)
    weights = np.exp(scores.astype(float) / temperature)
    found = distribution(SamplingSettings(temperature=temperature), scores)
    np.testing.assert_allclose(found, weights / weights.sum(), atol=1e-4)


def test_top_k_and_top_p_keep_the_likeliest_and_their_proportions():
    scores = np.log(np.array([0.05, 0.4, 0.3, 0.2, 0.05], dtype=np.float32))
    found = distribution(SamplingSettings(top_k=2), scores)
    np.testing.assert_allclose(found, [0, 4 / 7, 3 / 7, 0, 0], atol=1e-4)
    found = distribution(SamplingSettings(top_p=0.7), scores)
    np.testing.assert_allclose(found, [0, 4 / 7, 3 / 7, 0, 0], atol=1e-4)
    found = distribution(SamplingSettings(top_p=0.71), scores)
    np.testing.assert_allclose(found, [0, 4 / 9, 3 / 9, 2 / 9, 0], atol=1e-4)
    found = distribution(SamplingSettings(top_p=0.01), scores)
    np.testing.assert_allclose(found, [0, 1, 0, 0, 0], atol=1e-4)


def test_generated_draws_pass_a_test_of_goodness():
    generator = np.random.default_rng(3)
    scores = np.array([0.0, 1.0, -2.0, 0.5], dtype=np.float32)
    drawn = draw_symbols(np.tile(scores, (5000, 1)), SamplingSettings(), generator.random(5000))
    weights = np.exp(scores.astype(float))
    wanted = 5000 * weights / weights.sum()
    assert chisquare(np.bincount(drawn, minlength=4), wanted).pvalue > 1e-3


def test_nothing_to_draw_from_is_refused():
    with pytest.raises(DecodingError, match="not finite"):
        draw_symbols(np.full((1, 3), -np.inf, np.float32), SamplingSettings(), np.zeros(1))


def test_a_dead_end_is_ended_with_probability_zero():
    scorer = TableScorer({(): {UNK: 1.0}})
    [[sampled]] = sample_outputs(scorer, [[4]])
    [greedy] = greedy_search(scorer, [[4]])
    for found in (sampled, greedy):
        assert found.tokens.tolist() == [EOS]
        assert found.log_prob == -np.inf
    [[allowed]] = sample_outputs(scorer, [[4]], limits=OutputLimits(forbid_unk=False))
    assert allowed.tokens.tolist() == [UNK, EOS]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SamplingSettings(temperature=-1.0), "temperature must be at least 0"),
        (lambda: SamplingSettings(top_k=-1), "top_k must be at least 0, got -1"),
        (lambda: SamplingSettings(top_p=0.0), "top_p must be above 0 and at most 1, got 0.0"),
        (lambda: sample_outputs(ToyScorer(), [[4]], num_samples=0), "num_samples must be"),
        (lambda: score_targets(ToyScorer(), [[4]], []), "1 sources cannot be scored with 0"),
        (lambda: score_targets(ToyScorer(), [[4]], [np.array([4])]), "must end in the end symbol"),
        (lambda: EnsembleScorer([]), "at least one model"),
        (
            lambda: EnsembleScorer([ToyScorer(), ToyScorer(vocabulary_size=9)]),
            "vocabulary_size is 7 in model 1, 9 in model 2",
        ),
    ],
)
def test_settings_name_their_range(make, message):
    with pytest.raises(SettingsError, match=message):
        make()


def test_forced_decoding_scores_each_symbol_whatever_the_batch():
    scorer = ToyScorer(3)
    targets = [np.array(t, np.int32) for t in ([EOS], [4, UNK, 5, EOS], [6, 6, EOS], [5, EOS])]
    found = score_targets(scorer, SOURCES, targets, SearchObjective(0.0))
    for source, target, hypothesis in zip(SOURCES, targets, found, strict=True):
        values, weights = log_prob_of(scorer, source, target.tolist())
        assert hypothesis.token_log_probs.tolist() == values
        assert hypothesis.score == pytest.approx(sum(values))
        np.testing.assert_array_equal(hypothesis.attention, np.stack(weights))
    assert score_targets(scorer, [], []) == []


def test_ensemble_averages_probabilities():
    first, second = ToyScorer(1), ToyScorer(2)
    ensemble = EnsembleScorer([first, second])
    tokens = np.array([1, 1, 1, 1], dtype=np.int32)
    both = [member.step(member.start(SOURCES), tokens)[0] for member in (first, second)]
    log_probs, _, attention = ensemble.step(ensemble.start(SOURCES), tokens)
    np.testing.assert_allclose(np.exp(log_probs), np.mean(np.exp(both), axis=0), rtol=1e-5)
    np.testing.assert_allclose(attention.sum(axis=1), 1.0, atol=1e-6)


def test_ensemble_of_one_is_its_member_and_of_copies_its_model():
    single = tokens_of([greedy_search(ToyScorer(4), SOURCES)])
    for copies in (1, 2):
        ensemble = EnsembleScorer([ToyScorer(4)] * copies)
        assert tokens_of([greedy_search(ensemble, SOURCES)]) == single


def test_mean_of_impossible_symbols_is_impossible():
    first = np.array([[-np.inf, -np.inf, 0.0]], dtype=np.float32)
    second = np.array([[-np.inf, 0.0, -np.inf]], dtype=np.float32)
    np.testing.assert_allclose(
        mean_log_probs([first, second]), [[-np.inf, np.log(0.5), np.log(0.5)]], rtol=1e-6
    )


@pytest.mark.parametrize("temperature", [1e-45, 1e-100, 5e-324])
def test_the_smallest_temperatures_draw_the_likeliest(temperature):
    scores = np.array([[-3.0, -0.5, -np.inf, -0.6]] * 2, np.float32)
    drawn = draw_symbols(scores, SamplingSettings(temperature=temperature), np.array([0.0, 0.999]))
    assert drawn.tolist() == [1, 1]
