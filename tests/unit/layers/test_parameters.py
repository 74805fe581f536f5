"""Parameters that lie in one vector, and the working memory of layers."""

import numpy as np
import pytest

from seqtools.errors import SettingsError
from seqtools.layers.parameters import Gradients, Parameters, glorot, orthogonal, uniform, zeros
from seqtools.layers.workspace import Workspace


def make_parameters():
    """Return three parameters, allocated."""
    parameters = Parameters()
    parameters.add("w", (3, 5), uniform(0.1))
    parameters.add("b", (5,), zeros, is_decayed=False)
    parameters.add("u", (2, 4), orthogonal)
    parameters.allocate(np.random.default_rng(1))
    return parameters


def test_values_are_aligned_parts_of_one_vector():
    parameters = make_parameters()
    parameters.flat[:] = np.arange(parameters.flat.size)
    for parameter in parameters:
        assert parameter.value.ctypes.data % 64 == 0
        expected = parameter.first + np.arange(parameter.size)
        np.testing.assert_array_equal(parameter.value.ravel(), expected)
        assert parameters.name_at(parameter.first + parameter.size - 1) == parameter.name
    assert parameters.num_values == 15 + 5 + 8


def test_gradients_follow_the_order_of_the_values():
    parameters = make_parameters()
    gradients = Gradients(parameters)
    gradients[parameters["b"]][:] = 2
    place = parameters["b"].first
    assert (gradients.flat[place : place + 5] == 2).all()
    assert gradients.flat.sum() == 10
    gradients.clear()
    assert not gradients.flat.any()


def test_same_seed_gives_the_same_values():
    np.testing.assert_array_equal(make_parameters().flat, make_parameters().flat)


def test_orthogonal_blocks_keep_lengths():
    u = orthogonal(np.random.default_rng(0), (6, 18))
    for block in np.split(u, 3, axis=1):
        np.testing.assert_allclose(block @ block.T, np.eye(6), atol=1e-12)


def test_glorot_stays_within_its_limit():
    drawn = glorot(np.random.default_rng(0), (30, 70))
    assert np.abs(drawn).max() <= np.sqrt(6 / 100)


def test_taken_names_and_empty_shapes_are_refused():
    parameters = Parameters()
    parameters.add("w", (1,), zeros)
    with pytest.raises(SettingsError, match="w exists"):
        parameters.add("w", (1,), zeros)
    with pytest.raises(SettingsError, match="at least 1"):
        parameters.add("v", (0, 3), zeros)


def test_workspace_hands_out_the_same_memory_again():
    workspace = Workspace()
    first = workspace.take("x", 4, 5)
    assert workspace.take("x", 2, 3).ctypes.data == first.ctypes.data
    held = workspace.num_bytes
    assert workspace.zeros("x", 5, 5).shape == (5, 5)
    assert workspace.num_bytes > held
