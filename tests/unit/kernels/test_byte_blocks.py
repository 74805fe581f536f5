"""Masks and loads of many bytes, against the plain functions of the same module."""

import numpy as np
import pytest
from numba import njit

from seqtools.kernels import byte_blocks

pytestmark = pytest.mark.small

SPECIAL = [0, 8, 9, 10, 11, 12, 13, 14, 28, 31, 32, 33, 127, 128, 133, 160, 255]


def random_text(seed: int, size: int = 256) -> np.ndarray:
    rng = np.random.default_rng(seed)
    text = rng.integers(0, 256, size, dtype=np.uint8)
    marked = rng.random(size) < 0.5
    text[marked] = rng.choice(SPECIAL, int(marked.sum()))
    return text


@njit
def call_load_word(text, index):
    return byte_blocks.load_word(text, index)


@njit
def call_separator_mask(text, index):
    return byte_blocks.separator_mask(text, index)


@njit
def call_newline_mask(text, index):
    return byte_blocks.newline_mask(text, index)


@njit
def call_lowest_bit(mask):
    return byte_blocks.lowest_bit(mask)


@njit
def call_count_bits(mask):
    return byte_blocks.count_bits(mask)


@njit
def call_prefetch(slots, index):
    byte_blocks.prefetch(slots, index)
    return slots[index]


@pytest.mark.parametrize("index", [0, 1, 7, 63, 100])
def test_load_reads_eight_bytes_at_any_address(index: int) -> None:
    text = random_text(1)
    expected = int.from_bytes(text[index : index + 8].tobytes(), "little")
    assert call_load_word(text, index) == expected


@pytest.mark.parametrize("index", [0, 3, 64, 129])
def test_masks_name_exactly_the_white_space(index: int) -> None:
    text = random_text(2)
    block = bytes(text[index : index + 64])
    white = sum(1 << i for i, byte in enumerate(block) if byte in b" \t\n\r\v\f")
    feeds = sum(1 << i for i, byte in enumerate(block) if byte == 10)
    assert call_separator_mask(text, index) == white
    assert call_newline_mask(text, index) == feeds


@pytest.mark.parametrize("mask", [1, 2, 0x8000_0000_0000_0000, 0xF0F0_0000, 2**64 - 1])
def test_bits_are_found_and_counted(mask: int) -> None:
    assert call_lowest_bit(np.uint64(mask)) == (mask & -mask).bit_length() - 1
    assert call_count_bits(np.uint64(mask)) == mask.bit_count()


def test_prefetch_changes_nothing() -> None:
    slots = np.arange(8, dtype=np.uint64)
    assert call_prefetch(slots, np.uint64(3)) == 3
    assert np.array_equal(slots, np.arange(8))
