"""The word-counting kernel against plain Python."""

import numpy as np
import pytest

from seqtools.kernels import tokens, word_slots
from tests.reference import tokens as reference

pytestmark = pytest.mark.small

PADDING = tokens.PADDING_BYTES


class Table:
    """The arrays of the kernel, with room for a few thousand words."""

    def __init__(self, slot_bits: int = 13, arena_bytes: int = 1 << 17) -> None:
        self.slot_bits = slot_bits
        self.slots = np.zeros(2 << slot_bits, dtype=np.uint64)
        self.counts = np.zeros((1 << slot_bits) // 2, dtype=np.int64)
        self.arena = np.zeros(arena_bytes, dtype=np.uint8)
        self.borders = np.empty(tokens.BORDERS_SIZE, dtype=np.int64)
        self.lines = np.empty(tokens.BORDERS_SIZE, dtype=np.int64)
        self.scratch = np.empty((tokens.SCRATCH_ROWS, tokens.WORDS_SIZE), dtype=np.uint64)
        self.state = np.zeros(word_slots.STATE_SIZE, dtype=np.int64)
        self.state[word_slots.OPEN_WORD] = -1
        self.state[word_slots.POSITION] = PADDING

    def run(self, content: bytes) -> tuple[int, list[int]]:
        space = np.full(PADDING, 32, dtype=np.uint8)
        text = np.concatenate([space, np.frombuffer(content, dtype=np.uint8), space])
        self.ids = np.empty(len(content) + 2, dtype=np.int32)
        self.state[word_slots.NUM_IDS] = 0
        status = self.resume(text, len(content))
        return status, self.ids[: self.state[word_slots.NUM_IDS]].tolist()

    def resume(self, text: np.ndarray, num_bytes: int) -> int:
        self.text = text
        with np.errstate(over="ignore"):
            return int(
                tokens.count_words(
                    text,
                    PADDING + num_bytes,
                    np.uint64(64 - self.slot_bits),
                    self.state,
                    self.borders,
                    self.lines,
                    self.scratch,
                    self.slots,
                    self.arena,
                    self.counts,
                    self.ids,
                )
            )

    @property
    def words(self) -> list[bytes]:
        used = self.arena[: self.state[word_slots.ARENA_USED]].tobytes()
        return used.split(b"\n")[:-1]


def assert_like_reference(content: bytes) -> None:
    table = Table()
    status, ids = table.run(content)
    expected_ids, words, counts = reference.provisional_ids(content)
    assert status == tokens.DONE
    assert table.words == words
    assert ids == expected_ids
    assert table.counts[: len(words)].tolist() == counts
    assert table.state[word_slots.NUM_TOKENS] == sum(counts)
    assert table.state[word_slots.NUM_LINES] == content.count(b"\n")


@pytest.mark.parametrize(
    "content",
    [
        b"\n",
        b" \t\r\v\f\n",
        b"a\n",
        b"\n\n a  b\n\n\na\tb\r\n",
        b"one\vtwo\fthree four\n",
        "naïve ÿ 日本語 \u2028 \x85 \u00a0 \x1c \x7f\n".encode(),
        b"a b c d e f g h " * 20 + b"\n",
    ],
)
def test_text_becomes_the_ids_of_plain_python(content: bytes) -> None:
    assert_like_reference(content)


def test_words_of_every_length_are_kept_apart() -> None:
    words = [letter * length for length in range(1, 41) for letter in (b"a", b"b", b"\xc3\xa9")]
    # Words that differ in one byte only, at each place.
    for length in (7, 8, 9, 15, 16, 17, 24, 25):
        words += [b"x" * i + b"y" + b"x" * (length - i - 1) for i in range(length)]
    assert_like_reference(b" ".join(words + words[::-1]) + b"\n")


@pytest.mark.parametrize("shift", range(0, 70, 3))
def test_words_may_straddle_blocks_and_batches(shift: int) -> None:
    line = b"a bc def ghij \nklmnopqrstuvwxyz internationalisation \n\n"
    assert_like_reference(b" " * shift + line * 400)


def test_a_word_may_be_longer_than_a_batch() -> None:
    long = b"x" * (3 * tokens.BATCH_BYTES)
    assert_like_reference(b"a " + long + b" b\n" + long + b"y " + long + b"\n")


def test_the_longest_word_is_accepted_and_one_byte_more_is_not() -> None:
    accepted = b"x" * tokens.LONGEST_WORD
    table = Table()
    status, ids = table.run(b"a " + accepted + b" b\n")
    assert status == tokens.DONE
    assert ids == [0, 1, 2, -1]
    table = Table()
    status, _ = table.run(b"a\nbc " + accepted + b"x b\n")
    assert status == tokens.WORD_TOO_LONG
    assert table.state[word_slots.POSITION] == PADDING + 5


def test_a_full_table_stops_before_a_batch_and_goes_on_when_larger() -> None:
    content = b"".join(b"word%d\n" % number for number in range(3000))
    small = Table(slot_bits=12)
    status, _ = small.run(content)
    assert status == tokens.TABLE_FULL
    slots = np.zeros(2 << 13, dtype=np.uint64)
    with np.errstate(over="ignore"):
        word_slots.move_slots(small.slots, np.uint64(64 - 13), slots)
    small.slots, small.slot_bits = slots, 13
    small.counts = np.concatenate([small.counts, np.zeros_like(small.counts)])
    assert small.resume(small.text, len(content)) == tokens.DONE
    expected_ids, words, _ = reference.provisional_ids(content)
    assert small.words == words
    assert small.ids[: small.state[word_slots.NUM_IDS]].tolist() == expected_ids


def test_a_full_arena_stops_before_a_batch_and_goes_on_when_larger() -> None:
    content = b"".join(b"word%d\n" % number for number in range(3000))
    table = Table(arena_bytes=10_000)
    status, _ = table.run(content)
    assert status == tokens.ARENA_FULL
    table.arena = np.concatenate([table.arena, np.zeros(40_000, dtype=np.uint8)])
    assert table.resume(table.text, len(content)) == tokens.DONE
    assert table.words == reference.provisional_ids(content)[1]


def colliding_words(number: int) -> list[bytes]:
    """Make words of 16 bytes that have one key: the last 8 bytes undo what the first 8 changed."""
    rng = np.random.default_rng(5)
    start = np.uint64(16) * word_slots.MULTIPLIER_2
    last = np.frombuffer(b"identity", dtype=np.uint64)[0]
    target, words = None, []
    while len(words) < number:
        first = rng.integers(33, 127, 8, dtype=np.uint8).view(np.uint64)[0]
        mixed = np.uint64(word_slots.mix_bytes(start, first))
        target = mixed ^ last if target is None else target
        word = first.tobytes() + (target ^ mixed).tobytes()
        if not set(word) & set(b"\0 \t\n\r\v\f"):
            words.append(word)
    return words


def test_words_with_equal_keys_are_never_taken_for_one() -> None:
    with np.errstate(over="ignore"):
        words = colliding_words(5)
        keys = set()
        for word in words:
            first, last = np.frombuffer(word, dtype=np.uint64)
            mixed = np.uint64(16) * word_slots.MULTIPLIER_2
            mixed = np.uint64(word_slots.mix_bytes(mixed, first))
            mixed = np.uint64(word_slots.mix_bytes(mixed, last))
            keys.add(int(word_slots.long_key(mixed, np.uint64(16))))
        assert len(keys) == 1
    content = b" ".join([words[0], words[0], *words, *words[::-1], b"a"]) + b"\n"
    table = Table()
    status, ids = table.run(content)
    assert status == tokens.DONE
    assert [table.words[index] for index in ids[:-1]] == content.split()
    assert sorted(table.words) == sorted({*words, b"a"})
    assert sum(table.counts) == len(content.split())
