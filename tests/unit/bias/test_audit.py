"""The whole audit, before and after, and the cost."""

import json

import numpy as np
import pytest

from seqtools.bias.audit_plan import plan_audit
from seqtools.bias.builtin_sets import builtin_axis, builtin_tests
from seqtools.bias.comparison import audit_vectors, compare_debiasing
from seqtools.bias.cost import measure_cost
from seqtools.bias.fitting import fit_debiasing
from seqtools.bias.measure import TITLES
from seqtools.bias.settings import AuditSettings, DebiasSettings
from seqtools.bias.vector_state import VectorState
from seqtools.bias.word_sets import BiasAxis, NamedWords, WeatTest
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SettingsError
from seqtools.evaluation.analogy import score_analogies
from seqtools.evaluation.analogy_sets import AnalogySet
from seqtools.evaluation.similarity import score_similarity
from seqtools.evaluation.similarity_sets import SimilaritySet
from seqtools.evaluation.vector_settings import EvaluationSettings

TARGETS = ("nurse", "teacher", "engineer", "pilot", "librarian", "boss")
AXIS = BiasAxis(
    "gender",
    (("woman", "man"), ("girl", "boy"), ("she", "he"), ("mother", "father")),
    equalize=(("woman", "man"), ("aunt", "uncle")),
    targets=(*TARGETS, "smith"),
    indirect=(("nurse", "teacher"), ("nurse", "smith")),
)
TEST = WeatTest(
    "work",
    (NamedWords("x", TARGETS[:3]), NamedWords("y", (*TARGETS[3:], "smith"))),
    (NamedWords("female", ("woman", "girl")), NamedWords("male", ("man", "boy"))),
)
SETTINGS = AuditSettings(resamples=50, samples=100, cluster_words=80, probe_words=100, neighbors=20)


def test_an_audit_takes_every_measure(biased_vectors):
    audited = audit_vectors(biased_vectors, AXIS, [TEST], SETTINGS)
    measures = audited.before.measures
    assert set(measures) == set(TITLES)
    for name, measure in measures.items():
        low, high = measure.interval
        assert low <= measure.value + 1e-9, name
        assert measure.value <= high + 1e-9, name
    assert measures["cluster_accuracy"].value > 0.9
    assert measures["probe"].value > 0.9
    assert measures["direct_bias"].value > 0.1
    assert measures["direct_bias"].value == pytest.approx(measures["direct_bias_own"].value)
    assert audited.plan.lost == ("smith",)


def test_hard_debiasing_brings_measures_to_their_ideal(biased_vectors):
    comparison = compare_debiasing(biased_vectors, AXIS, [TEST], audit_settings=SETTINGS)
    before, after = comparison.before.measures, comparison.after.measures
    assert after["direct_bias"].value < 1e-6
    assert after["ripa_unit"].value < before["ripa_unit"].value
    assert after["ect"].value > before["ect"].value
    assert after["cluster_accuracy"].value < before["cluster_accuracy"].value
    assert after["probe"].value < before["probe"].value
    assert comparison.before.indirect[0].beta != pytest.approx(0, abs=1e-3)
    assert comparison.after.indirect[0].beta == pytest.approx(0, abs=1e-5)
    assert len(comparison.after.indirect) == 1
    assert comparison.after.most_biased == {"woman": [], "man": []}
    words = [word for word, _ in comparison.before.most_biased["woman"]]
    assert len(words) == 10
    assert comparison.fitted.num_equalized == 2


def test_json_has_the_contracts_keys(biased_vectors):
    payload = compare_debiasing(biased_vectors, AXIS, [TEST], audit_settings=SETTINGS).as_dict()
    json.dumps(payload, default=str)
    keys = "method direction before after neutralized equalized lost_words cost"
    assert set(keys.split()) <= set(payload)
    assert payload["direction"]["pairs"] == 4
    assert (
        payload["direction"]["components"] == len(payload["direction"]["explained_variance"]) == 1
    )
    for state in (payload["before"], payload["after"]):
        assert {"direct_bias", "weat", "ripa", "rnd", "ect", "mac", "cluster_accuracy",
                "most_biased"} <= set(state)  # fmt: skip
        assert {"statistic", "effect_size", "p_value", "exact", "lost_words"} <= set(
            state["weat"]["work"]
        )
    assert payload["before"]["weat"]["work"]["lost_words"] == ("smith",)
    assert payload["before"]["weat"]["work"]["exact"]


def test_what_has_too_few_words_is_left_out(biased_vectors):
    axis = BiasAxis("gender", (("woman", "man"),), targets=("smith", "jones"))
    lost = WeatTest("lost", (NamedWords("x", ("smith",)), NamedWords("y", ("nurse", "boss"))),
                    TEST.attributes)  # fmt: skip
    few = WordVectors(biased_vectors.words[:6], biased_vectors.vectors[:6])
    audited = audit_vectors(few, axis, [lost], SETTINGS)
    values = {name: measure.value for name, measure in audited.before.measures.items()}
    assert set(values.values()) == {None}
    assert audited.before.weat["lost"].score is None
    assert audited.as_dict()["weat"]["lost"]["effect_size"] is None
    assert audited.before.weat["lost"].lost == ("smith", "nurse", "boss")


def test_too_many_lost_words_are_refused_on_request(biased_vectors):
    settings = AuditSettings(max_lost=0.2)
    with pytest.raises(
        SettingsError, match=r"work: y: 1 of 4 words have no vector \(smith\), more"
    ):
        audit_vectors(biased_vectors, AXIS, [TEST], settings)
    with pytest.raises(SettingsError, match="targets: 1 of 7 words have no vector"):
        audit_vectors(biased_vectors, AXIS, [], AuditSettings(max_lost=0.1))
    audit_vectors(biased_vectors, AXIS, [TEST], AuditSettings(max_lost=0.25, resamples=10))


def test_specific_words_are_no_targets(biased_vectors):
    axis = BiasAxis("gender", AXIS.definitional, specific=("nurse",), targets=TARGETS)
    plan = plan_audit(biased_vectors, axis, [], SETTINGS)
    assert plan.targets.words == TARGETS[1:]


def test_the_same_words_are_looked_at_before_and_after(biased_vectors):
    comparison = compare_debiasing(biased_vectors, AXIS, [TEST], audit_settings=SETTINGS)
    assert comparison.before.target_words == comparison.after.target_words
    before, after = (state.measures["cluster_accuracy"].details
                     for state in (comparison.before, comparison.after))  # fmt: skip
    assert before == after == {"words": 160}


def test_a_seed_gives_the_same_audit(biased_vectors):
    first, again = (audit_vectors(biased_vectors, AXIS, [TEST], SETTINGS) for _ in range(2))
    assert first.as_dict() == again.as_dict()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_lost": 1.5}, "max_lost must be a share from 0 to 1, got 1.5"),
        ({"samples": 0}, "samples must be at least 1"),
        ({"confidence": 1.0}, "confidence must lie between 0 and 1"),
        ({"strictness": -1.0}, "strictness must be at least 0"),
    ],
)
def test_settings_outside_their_range_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        AuditSettings(**settings)


@pytest.fixture
def quality(biased_vectors):
    """Return sets of quality over the made-up words, some of them unknown."""
    rng = np.random.default_rng(8)
    words = biased_vectors.words[14:214]
    pairs = tuple((words[i], words[i + 1]) for i in range(0, 200, 2))
    ratings = rng.random(101)
    similarity = SimilaritySet("pairs", (*pairs, ("nurse", "unknown")), ratings)
    questions = (
        ("woman", "man", "girl", "boy"), ("girl", "boy", "she", "he"),
        ("mother", "father", "daughter", "son"), ("aunt", "uncle", "queen", "king"),
        ("nurse", "boss", "pilot", "teacher"), ("he", "she", "boss", "unknown"),
    )  # fmt: skip
    analogies = AnalogySet("gender", questions, ("all",), np.zeros(6, dtype=np.int64))
    return similarity, analogies


def test_cost_is_the_change_of_the_scores_that_evaluation_gives(biased_vectors, quality):
    similarity, analogies = quality
    plan = plan_audit(biased_vectors, AXIS, [], SETTINGS)
    debiasing = fit_debiasing(biased_vectors, plan, DebiasSettings()).debiasing
    states = VectorState(biased_vectors), VectorState(biased_vectors, debiasing)
    settings = EvaluationSettings(resamples=100)
    cost = measure_cost(*states, [similarity], [analogies], settings)
    changed = WordVectors(biased_vectors.words, debiasing.apply(biased_vectors.vectors))
    for change, table in ((cost.similarity["pairs"].before, biased_vectors),
                          (cost.similarity["pairs"].after, changed)):  # fmt: skip
        expected = score_similarity(table, similarity, settings).spearman
        assert change == pytest.approx(expected, abs=1e-6)
    for score, table in ((cost.analogies["gender"].before, biased_vectors),
                         (cost.analogies["gender"].after, changed)):  # fmt: skip
        assert score == score_analogies(table, analogies, settings).overall.accuracy
    change = cost.similarity["pairs"]
    assert change.difference == pytest.approx(change.after - change.before)
    assert (change.covered, change.total) == (100, 101)
    assert (cost.analogies["gender"].covered, cost.analogies["gender"].total) == (5, 6)
    low, high = change.interval
    assert low <= change.difference <= high
    assert 0 < change.p_value <= 1


def test_no_change_costs_nothing(biased_vectors, quality):
    similarity, analogies = quality
    state = VectorState(biased_vectors)
    cost = measure_cost(state, state, [similarity], [analogies], EvaluationSettings(resamples=20))
    for change in (cost.similarity["pairs"], cost.analogies["gender"]):
        assert change.difference == 0
        assert change.interval == (0, 0)
        assert change.p_value == 1


def test_sets_without_known_words_have_no_score(biased_vectors):
    similarity = SimilaritySet("none", (("x", "y"), ("x", "z")), np.array([1.0, 2.0]))
    analogies = AnalogySet("none", (("x", "y", "z", "w"),), ("all",), np.zeros(1, dtype=np.int64))
    state = VectorState(biased_vectors)
    cost = measure_cost(state, state, [similarity], [analogies], EvaluationSettings())
    for change in (cost.similarity["none"], cost.analogies["none"]):
        assert change.before is change.difference is change.interval is None
        assert change.covered == 0
    assert cost.as_dict()["similarity"]["none"]["before"] is None


def test_real_vectors_show_the_published_pattern(glove):
    comparison = compare_debiasing(
        glove,
        builtin_axis("gender"),
        builtin_tests()[5:8],
        audit_settings=AuditSettings(resamples=100),
    )
    before, after = comparison.before, comparison.after
    assert before.measures["direct_bias"].value == pytest.approx(0.1735, abs=1e-4)
    assert after.measures["direct_bias"].value < 1e-6
    # Gonen and Goldberg: hard debiasing hides bias, but clusters and neighbours still tell it.
    assert before.measures["cluster_accuracy"].value > 0.99
    assert 0.55 < after.measures["cluster_accuracy"].value < 0.95
    assert 0.5 < after.measures["neighborhood"].value < before.measures["neighborhood"].value
    assert after.measures["probe"].value > 0.8
    assert abs(after.weat["weat-8"].score.effect_size) < before.weat["weat-8"].score.effect_size
