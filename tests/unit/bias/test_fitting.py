"""Every method of debiasing, on made-up vectors with a known bias and on real ones."""

import numpy as np
import pytest

from seqtools.bias.audit_plan import plan_audit
from seqtools.bias.axis_vectors import find_direction
from seqtools.bias.builtin_sets import builtin_axis
from seqtools.bias.direct_bias import direct_bias
from seqtools.bias.fitting import fit_debiasing
from seqtools.bias.found_words import WordFinder
from seqtools.bias.settings import AuditSettings, DebiasSettings
from seqtools.bias.soft import soft_map
from seqtools.bias.specific_words import learn_specific_words
from seqtools.bias.word_sets import BiasAxis
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning, SettingsError
from tests.reference import bias as twin

AXIS = BiasAxis(
    "gender",
    (("woman", "man"), ("girl", "boy"), ("she", "he"), ("mother", "father")),
    equalize=(("woman", "man"), ("girl", "boy"), ("aunt", "uncle"), ("lady", "lord")),
    specific=("queen", "king"),
    seeds=("daughter", "son", "queen", "king", "aunt", "uncle", "woman", "man", "girl", "boy"),
    targets=("nurse", "teacher", "engineer", "pilot", "librarian", "boss", "queen", "smith"),
)


def fit(vectors, axis=AXIS, **settings):
    plan = plan_audit(vectors, axis, (), AuditSettings(), components=settings.get("components", 1))
    return plan, fit_debiasing(vectors, plan, DebiasSettings(**settings))


def test_hard_debiasing_neutralizes_equalizes_and_keeps(biased_vectors):
    plan, fitted = fit(biased_vectors)
    changed = fitted.debiasing.apply(biased_vectors.vectors).astype(np.float64)
    basis = plan.direction.basis
    rows = biased_vectors.index
    kept = {"woman", "man", "girl", "boy", "she", "he", "mother", "father", "aunt", "uncle",
            "queen", "king"}  # fmt: skip
    neutral = np.array([word not in kept for word in biased_vectors.words])
    np.testing.assert_array_equal(~neutral, fitted.debiasing.kept)
    assert np.abs(changed[neutral] @ basis.T).max() < 1e-6
    np.testing.assert_allclose(np.linalg.norm(changed, axis=1), 1, atol=1e-6)
    for first, second in (("woman", "man"), ("girl", "boy"), ("aunt", "uncle")):
        products = changed[neutral] @ changed[[rows(first), rows(second)]].T
        np.testing.assert_allclose(products[:, 0], products[:, 1], atol=1e-6)
    for word in ("queen", "she"):
        unit = biased_vectors[word] / np.linalg.norm(biased_vectors[word])
        np.testing.assert_allclose(changed[rows(word)], unit, atol=1e-6)
    assert (fitted.num_neutralized, fitted.num_equalized) == (neutral.sum(), 3)
    assert fitted.lost == ("lady", "lord")


def test_debiasing_twice_changes_nothing(biased_vectors):
    _, fitted = fit(biased_vectors)
    once = fitted.debiasing.apply(biased_vectors.vectors)
    np.testing.assert_allclose(fitted.debiasing.apply(once), once, atol=3e-7)


@pytest.mark.parametrize(
    ("leave_out", "neutralized", "equalized"),
    [("equalize", True, False), ("neutralize", False, True)],
)
def test_either_step_can_be_left_out(biased_vectors, leave_out, neutralized, equalized):
    plan, fitted = fit(biased_vectors, **{leave_out: False})
    changed = fitted.debiasing.apply(biased_vectors.vectors)
    cosines = changed @ plan.direction.basis[0]
    assert (np.abs(cosines[biased_vectors.index("nurse")]) < 1e-6) == neutralized
    pair = cosines[[biased_vectors.index("woman"), biased_vectors.index("man")]]
    assert (abs(pair.sum()) < 1e-6) == equalized
    assert (fitted.num_neutralized > 0, fitted.num_equalized > 0) == (neutralized, equalized)


def test_a_subspace_of_two_dimensions_is_removed(biased_vectors):
    plan, fitted = fit(biased_vectors, components=2)
    changed = fitted.debiasing.apply(biased_vectors.vectors)
    assert len(plan.direction.basis) == 2
    nurse = changed[biased_vectors.index("nurse")].astype(np.float64)
    assert np.abs(plan.direction.basis @ nurse).max() < 1e-6


@pytest.mark.parametrize("method", ["soft", "inlp", "double-hard"])
def test_every_method_lowers_direct_bias(biased_vectors, method):
    plan, fitted = fit(biased_vectors, method=method, relative_strength=True, strength=1.0)
    changed = fitted.debiasing.rows(biased_vectors.vectors, plan.targets.rows)
    units = biased_vectors.unit(plan.targets.words)
    before = direct_bias(units, plan.direction.basis)
    assert direct_bias(changed, plan.direction.basis) < 0.7 * before
    np.testing.assert_allclose(np.linalg.norm(changed, axis=1), 1, atol=1e-6)


def test_soft_debiasing_reaches_the_minimum_of_the_papers_objective(units, rng):
    words, basis = units(40, 4).astype(np.float64), np.array([[1.0, 0, 0, 0]])
    words[:, 0] += 0.4
    neutral = words[:30]
    found = soft_map(words.T @ words, neutral.T @ neutral, basis, strength=3.0)
    start = twin.soft_objective(np.eye(4), words, neutral, basis, 3.0)
    reached = twin.soft_objective(found.matrix, words, neutral, basis, 3.0)
    assert found.objective == pytest.approx(reached / start, abs=1e-9)
    for size in (1e-1, 1e-2, 1e-3):
        for _ in range(50):
            other = found.matrix + size * rng.normal(size=(4, 4))
            assert twin.soft_objective(other, words, neutral, basis, 3.0) >= reached - 1e-9
    descended = descend(words, neutral, basis, 3.0)
    assert reached <= descended + 1e-6 * start


def descend(words, neutral, basis, strength, steps=4000, rate=2e-5):
    """Minimize the objective over T by plain gradient descent."""
    matrix = np.eye(4)
    for _ in range(steps):
        inner = matrix.T @ matrix
        change = words @ (inner - np.eye(4)) @ words.T
        d_inner = 2 * words.T @ change @ words
        bias = neutral @ inner @ basis.T
        d_inner += strength * (neutral.T @ bias @ basis + (neutral.T @ bias @ basis).T)
        gradient = matrix @ (d_inner + d_inner.T)
        matrix = matrix - rate * gradient
    return twin.soft_objective(matrix, words, neutral, basis, strength)


def test_soft_debiasing_of_no_strength_is_no_change(units):
    words = units(30, 5).astype(np.float64)
    found = soft_map(words.T @ words, words.T @ words, np.eye(5)[:1], strength=1e-12)
    np.testing.assert_allclose(found.matrix, np.eye(5), atol=1e-9)


def test_soft_debiasing_says_when_it_does_next_to_nothing(biased_vectors):
    with pytest.warns(SeqtoolsWarning, match="soft debiasing of strength 1e-06 hardly changes"):
        fit(biased_vectors, method="soft", strength=1e-6)


def test_soft_debiasing_leaves_directions_without_words_alone():
    words = np.diag([1.0, 1.0, 0.0])
    found = soft_map(words, words, np.eye(3)[:1], strength=1.0)
    np.testing.assert_allclose(found.matrix[2], [0, 0, 1], atol=1e-9)
    with pytest.raises(SettingsError, match="not all zeros"):
        soft_map(np.zeros((3, 3)), np.zeros((3, 3)), np.eye(3)[:1])


def test_inlp_leaves_nothing_that_a_linear_classifier_finds(biased_vectors):
    plan, fitted = fit(biased_vectors, method="inlp")
    details = fitted.details
    assert details["accuracies"][0] > 0.8
    assert details["accuracies"][-1] < details["accuracies"][0]
    basis = fitted.debiasing.basis.astype(np.float64)
    np.testing.assert_allclose(basis @ basis.T, np.eye(len(basis)), atol=1e-6)
    assert len(basis) == details["directions_removed"] >= 1
    changed = fitted.debiasing.rows(biased_vectors.vectors, plan.targets.rows)
    assert np.abs(changed.astype(np.float64) @ basis.T).max() < 1e-6


def test_double_hard_drops_the_component_that_mixes_the_groups_best(biased_vectors):
    _, fitted = fit(biased_vectors, method="double-hard", candidates=5)
    accuracies = fitted.details["cluster_accuracies"]
    assert len(accuracies) == 5
    assert fitted.details["component"] == int(np.argmin(accuracies)) + 1
    debiasing = fitted.debiasing
    units = biased_vectors.vectors.astype(np.float64)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    mean = units.mean(axis=0)
    np.testing.assert_allclose(debiasing.offset, mean, atol=1e-6)
    _, axes = np.linalg.eigh(np.cov(units.T))
    axis = axes[:, -fitted.details["component"]]
    expected = units - mean - np.outer(units @ axis, axis)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    row = biased_vectors.index("queen")
    np.testing.assert_allclose(
        debiasing.apply(biased_vectors.vectors)[row], expected[row], atol=1e-5
    )


@pytest.fixture
def seeded(rng):
    """Return vectors of 60 seeds, 1,500 other words and 40 words like the seeds."""
    words = [f"{kind}{i}" for kind, count in (("seed", 60), ("other", 1500), ("like", 40))
             for i in range(count)]  # fmt: skip
    vectors = rng.normal(size=(1600, 12))
    vectors[:60, 0] += 4.5
    vectors[1560:, 0] += 4.5
    return WordVectors(words, vectors)


def learn(vectors, seeds, training_words=1560):
    return learn_specific_words(
        vectors,
        seeds,
        WordFinder(vectors),
        training_words=training_words,
        generator=np.random.default_rng(1),
    )


def test_specific_words_are_learned_from_seeds(seeded):
    learned = learn(seeded, [*seeded.words[:60], "missing"])
    found = set(learned.rows.tolist())
    assert set(range(60)) <= found
    assert len(found & set(range(1560, 1600))) > 25
    assert len(found & set(range(60, 1560))) < 40
    assert 0.7 < learned.f1 <= 1
    assert (learned.num_seeds, learned.num_training) == (60, 1560)
    assert learned.as_dict()["folds"] == 10


def test_learning_needs_seeds_and_others(seeded, biased_vectors):
    with pytest.raises(SettingsError, match=r"at least 10 seed words.*got 5 and 1555"):
        learn(seeded, seeded.words[:5])
    with pytest.raises(SettingsError, match="got 60 and 0"):
        learn(seeded, seeded.words[:60], training_words=30)
    with pytest.raises(SettingsError, match="has no seed words"):
        fit(biased_vectors, BiasAxis("x", AXIS.definitional), learn_specific=True)


def test_learned_words_are_kept(biased_vectors):
    _, fitted = fit(biased_vectors, learn_specific=True)
    assert fitted.learned is not None
    kept = {biased_vectors.words[row] for row in np.flatnonzero(fitted.debiasing.kept)}
    assert {"daughter", "son", "she", "he"} <= kept


def test_larger_sets_are_debiased_in_a_plane(rng):
    words = ["black", "white", "asian", "africa", "europe", "asia"]
    words += ["w" + chr(97 + i // 26) + chr(97 + i % 26) for i in range(300)]
    axis = BiasAxis("race", (("black", "white", "asian"), ("africa", "europe", "asia")),
                    equalize=(("black", "white", "asian"),), targets=("waa", "wab"))  # fmt: skip
    vectors = WordVectors(words, rng.normal(size=(306, 16)))
    plan, fitted = fit(vectors, axis, components=2)
    assert plan.direction.group_names == ("black", "white", "asian")
    changed = fitted.debiasing.apply(vectors.vectors).astype(np.float64)
    products = changed[6:] @ changed[:3].T
    np.testing.assert_allclose(np.ptp(products, axis=1), 0, atol=1e-6)
    assert fitted.num_equalized == 1


def test_zero_vectors_stay_and_are_counted(biased_vectors):
    biased_vectors.vectors[50] = 0
    with pytest.warns(SeqtoolsWarning, match="1 words have a vector of zeros"):
        _, fitted = fit(biased_vectors)
    assert fitted.num_zeros == 1
    assert not fitted.debiasing.apply(biased_vectors.vectors)[50].any()


def test_a_definitional_word_of_zeros_is_lost(biased_vectors):
    biased_vectors.vectors[biased_vectors.index("woman")] = 0
    direction = find_direction(biased_vectors, AXIS.definitional)
    assert direction.lost == ("woman",)
    assert direction.sets == AXIS.definitional[1:]


def test_definitional_words_with_one_vector_are_refused(biased_vectors):
    biased_vectors.vectors[biased_vectors.index("man")] = biased_vectors["woman"]
    with pytest.raises(SettingsError, match="'woman' and 'man' have the same vector"):
        find_direction(biased_vectors, AXIS.definitional)


def test_definitional_words_without_vectors_are_listed(biased_vectors):
    with pytest.raises(SettingsError, match=r"no definitional set has two words.*lost: x, y, z"):
        find_direction(biased_vectors, [("x", "y"), ("z", "she")])


def test_too_few_biased_words_are_said(rng):
    words = ["woman", "man", "girl", "boy", "aa", "bb"]
    vectors = WordVectors(words, rng.normal(size=(6, 5)))
    axis = BiasAxis("gender", (("woman", "man"), ("girl", "boy")))
    with pytest.raises(SettingsError, match=r"at least 10 words that lean to each group|leans to"):
        fit(vectors, axis, method="inlp")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "harder"}, "method must be one of hard, soft, inlp, double-hard, got 'harder'"),
        ({"components": 0}, "components must be at least 1, got 0"),
        ({"strength": float("nan")}, "strength must be above 0"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"neutralize": False, "equalize": False}, "there is nothing to do"),
    ],
)
def test_settings_outside_their_range_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        DebiasSettings(**settings)


def test_real_vectors_keep_the_laws(glove):
    plan, fitted = fit(glove, builtin_axis("gender"))
    changed = fitted.debiasing.apply(glove.vectors).astype(np.float64)
    neutral = ~fitted.debiasing.kept
    assert np.abs(changed[neutral] @ plan.direction.basis.T).max() < 1e-6
    assert np.abs(np.linalg.norm(changed, axis=1) - 1).max() < 1e-6
    pairs = fitted.debiasing.replaced_rows.reshape(-1, 2)
    assert len(pairs) == fitted.num_equalized == 43
    for first, second in pairs:
        gap = changed[neutral] @ (changed[first] - changed[second])
        assert np.abs(gap).max() < 1e-6
    assert fitted.num_neutralized == neutral.sum() == 100_372
