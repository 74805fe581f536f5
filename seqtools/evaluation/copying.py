"""What generated text copies: the text it was learnt from, or itself.

Figures are of use beside others: give the function held-out text in place of generated text, and
it says how much of the training text a text that no model wrote holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqtools.errors import SettingsError
from seqtools.evaluation.window_hashes import WindowHashes, count_different, is_among
from seqtools.types import BoolArray, Int32Array, Int64Array


@dataclass(frozen=True)
class CopyingSettings:
    """What is counted.

    Attributes
    ----------
    orders : tuple of int
        Lengths n of the n-grams, rising.
    loop_copies : int
        A loop is a stretch that is followed by itself so often that it stands there this many times
        at least.
    loop_length : int
        Shorter loops do not count: words and spaces do repeat themselves.
    longest_period : int
        The longest stretch that is looked for.

    Raises
    ------
    SettingsError
        If a value is outside its range.
    """

    orders: tuple[int, ...] = (2, 3, 4, 6, 8)
    loop_copies: int = 3
    loop_length: int = 6
    longest_period: int = 50

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.orders, self.orders[1:], strict=False))
        if not self.orders or self.orders[0] < 1 or not rising:
            raise SettingsError(f"orders must be rising numbers of at least 1, got {self.orders}")
        for name, least in (("loop_copies", 2), ("loop_length", 2), ("longest_period", 1)):
            value = getattr(self, name)
            if value < least:
                raise SettingsError(f"{name} must be at least {least}, got {value}")


CHARACTER_SETTINGS = CopyingSettings((4, 8, 16, 32, 64), loop_length=24, longest_period=200)
WORD_SETTINGS = CopyingSettings()


@dataclass(frozen=True)
class CopiedSpan:
    """The longest stretch of generated text that stands in the training text, the first of several.

    Attributes
    ----------
    length : int
        Symbols; 0 if not one symbol is common to both.
    sample, start : int
        The sample it is in, and where it begins there.
    training_start : int
        Where it begins in the training text.
    """

    length: int
    sample: int
    start: int
    training_start: int


@dataclass(frozen=True)
class NgramCopying:
    """The n-grams of one order.

    Attributes
    ----------
    order : int
        n.
    total : int
        n-grams in the samples; none reaches over the end of a sample.
    copied : int
        How many of them stand in the training text.
    repeated : int
        How many of them have stood in the same sample before.
    covered_symbols : int
        Symbols that lie in at least one copied n-gram.
    """

    order: int
    total: int
    copied: int
    repeated: int
    covered_symbols: int

    @property
    def copied_share(self) -> float | None:
        """Share of n-grams that stand in the training text; None if there are none."""
        return self.copied / self.total if self.total else None

    @property
    def repeated_share(self) -> float | None:
        """Share of n-grams that have stood in the same sample before; None if there are none."""
        return self.repeated / self.total if self.total else None


@dataclass(frozen=True)
class Loop:
    """A stretch that is repeated over and over.

    Attributes
    ----------
    sample, start : int
        The sample it is in, and where it begins there.
    period : int
        Symbols that are repeated.
    length : int
        Symbols from the first copy to the end of the last, which may be incomplete.
    """

    sample: int
    start: int
    period: int
    length: int


@dataclass(frozen=True)
class CopyingReport:
    """What of some samples is copied from the training text or from themselves.

    Attributes
    ----------
    num_samples, num_symbols : int
        How much was looked at.
    longest_copy : CopiedSpan
    ngrams : list of NgramCopying
        One an order.
    num_lines, num_copied_lines : int
        Lines with at least one symbol, and how many of them are lines of the training text.
    looping_symbols : int
        Symbols that lie in loops.
    longest_loop : Loop or None
    """

    num_samples: int
    num_symbols: int
    longest_copy: CopiedSpan
    ngrams: list[NgramCopying]
    num_lines: int
    num_copied_lines: int
    looping_symbols: int
    longest_loop: Loop | None


def report_copying(
    samples: Sequence[Int32Array],
    training: Int32Array,
    line_end: int,
    settings: CopyingSettings = WORD_SETTINGS,
) -> CopyingReport:
    """Compare generated text with the text that the model was trained on, and with itself.

    The time grows as n log n with both texts: for a million symbols of each about three seconds, or
    seven if the one is a copy of the other.

    Parameters
    ----------
    samples : sequence of int32 arrays
        Ids of each generated text, without PAD and BEGIN.
    training : int32 array, shape (N,)
        Ids of the training text by the same codec, as ``encode_text`` returns them.
    line_end : int
        The id that ends a line in both.
    settings : CopyingSettings
        CHARACTER_SETTINGS or WORD_SETTINGS (also for subwords), or other ones.

    Returns
    -------
    CopyingReport
    """
    joined = np.concatenate([np.empty(0, dtype=np.int32), *samples])
    sizes = np.array([sample.size for sample in samples], dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    owners = np.repeat(np.arange(sizes.size, dtype=np.int64), sizes)
    left = (starts + sizes)[owners] - np.arange(joined.size, dtype=np.int64)
    num_lines, num_copied = _copied_lines(samples, training, line_end)
    loops = [_loops(sample, index, settings) for index, sample in enumerate(samples) if sample.size]
    longest_loops = [longest for _, longest in loops if longest is not None]
    return CopyingReport(
        num_samples=len(samples),
        num_symbols=int(joined.size),
        longest_copy=_longest_copy(joined, owners, starts, left, training),
        ngrams=_ngrams(joined, owners, left, training, settings.orders),
        num_lines=num_lines,
        num_copied_lines=num_copied,
        looping_symbols=sum(count for count, _ in loops),
        longest_loop=max(longest_loops, key=lambda loop: loop.length, default=None),
    )


def _ngrams(
    joined: Int32Array,
    owners: Int64Array,
    left: Int64Array,
    training: Int32Array,
    orders: tuple[int, ...],
) -> list[NgramCopying]:
    """Count the n-grams of every order."""
    ours, theirs = WindowHashes(joined), WindowHashes(training)
    counted = []
    for order in orders:
        hashes = ours.widened(order)
        starts = np.flatnonzero(left[: hashes.size] >= order)
        hashes = hashes[starts]
        is_copied = is_among(hashes, theirs.widened(order))
        num_different = count_different(hashes, owners[starts])
        covered = _covered(starts[is_copied], order, joined.size)
        counted.append(
            NgramCopying(
                order=order,
                total=int(starts.size),
                copied=int(is_copied.sum()),
                repeated=int(starts.size) - num_different,
                covered_symbols=int(covered.sum()),
            )
        )
    return counted


def _covered(starts: Int64Array, length: int, size: int) -> BoolArray:
    """Mark the symbols within stretches of one length."""
    borders = np.zeros(size + 1, dtype=np.int64)
    np.add.at(borders, starts, 1)
    np.add.at(borders, starts + length, -1)
    is_covered: BoolArray = np.cumsum(borders[:-1]) > 0
    return is_covered


def _longest_copy(
    joined: Int32Array,
    owners: Int64Array,
    starts: Int64Array,
    left: Int64Array,
    training: Int32Array,
) -> CopiedSpan:
    """Find the longest common stretch: its length is doubled as long as it can be, then refined.

    A stretch that is common begins with one that is half as long, so that ever fewer places are
    left to look at.
    """
    ours, theirs = WindowHashes(joined), WindowHashes(training)
    places = np.flatnonzero(is_among(ours.of_length(1), theirs.of_length(1)))
    if not places.size:
        return CopiedSpan(0, 0, 0, 0)
    longest = 1
    while (found := _common(ours, theirs, places, left, 2 * longest)).size:
        places, longest = found, 2 * longest
        ours.doubled()
        theirs.doubled()
    step = longest // 2
    while step:
        found = _common(ours, theirs, places, left, longest + step)
        if found.size:
            places, longest = found, longest + step
        step //= 2
    place = int(places[0])
    wanted = ours.of_length(longest)[place]
    sample = int(owners[place])
    return CopiedSpan(
        length=longest,
        sample=sample,
        start=place - int(starts[sample]),
        training_start=int(np.flatnonzero(theirs.of_length(longest) == wanted)[0]),
    )


def _common(
    ours: WindowHashes, theirs: WindowHashes, places: Int64Array, left: Int64Array, length: int
) -> Int64Array:
    """Return the places among those given at which a stretch of some length is common."""
    places = places[left[places] >= length]
    if not places.size or length > theirs.num_symbols:
        return places[:0]
    return places[is_among(ours.of_length(length)[places], theirs.of_length(length))]


def _copied_lines(
    samples: Sequence[Int32Array], training: Int32Array, line_end: int
) -> tuple[int, int]:
    """Count the lines of samples, and those that are lines of the training text too."""
    known = set(_lines(training, line_end))
    lines = [line for sample in samples for line in _lines(sample, line_end)]
    return len(lines), sum(line in known for line in lines)


def _lines(symbols: Int32Array, line_end: int) -> list[bytes]:
    """Return the bytes of every line that holds a symbol."""
    ends = np.flatnonzero(symbols == line_end).tolist()
    content = np.ascontiguousarray(symbols, dtype=np.int32).tobytes()
    firsts, stops = [0, *[end + 1 for end in ends]], [*ends, symbols.size]
    return [
        content[4 * first : 4 * stop]
        for first, stop in zip(firsts, stops, strict=True)
        if stop > first
    ]


def _loops(sample: Int32Array, index: int, settings: CopyingSettings) -> tuple[int, Loop | None]:
    """Return how many symbols lie in loops, and the longest loop."""
    is_looping = np.zeros(sample.size, dtype=np.bool_)
    longest: Loop | None = None
    for period in range(1, min(settings.longest_period, sample.size // 2) + 1):
        is_equal = np.concatenate(([False], sample[period:] == sample[:-period], [False]))
        borders = np.flatnonzero(is_equal[1:] != is_equal[:-1]).reshape(-1, 2)
        needed = max(settings.loop_copies * period, settings.loop_length)
        for first, stop in borders[borders[:, 1] - borders[:, 0] + period >= needed].tolist():
            length = stop - first + period
            is_looping[first : first + length] = True
            if longest is None or length > longest.length:
                longest = Loop(index, first, period, length)
    return int(is_looping.sum()), longest
