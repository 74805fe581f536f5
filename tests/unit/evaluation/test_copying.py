"""Copying and repetition against plain counting, on random and on real text."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.errors import SettingsError
from seqtools.evaluation.copying import (
    CHARACTER_SETTINGS,
    CopyingSettings,
    Loop,
    report_copying,
)

LINE_END = 3
SYMBOLS = st.lists(st.integers(3, 6), max_size=40)
SAMPLES = st.lists(SYMBOLS, max_size=4)


def array(symbols: list[int]) -> np.ndarray:
    return np.array(symbols, dtype=np.int32)


def report(samples: list[list[int]], training: list[int], **settings: object) -> object:
    arrays = [array(sample) for sample in samples]
    return report_copying(arrays, array(training), LINE_END, CopyingSettings(**settings))


def windows(symbols: list[int], length: int) -> list[tuple[int, ...]]:
    return [tuple(symbols[i : i + length]) for i in range(len(symbols) - length + 1)]


@given(samples=SAMPLES, training=SYMBOLS)
def test_ngrams_are_counted_as_by_hand(samples: list[list[int]], training: list[int]) -> None:
    orders = (1, 2, 3, 5, 6)
    for found in report(samples, training, orders=orders).ngrams:
        known = set(windows(training, found.order))
        grams = [windows(sample, found.order) for sample in samples]
        assert found.total == sum(map(len, grams))
        assert found.repeated == sum(len(some) - len(set(some)) for some in grams)
        copied = [[gram in known for gram in some] for some in grams]
        assert found.copied == sum(map(sum, copied))
        covered = 0
        for sample, is_copied in zip(samples, copied, strict=True):
            starts = [i for i, value in enumerate(is_copied) if value]
            covered += sum(
                any(start <= place < start + found.order for start in starts)
                for place in range(len(sample))
            )
        assert found.covered_symbols == covered
        if found.total:
            assert found.copied_share == found.copied / found.total
            assert found.repeated_share == found.repeated / found.total
        else:
            assert found.copied_share is found.repeated_share is None


@given(samples=SAMPLES, training=SYMBOLS)
def test_no_common_stretch_is_longer(samples: list[list[int]], training: list[int]) -> None:
    found = report(samples, training).longest_copy
    lengths = [
        length
        for length in range(1, 41)
        for sample in samples
        if set(windows(sample, length)) & set(windows(training, length))
    ]
    assert found.length == max(lengths, default=0)
    if found.length:
        ours = samples[found.sample][found.start : found.start + found.length]
        theirs = training[found.training_start : found.training_start + found.length]
        assert ours == theirs
        assert len(ours) == found.length


@given(samples=SAMPLES, training=SYMBOLS)
def test_lines_are_compared_whole(samples: list[list[int]], training: list[int]) -> None:
    def lines(symbols: list[int]) -> list[str]:
        return [line for line in "".join(map(str, symbols)).split(str(LINE_END)) if line]

    found = report(samples, training)
    expected = [line for sample in samples for line in lines(sample)]
    assert found.num_lines == len(expected)
    assert found.num_copied_lines == sum(line in lines(training) for line in expected)


@given(
    sample=st.lists(st.integers(3, 4), max_size=30),
    copies=st.integers(2, 4),
    length=st.integers(2, 8),
    period=st.integers(1, 5),
)
def test_loops_are_found_as_by_hand(
    sample: list[int], copies: int, length: int, period: int
) -> None:
    settings = {"loop_copies": copies, "loop_length": length, "longest_period": period}
    found = report([[], sample], [], **settings)
    looping: set[int] = set()
    longest = 0
    for start in range(len(sample)):
        for stop in range(start + 1, len(sample) + 1):
            part = sample[start:stop]
            for p in range(1, period + 1):
                is_loop = part[p:] == part[:-p] and len(part) >= max(copies * p, length)
                if is_loop:
                    looping.update(range(start, stop))
                    longest = max(longest, len(part))
    assert found.looping_symbols == len(looping)
    assert (found.longest_loop.length if found.longest_loop else 0) == longest
    if found.longest_loop:
        loop = found.longest_loop
        part = sample[loop.start : loop.start + loop.length]
        assert loop.sample == 1
        assert part[loop.period :] == part[: -loop.period]


def test_a_loop_has_its_shortest_period() -> None:
    sample = [9, 8, *[4, 5, 6] * 5, 4, 9]
    assert report([sample], []).longest_loop == Loop(sample=0, start=2, period=3, length=16)


def test_settings_check_themselves() -> None:
    for values, message in [
        ({"orders": ()}, "orders must be rising"),
        ({"orders": (0, 1)}, "orders must be rising"),
        ({"orders": (2, 2)}, "orders must be rising"),
        ({"loop_copies": 1}, "loop_copies must be at least 2"),
        ({"loop_length": 1}, "loop_length must be at least 2"),
        ({"longest_period": 0}, "longest_period must be at least 1"),
    ]:
        with pytest.raises(SettingsError, match=message):
            CopyingSettings(**values)


def test_a_copy_is_told_from_text_of_the_same_author(data: Path) -> None:
    content = (data / "charlm" / "tinyshakespeare.txt").read_bytes()[:300_000]
    symbols = np.frombuffer(content, dtype=np.uint8).astype(np.int32)
    training, held_out = symbols[:250_000], symbols[250_000:]
    copy = report_copying([training[1000:2000]], training, 10, CHARACTER_SETTINGS)
    assert copy.longest_copy.length == 1000
    assert copy.longest_copy.training_start == 1000
    assert all(found.copied_share == 1 for found in copy.ngrams)
    fresh = report_copying([held_out], training, 10, CHARACTER_SETTINGS)
    assert fresh.longest_copy.length < 100
    shares = {found.order: found.copied_share for found in fresh.ngrams}
    assert shares[4] > 0.8
    assert shares[32] < 0.01
