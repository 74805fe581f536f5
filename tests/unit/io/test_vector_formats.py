"""Every format gives back what was saved, and is recognised by its content."""

import gzip
import json
import warnings

import numpy as np
import pytest

from seqtools.embeddings.vector_files import format_for_path, load_vectors, save_vectors
from seqtools.embeddings.word_vectors import WordVectors
from seqtools.errors import SeqtoolsWarning, SettingsError, VectorFormatError
from seqtools.io.vector_formats import SUFFIXES, WRITABLE_FORMATS, identify_format

WORDS = ["the", "naïve", "東京", "1999", "-0.5", "a\xa0b", "don't", "\u2028x", "🙂"]


@pytest.fixture(autouse=True, scope="module")
def unflushed():
    """Leave out flushing to the disk, which takes most of the time and is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((len(WORDS), 7)).astype(np.float32)
    vectors[0, :3] = 0.0, -1e-30, 3e38
    return WordVectors(WORDS, vectors, np.arange(9, 0, -1), {"model": "skipgram", "épo": "5 ✓"})


@pytest.mark.parametrize("compression", ["", ".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("suffix", [*SUFFIXES])
def test_loading_gives_what_was_saved_and_saving_again_the_same_bytes(
    tmp_path, table, suffix, compression
):
    path = tmp_path / f"v{suffix}{compression}"
    if suffix == ".kv" and compression in (".xz", ".zst"):
        pytest.skip("gensim opens neither")
    save_vectors(path, table)
    loaded = load_vectors(path, allow_pickle=suffix == ".kv")
    assert loaded.words == WORDS
    assert loaded.vectors.dtype == np.float32
    np.testing.assert_array_equal(loaded.vectors, table.vectors)
    again = tmp_path / f"again{suffix}{compression}"
    save_vectors(again, loaded)
    assert again.read_bytes() == path.read_bytes()
    if suffix in (".safetensors", ".kv"):
        np.testing.assert_array_equal(loaded.counts, table.counts)
    if suffix == ".safetensors":
        assert loaded.metadata == table.metadata


@pytest.mark.parametrize(("suffix", "name"), SUFFIXES.items())
def test_content_decides_whatever_the_name(tmp_path, table, suffix, name):
    save_vectors(tmp_path / f"v{suffix}", table)
    renamed = (tmp_path / f"v{suffix}").rename(tmp_path / "v.vec.gz.bin")
    assert identify_format(renamed) == name
    assert load_vectors(renamed, allow_pickle=True).words == WORDS


@pytest.mark.parametrize("compression", ["", ".gz", ".zst"])
@pytest.mark.parametrize(("suffix", "name"), SUFFIXES.items())
def test_the_suffix_chooses_the_format(suffix, name, compression):
    assert format_for_path(f"some.dir/v{suffix}{compression}") == name
    assert format_for_path(f"V{suffix.upper()}{compression}") == name
    assert format_for_path("v.unknown", name) == name


@pytest.mark.parametrize("path", ["v", "v.vecs", "v.gz", "v.npy", "dir.vec/v"])
def test_an_unknown_suffix_is_refused_and_the_accepted_ones_named(path):
    with pytest.raises(SettingsError, match=r"\.glove\.txt, \.vec, \.txt, \.bin, \.safetensors"):
        format_for_path(path)


def test_an_unknown_format_is_refused(tmp_path, table):
    with pytest.raises(SettingsError, match=f"one of {', '.join(WRITABLE_FORMATS)}, got 'w2v'"):
        save_vectors(tmp_path / "v.vec", table, format="w2v")
    with pytest.raises(SettingsError, match="got 'w2v'"):
        load_vectors(tmp_path / "v.vec", format="w2v")


def test_limit_reads_the_first_rows_of_every_format(tmp_path, table):
    for suffix in SUFFIXES:
        save_vectors(tmp_path / f"v{suffix}", table)
        loaded = load_vectors(tmp_path / f"v{suffix}", limit=4, allow_pickle=True)
        assert loaded.words == WORDS[:4]
        assert load_vectors(tmp_path / f"v{suffix}", limit=99, allow_pickle=True).words == WORDS


def test_words_selects_in_the_order_of_the_file(tmp_path, table):
    wanted = ["東京", "the", "not there"]
    for suffix in SUFFIXES:
        save_vectors(tmp_path / f"v{suffix}", table)
        loaded = load_vectors(tmp_path / f"v{suffix}", words=wanted, allow_pickle=True)
        assert loaded.words == ["the", "東京"]
        np.testing.assert_array_equal(loaded["東京"], table["東京"])
        with pytest.raises(VectorFormatError, match="none of the wanted words"):
            load_vectors(tmp_path / f"v{suffix}", words=["no"], allow_pickle=True)


def test_a_limit_below_one_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="limit must be at least 1, got 0"):
        load_vectors(tmp_path / "v.vec", limit=0)


def test_native_vectors_are_mapped_not_copied(tmp_path, table):
    save_vectors(tmp_path / "v.safetensors", table)
    loaded = load_vectors(tmp_path / "v.safetensors")
    assert not loaded.vectors.flags.owndata
    assert not loaded.vectors.flags.writeable
    assert loaded.vectors.ctypes.data % 64 == 0


def test_a_mapped_file_can_be_saved_over_itself(tmp_path, table):
    path = tmp_path / "v.safetensors"
    save_vectors(path, table)
    loaded = load_vectors(path)
    save_vectors(path, WordVectors(loaded.words, -loaded.vectors))
    np.testing.assert_array_equal(loaded.vectors, table.vectors)
    np.testing.assert_array_equal(load_vectors(path).vectors, -table.vectors)


def test_reserved_metadata_are_refused(tmp_path):
    table = WordVectors(["a"], [[1.0]], metadata={"seqtools.checksum": "x"})
    with pytest.raises(SettingsError, match=r"'seqtools\.checksum' is reserved"):
        save_vectors(tmp_path / "v.safetensors", table)


def test_metadata_that_look_like_a_checksum_do_no_harm(tmp_path):
    metadata = {"a": '"seqtools.checksum":"crc32:12345678"', "z": "\n"}
    save_vectors(tmp_path / "v.safetensors", WordVectors(["a"], [[1.0]], metadata=metadata))
    assert load_vectors(tmp_path / "v.safetensors").metadata == metadata


@pytest.mark.parametrize("end", ["\n", "\r\n", " \n", " \r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("gap", [" ", "\t", "  "])
def test_text_may_have_any_common_line_end_and_blank(tmp_path, gap, start, end):
    lines = [f"w{i}{gap}{i}.5{gap}-1e-3{gap}+.25" for i in range(5)]
    for header in ([], ["5 3"]):
        path = tmp_path / "v.txt"
        path.write_bytes((start + end.join([*header, *lines]) + end + "\n \n").encode())
        loaded = load_vectors(path)
        assert loaded.words == ["w0", "w1", "w2", "w3", "w4"]
        np.testing.assert_array_equal(loaded["w3"], np.array([3.5, -1e-3, 0.25], np.float32))


def test_text_without_a_last_newline_is_whole(tmp_path):
    (tmp_path / "v.txt").write_text("a 1 2\nb 3 4")
    assert load_vectors(tmp_path / "v.txt").words == ["a", "b"]


def test_text_is_parsed_from_the_right(tmp_path):
    rows = ["a 0.1 0.2", ". . . 0.3 0.4", "at name@domain.com 0.5 0.6", "Route 66 0.7 0.8"]
    for header in ("", "4 2\n"):
        (tmp_path / "v.txt").write_text(header + "\n".join(rows))
        loaded = load_vectors(tmp_path / "v.txt")
        assert loaded.words == ["a", ". . .", "at name@domain.com", "Route 66"]
        assert loaded["Route 66"].tolist() == pytest.approx([0.7, 0.8])


def test_one_dimension_and_numbers_as_words_are_no_header(tmp_path):
    table = WordVectors(["2", "3", "x"], [[1.0], [2.0], [5.0]])
    for suffix in SUFFIXES:
        save_vectors(tmp_path / f"v{suffix}", table)
        loaded = load_vectors(tmp_path / f"v{suffix}", allow_pickle=True)
        assert loaded.words == table.words
        np.testing.assert_array_equal(loaded.vectors, table.vectors)


def test_large_files_are_read_across_blocks(tmp_path):
    rng = np.random.default_rng(3)
    words = [f"wörd{i}" * (1 + i % 7) for i in range(30_000)]
    table = WordVectors(words, rng.standard_normal((30_000, 13)).astype(np.float32))
    for suffix in (".vec", ".glove.txt", ".bin", ".bin.gz", ".vec.zst", ".safetensors.gz"):
        save_vectors(tmp_path / f"v{suffix}", table)
        loaded = load_vectors(tmp_path / f"v{suffix}")
        assert loaded.words == words
        np.testing.assert_array_equal(loaded.vectors, table.vectors)


def test_binary_is_read_with_and_without_newlines_between_rows(tmp_path):
    first, second = np.array([1, 2], "<f4").tobytes(), np.array([3, 4], "<f4").tobytes()
    for between in (b"", b"\n"):
        content = b"2 2\na " + first + between + b"b " + second + between
        (tmp_path / "v.bin").write_bytes(content)
        assert load_vectors(tmp_path / "v.bin")["b"].tolist() == [3.0, 4.0]


def test_duplicates_keep_the_first_with_one_warning(tmp_path):
    (tmp_path / "v.txt").write_text("a 1 2\nb 3 4\na 5 6\nb 7 8\na 9 9\n")
    with pytest.warns(SeqtoolsWarning) as caught:
        loaded = load_vectors(tmp_path / "v.txt")
    assert loaded.words == ["a", "b"]
    assert loaded["a"].tolist() == [1.0, 2.0]
    assert len(caught) == 1
    assert "3 duplicate words" in str(caught[0].message)
    assert "'a' at line 3" in str(caught[0].message)


def test_invalid_words_can_be_replaced_or_skipped(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"a 1 2\nb\xff 3 4\nc 5 6\n")
    with pytest.raises(VectorFormatError, match=r"v\.txt, line 2: the word b'b\\xff' is not UTF-8"):
        load_vectors(tmp_path / "v.txt")
    with pytest.warns(SeqtoolsWarning, match=r"1 words .* repaired .* line 2"):
        assert load_vectors(tmp_path / "v.txt", encoding_errors="replace").words[1] == "b\ufffd"
    with pytest.warns(SeqtoolsWarning, match=r"1 words .* left out"):
        assert load_vectors(tmp_path / "v.txt", encoding_errors="skip").words == ["a", "c"]


def test_numbers_that_are_not_finite_can_be_allowed(tmp_path):
    table = WordVectors(["a", "b"], [[np.nan, 1], [np.inf, -np.inf]])
    for suffix in SUFFIXES:
        path = tmp_path / f"v{suffix}"
        save_vectors(path, table)
        with pytest.raises(VectorFormatError, match="number 1 of the vector of 'a' is nan"):
            load_vectors(path, allow_pickle=True)
        loaded = load_vectors(path, allow_pickle=True, allow_nonfinite=True)
        np.testing.assert_array_equal(loaded.vectors, table.vectors)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_with_a_vocabulary_beside_it_is_read(tmp_path, dtype, order):
    vectors = np.asarray(np.arange(6).reshape(3, 2), dtype=dtype, order=order)
    np.save(tmp_path / "vectors.npy", vectors)
    (tmp_path / "vocab.txt").write_text("a\nb\t17\nc\n")
    for path in (tmp_path, tmp_path / "vectors.npy"):
        loaded = load_vectors(path)
        assert loaded.words == ["a", "b", "c"]
        assert loaded.vectors.dtype == np.float32
        np.testing.assert_array_equal(loaded.vectors, vectors)
    assert load_vectors(tmp_path, words=["c"]).vectors.tolist() == [[4.0, 5.0]]
    (tmp_path / "vocab.txt").write_text("a\nb\na\n")
    with pytest.warns(SeqtoolsWarning, match="1 duplicate words"):
        assert load_vectors(tmp_path).words == ["a", "b"]


def test_standard_output_gets_text(capfdbinary, table):
    save_vectors("-", table)
    assert capfdbinary.readouterr().out.startswith(b"9 7\nthe 0.0 -1e-30 3e+38 ")


def test_equal_vectors_compress_to_equal_bytes(tmp_path, table):
    save_vectors(tmp_path / "a.vec.gz", table)
    save_vectors(tmp_path / "b.vec.gz", table)
    assert (tmp_path / "a.vec.gz").read_bytes() == (tmp_path / "b.vec.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.vec.gz").read_bytes()).startswith(b"9 7\n")


@pytest.mark.parametrize("word", ["a b", "a\n", "", "\ud800"])
def test_words_that_a_format_cannot_hold_are_refused_and_the_old_file_stays(tmp_path, word):
    path = tmp_path / "v.bin"
    save_vectors(path, WordVectors(["old"], [[1.0]]))
    before = path.read_bytes()
    with pytest.raises((VectorFormatError, SettingsError)):
        save_vectors(path, WordVectors([word], [[1.0]]))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["v.bin"]


def test_words_with_spaces_survive_text_and_native(tmp_path):
    table = WordVectors(["new york", "x"], [[0.5, 1.0], [2.0, 3.0]])
    for suffix in (".vec", ".glove.txt", ".safetensors"):
        save_vectors(tmp_path / f"v{suffix}", table)
        assert load_vectors(tmp_path / f"v{suffix}").words == table.words


def test_the_native_header_is_plain_json(tmp_path, table):
    save_vectors(tmp_path / "v.safetensors", table)
    content = (tmp_path / "v.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert header["vectors"] == {"dtype": "F32", "shape": [9, 7], "data_offsets": [0, 252]}
    assert header["__metadata__"]["seqtools.format_version"] == "1"


def test_nothing_is_warned_of_in_ordinary_files(tmp_path, table):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for suffix in SUFFIXES:
            save_vectors(tmp_path / f"v{suffix}", table)
            load_vectors(tmp_path / f"v{suffix}", allow_pickle=True)
