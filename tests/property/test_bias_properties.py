"""Laws of debiasing and of association tests on arbitrary vectors."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqtools.bias.debiasing import Debiasing
from seqtools.bias.equalizing import equalize_set
from seqtools.bias.set_places import json_places, toml_places
from seqtools.bias.subspace import bias_subspace
from seqtools.bias.weat import score_weat

SEEDS = st.integers(0, 2**32 - 1)


def unit_rows(rng, *shape):
    rows = rng.normal(size=shape)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@given(SEEDS, st.integers(2, 40), st.integers(1, 4), st.integers(1, 60))
def test_whatever_is_removed_is_gone_and_lengths_are_one(seed, dim, components, num_words):
    rng = np.random.default_rng(seed)
    subspace = bias_subspace([unit_rows(rng, 2, dim) for _ in range(5)], components)
    if subspace.num_components == dim:
        return
    vectors = (rng.normal(size=(num_words, dim)) * 10.0 ** rng.integers(-5, 5)).astype(np.float32)
    free = np.zeros(num_words, dtype=np.bool_)
    debiasing = Debiasing(free, subspace.basis.astype(np.float32))
    changed = debiasing.apply(vectors).astype(np.float64)
    assert np.abs(changed @ subspace.basis.T).max() < 1e-6
    lengths = np.linalg.norm(changed, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-6) | (lengths == 0))
    again = debiasing.apply(changed.astype(np.float32))
    assert np.abs(again - changed).max() < 1e-6


@given(SEEDS, st.integers(3, 30), st.integers(2, 5), st.integers(1, 3))
def test_equalized_words_look_alike_from_outside_the_subspace(seed, dim, size, components):
    rng = np.random.default_rng(seed)
    basis = bias_subspace([unit_rows(rng, 2, dim) for _ in range(3)], components).basis
    words = equalize_set(unit_rows(rng, size, dim), basis)
    if words is None:
        return
    outside = rng.normal(size=(20, dim))
    outside -= (outside @ basis.T) @ basis
    assert np.ptp(outside @ words.T, axis=1).max() < 1e-8
    assert np.abs(np.linalg.norm(words, axis=1) - 1).max() < 1e-9


@given(SEEDS, st.integers(1, 6), st.integers(2, 6))
def test_a_rotation_changes_no_association(seed, num_first, num_second):
    rng = np.random.default_rng(seed)
    x, y, a, b = (unit_rows(rng, n, 6) for n in (num_first, num_second, 3, 4))
    rotation, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    plain = score_weat((x, y), (a, b), resamples=0)
    rotated = score_weat((x @ rotation, y @ rotation), (a @ rotation, b @ rotation), resamples=0)
    assert np.isclose(plain.statistic, rotated.statistic, atol=1e-9)
    assert np.isclose(plain.effect_size, rotated.effect_size, atol=1e-9)
    assert plain.p_value == rotated.p_value


@given(SEEDS, st.integers(1, 6), st.integers(2, 6))
def test_a_p_value_is_a_share_of_the_partitions(seed, num_first, num_second):
    rng = np.random.default_rng(seed)
    x, y, a, b = (unit_rows(rng, n, 5) for n in (num_first, num_second, 2, 2))
    score = score_weat((x, y), (a, b), resamples=0)
    swapped = score_weat((x, y), (b, a), resamples=0)
    share = score.p_value * score.partitions
    assert np.isclose(share, round(share), atol=1e-9)
    # Partitions above and below leave the observed one, and those equal to it.
    assert score.p_value + swapped.p_value <= 1 - 1 / score.partitions + 1e-12
    assert score.p_value <= 1


JSON = st.recursive(
    st.text(max_size=4) | st.integers(-9, 9) | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 1, 4]))
def test_every_value_of_a_json_text_has_a_place(value, indent):
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    places = json_places(text)
    num_lines = text.count("\n") + 1

    def walk(part, path):
        assert 1 <= places[path] <= num_lines
        if isinstance(part, (dict, list)):
            items = part.items() if isinstance(part, dict) else enumerate(part)
            for key, inner in items:
                walk(inner, (*path, key))

    walk(value, ())


@given(st.text(max_size=200))
def test_no_text_stops_the_search_for_places_in_toml(text):
    assert all(number >= 1 for number in toml_places(text).values())
