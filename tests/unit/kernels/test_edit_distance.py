"""Alignments: the fewest errors, and operations that lead from one side to the other."""

import numpy as np
import pytest

from seqtools.kernels.edit_distance import DELETION, INSERTION, SUBSTITUTION, align_sequences
from tests.reference import edit_distance as twin


def align(reference, hypothesis, dtype=np.int32):
    reference, hypothesis = np.array(reference, dtype), np.array(hypothesis, dtype)
    table = np.full((len(reference) + 1) * (len(hypothesis) + 1), -1, np.int32)
    operations = np.full(len(reference) + len(hypothesis), 9, np.uint8)
    number = align_sequences(reference, hypothesis, table, operations)
    return operations[:number].tolist()


@pytest.mark.small
@pytest.mark.parametrize("seed", range(40))
def test_operations_lead_from_reference_to_hypothesis_with_the_fewest_errors(seed):
    generator = np.random.default_rng(seed)
    reference, hypothesis = (generator.integers(0, 3, generator.integers(0, 9)) for _ in range(2))
    operations = align(reference, hypothesis)
    m, n, errors = twin.apply(operations, reference, hypothesis)
    assert (m, n) == (len(reference), len(hypothesis))
    assert errors == twin.distance(tuple(reference), tuple(hypothesis))


@pytest.mark.small
@pytest.mark.parametrize(
    ("reference", "hypothesis", "operations"),
    [
        ([], [], []),
        ([1], [], [DELETION]),
        ([], [1], [INSERTION]),
        ([1], [2], [SUBSTITUTION]),
        ([1, 2, 3], [1, 2, 3], [0, 0, 0]),
        ([1, 1], [1], [0, DELETION]),
        ([1, 2, 3], [1, 3], [0, DELETION, 0]),
        ([1, 3], [1, 2, 3], [0, INSERTION, 0]),
        ([1, 2, 3], [4, 2, 5], [SUBSTITUTION, 0, SUBSTITUTION]),
    ],
)
def test_small_cases(reference, hypothesis, operations):
    assert align(reference, hypothesis) == operations
    assert align(reference, hypothesis, np.int64) == operations
