"""Any vectors survive a file; any damage to a file ends in an error of seqtools or in vectors."""

import gzip
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seqtools.embeddings.vector_files import load_vectors, save_vectors
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsError, SeqtoolsWarning, VectorFormatError

SUFFIXES = [".vec", ".glove.txt", ".bin", ".safetensors"]

letters = st.characters(blacklist_categories=("Cs", "Zs", "Zl", "Zp", "Cc"))
words = st.text(letters, min_size=1, max_size=8)
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.fixture(autouse=True, scope="module")
def unflushed():
    """Leave out flushing to the disk, which takes most of the time and is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield


@st.composite
def tables(draw):
    vocabulary = draw(st.lists(words, min_size=1, max_size=12, unique=True))
    dim = draw(st.integers(1, 6))
    vectors = draw(arrays.arrays(np.float32, (len(vocabulary), dim), elements=numbers))
    return WordVectors(vocabulary, vectors)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".vec.gz", ".bin.zst"])
@given(table=tables())
@settings(max_examples=30)
def test_a_file_gives_back_words_and_numbers_exactly(tmp_path, suffix, table):
    path = tmp_path / f"v{suffix}"
    save_vectors(path, table)
    loaded = load_vectors(path)
    assert loaded.words == table.words
    assert (loaded.vectors.view(np.uint32) == table.vectors.view(np.uint32)).all()
    first = path.read_bytes()
    save_vectors(path, loaded)
    assert path.read_bytes() == first


awkward = st.text(
    st.sampled_from(list("ab1.-e \t\r\x0b\x0c\0\n\x85\xa0\ufeff\u2028,+")), min_size=1
)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(vocabulary=st.lists(awkward, min_size=1, max_size=6, unique=True), dim=st.integers(1, 3))
@settings(max_examples=150)
def test_awkward_words_are_refused_or_come_back(tmp_path, suffix, vocabulary, dim):
    table = WordVectors(vocabulary, np.arange(len(vocabulary) * dim).reshape(-1, dim))
    path = tmp_path / f"v{suffix}"
    try:
        save_vectors(path, table)
    except VectorFormatError:
        return
    loaded = load_vectors(path)
    assert loaded.words == vocabulary
    np.testing.assert_array_equal(loaded.vectors, table.vectors)


def _try_to_load(path):
    """Load within bounds; return the vectors or None."""
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SeqtoolsWarning)
            return load_vectors(path)
    except SeqtoolsError:
        return None
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 100_000_000


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    """Return the bytes of one table in every format."""
    folder = tmp_path_factory.mktemp("whole")
    found = {}
    for suffix in [*SUFFIXES, ".vec.gz", ".bin.bz2", ".bin.xz", ".safetensors.xz", ".vec.zst"]:
        save_vectors(folder / f"v{suffix}", _sample())
        found[suffix] = (folder / f"v{suffix}").read_bytes()
    return found


def _sample():
    rng = np.random.default_rng(8)
    vocabulary = [f"wörd{i}" for i in range(20)]
    counts = np.arange(20)
    return WordVectors(vocabulary, rng.standard_normal((20, 5)), counts, {"model": "skipgram"})


@st.composite
def damages(draw):
    """Draw a function that damages bytes."""
    kind = draw(st.sampled_from(["flip", "byte", "cut", "insert", "remove", "swap"]))
    place = draw(st.floats(0, 1, exclude_max=True))
    bit, junk = draw(st.integers(0, 7)), draw(st.binary(min_size=1, max_size=12))

    def damage(content):
        at = int(place * len(content))
        if kind == "flip":
            return content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]
        if kind == "byte":
            return content[:at] + junk[:1] + content[at + 1 :]
        if kind == "cut":
            return content[:at]
        if kind == "insert":
            return content[:at] + junk + content[at:]
        if kind == "remove":
            return content[:at] + content[at + len(junk) :]
        return content[at:] + content[:at]

    return damage


@pytest.mark.parametrize(
    "suffix", [*SUFFIXES, ".vec.gz", ".bin.bz2", ".safetensors.xz", ".vec.zst"]
)
@given(changes=st.lists(damages(), min_size=1, max_size=3))
@settings(max_examples=100)
def test_damage_ends_in_an_error_or_in_vectors(tmp_path, contents, suffix, changes):
    path, content = tmp_path / "v", contents[suffix]
    for change in changes:
        content = change(content) if content else content
    path.write_bytes(content)
    loaded = _try_to_load(path)
    assert loaded is None or np.isfinite(loaded.vectors).all()


@given(change=damages())
@settings(max_examples=50)
def test_damage_before_compression_ends_in_an_error_or_in_vectors(tmp_path, contents, change):
    path = tmp_path / "v.vec"
    for suffix in SUFFIXES:
        path.write_bytes(gzip.compress(change(contents[suffix]), 1))
        _try_to_load(path)


@given(content=st.binary(max_size=300))
@settings(max_examples=100)
def test_junk_ends_in_an_error_or_in_vectors(tmp_path, content):
    path = tmp_path / "v"
    for head in (b"", b"2 2\n", b"a 1 2\n", b"\x28\xb5\x2f\xfd", b"\x40\0\0\0\0\0\0\0{"):
        path.write_bytes(head + content)
        _try_to_load(path)


def test_one_flipped_bit_anywhere_in_a_native_file_is_found(tmp_path):
    path = tmp_path / "v.safetensors"
    table = WordVectors(["a", "b"], [[0.5, 1.0], [2.0, -1.0]], [5, 3], {"model": "glove"})
    save_vectors(path, table)
    content = path.read_bytes()
    # A bit of every byte, and every bit of the length; all bits of all bytes take nine seconds.
    places = [(byte, byte * 5 % 8) for byte in range(len(content))]
    for byte, bit in [*places, *((byte, bit) for byte in range(8) for bit in range(8))]:
        damaged = bytearray(content)
        damaged[byte] ^= 1 << bit
        path.write_bytes(damaged)
        with pytest.raises(SeqtoolsError):
            load_vectors(path)


@pytest.mark.parametrize("suffix", [".vec", ".bin", ".safetensors", ".vec.gz", ".bin.xz"])
def test_a_file_cut_anywhere_is_refused(tmp_path, contents, suffix):
    path, content = tmp_path / "v", contents[suffix]
    # The newline at the end of text and binary is no loss.
    whole = len(content) - (suffix in (".vec", ".bin"))
    for length in [*range(0, whole, 5), whole - 1]:
        path.write_bytes(content[:length])
        if suffix == ".vec" and content[:length].count(b"\n") == 20:
            continue  # cut within the last number, which leaves a number
        with pytest.raises(SeqtoolsError):
            load_vectors(path)
