"""Exact search, against listing all outputs."""

import numpy as np
import pytest

from seqtools.decoding.beam import BeamSettings, beam_search
from seqtools.decoding.exact import ExactSettings, exact_search
from seqtools.decoding.forced import score_targets
from seqtools.decoding.limits import OutputLimits
from seqtools.decoding.objective import SearchObjective
from seqtools.errors import DecodingError, SettingsError
from tests.reference.toy_scorers import EOS, TableScorer, ToyScorer, ranked_outputs

SOURCES = [[4, 5, 6], [5], [6, 4, 4, 5, 6]]
OBJECTIVES = [
    SearchObjective(alpha=0.0),
    SearchObjective(alpha=0.7),
    SearchObjective(alpha=1.0, beta=5.0),
    SearchObjective(alpha=1.0, coverage=0.2),
]
LIMITS = OutputLimits(max_length=5, max_length_ratio=None)


@pytest.mark.parametrize("batch_size", [1, 16])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(4))
def test_it_finds_the_best_output_of_all(seed, objective, batch_size):
    scorer = ToyScorer(seed, vocabulary_size=7)
    settings = ExactSettings(objective, LIMITS, batch_size=batch_size)
    for source in SOURCES:
        found = exact_search(scorer, source, settings)
        score, tokens = ranked_outputs(
            scorer, source, 5, objective.alpha, objective.beta, objective.coverage
        )[0]
        assert found.is_complete
        assert tuple(found.hypothesis.tokens.tolist()) == tokens
        assert found.hypothesis.score == pytest.approx(score, abs=1e-9)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(8))
def test_no_beam_scores_higher_and_a_beam_to_begin_with_only_saves_work(seed, objective):
    scorer, limits = ToyScorer(seed), OutputLimits(max_length=7)
    settings = ExactSettings(objective, limits, node_budget=10**6)
    [[beam]] = beam_search(scorer, [[4, 5]], BeamSettings(3, 1, objective, limits))
    alone = exact_search(scorer, [4, 5], settings)
    helped = exact_search(scorer, [4, 5], settings, beam)
    assert alone.hypothesis.score >= beam.score
    assert helped.hypothesis.score == alone.hypothesis.score
    assert helped.nodes <= alone.nodes
    [again] = score_targets(scorer, [[4, 5]], [alone.hypothesis.tokens], objective)
    assert again.score == alone.hypothesis.score


def test_limits_are_those_of_the_beam():
    limits = OutputLimits(max_length=6, min_length=4, block_repeats=2)
    objective = SearchObjective(0.0)
    for seed in range(6):
        scorer = ToyScorer(seed)
        found = exact_search(scorer, [4], ExactSettings(objective, limits)).hypothesis
        assert limits.allows(found.tokens, scorer, 1)
        wide = BeamSettings(200, 1, objective, limits)
        assert found.tokens.tolist() == beam_search(scorer, [[4]], wide)[0][0].tokens.tolist()


def test_a_budget_that_is_hit_is_reported_and_kept():
    scorer = ToyScorer(3, vocabulary_size=9, sharpness=0.5)
    [[beam]] = beam_search(scorer, [[4, 5]])
    for budget in (1, 2, 50):
        found = exact_search(scorer, [4, 5], ExactSettings(node_budget=budget), beam)
        assert not found.is_complete
        assert found.nodes <= budget
        assert found.hypothesis.score >= beam.score


def test_the_empty_output_is_found_where_it_is_the_best():
    table = {(): {4: 0.6, EOS: 0.4}, (4,): {4: 0.5, EOS: 0.5}}
    scorer, settings = TableScorer(table), ExactSettings(SearchObjective(0.0))
    [[greedy]] = beam_search(scorer, [[4]], BeamSettings(1, 1, SearchObjective(0.0)))
    assert greedy.tokens.tolist() != [EOS]
    assert exact_search(scorer, [4], settings, greedy).hypothesis.tokens.tolist() == [EOS]


def test_nan_and_impossible_settings_are_refused():
    with pytest.raises(DecodingError, match="NaN"):
        exact_search(TableScorer({(): {4: np.nan, EOS: 0.5}}), [4])
    with pytest.raises(SettingsError, match="node_budget must be at least 1, got 0"):
        ExactSettings(node_budget=0)


def test_nothing_possible_is_nothing_found():
    found = exact_search(TableScorer({(): {0: 1.0}}), [4])
    assert found.hypothesis is None
    assert found.is_complete
