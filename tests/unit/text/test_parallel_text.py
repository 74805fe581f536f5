"""Two files side by side: counts, names, empty and long lines, prefixes, and what is set apart."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtools.errors import CorpusError, FileAccessError, SettingsError
from seqtools.text.codecs import build_codec
from seqtools.text.encoding import EncodedLines, encode_lines
from seqtools.text.parallel_text import language_paths, read_parallel, trainable_pairs
from seqtools.text.splits import SplitSettings, split_rows, split_stream
from seqtools.text.symbols import CodecSettings


class Listener:
    """Keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


def write(folder: Path, **files: str | bytes) -> None:
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def lines_of(lengths: list[int]) -> EncodedLines:
    return EncodedLines.from_lines(np.full(length, 5, dtype=np.int32) for length in lengths)


def test_lines_are_read_in_pairs(tmp_path: Path) -> None:
    write(tmp_path, a_de="ein\n\ndrei\n", a_en=gzip.compress(b"one\ntwo\n\n"))
    text = read_parallel(tmp_path / "a.de", tmp_path / "a.en")
    assert text.sources == ["ein", "", "drei"]
    assert text.targets == ["one", "two", ""]
    assert text.take(np.array([2, 0])).sources == ["drei", "ein"]
    assert len(text) == 3


@pytest.mark.parametrize(("source", "target"), [("a\n", "a\nb\n"), ("a\nb", ""), ("", "\n")])
def test_unequal_numbers_of_lines_name_both_files(tmp_path: Path, source: str, target: str) -> None:
    write(tmp_path, a_de=source, a_en=target)
    counts = [len(text.splitlines()) for text in (source, target)]
    with pytest.raises(CorpusError) as caught:
        read_parallel(tmp_path / "a.de", tmp_path / "a.en")
    for name, count in zip(("a.de", "a.en"), counts, strict=True):
        assert f"{tmp_path / name} has {count} line" in str(caught.value)


def test_files_without_lines_are_refused(tmp_path: Path) -> None:
    write(tmp_path, a_de="", a_en="")
    with pytest.raises(CorpusError, match=r"a\.de: no lines"):
        read_parallel(tmp_path / "a.de", tmp_path / "a.en")
    with pytest.raises(SettingsError, match="not both"):
        read_parallel("-", "-")


def test_a_very_long_line_is_one_line(tmp_path: Path) -> None:
    write(tmp_path, a_de="wort " * 5000 + "\nkurz\n", a_en="word\nshort\n")
    text = read_parallel(tmp_path / "a.de", tmp_path / "a.en")
    codec = build_codec(text.sources, CodecSettings("word"))
    assert encode_lines(text.sources, codec).lengths.tolist() == [5000, 1]


def test_files_are_found_by_prefix_and_language(tmp_path: Path) -> None:
    write(tmp_path, train_de="", train_en_gz="", train_images_txt="", training_fr="", train="")
    found = tmp_path / "train.de", tmp_path / "train.en.gz"
    prefix = tmp_path / "train"
    assert language_paths(prefix, "de", "en") == found
    assert language_paths(prefix, "de") == found
    assert language_paths(prefix, target_language="de") == found[::-1]
    with pytest.raises(SettingsError, match=r"must be named .* there are train\.de, train\.en\.gz"):
        language_paths(prefix)
    with pytest.raises(FileAccessError, match=r"train\.fr: cannot read: .* there are train\.de"):
        language_paths(prefix, "de", "fr")
    with pytest.raises(FileAccessError, match=r"no file is named .*other\.LANGUAGE"):
        language_paths(tmp_path / "other", "de", "en")
    with pytest.raises(SettingsError, match="must differ, got de twice"):
        language_paths(prefix, "de", "de")
    with pytest.raises(FileAccessError, match="no file is named"):
        language_paths(tmp_path / "nowhere" / "train", "de", "en")
    write(tmp_path, train_fr="")
    with pytest.raises(SettingsError, match="must be named"):
        language_paths(prefix, "de")


def test_pairs_left_out_are_told() -> None:
    listener = Listener()
    sources, targets = lines_of([3, 0, 9, 2, 0]), lines_of([3, 1, 1, 9, 0])
    kept = trainable_pairs(sources, targets, 5, listener, "train")
    assert kept.tolist() == [0]
    start = "train: 2 pairs of 5 are left out, each of which"
    empty, long = listener.messages
    assert empty == f"{start} has an empty side (the first on line 2)"
    assert long == f"{start} is longer than 5 symbols (the first on line 3)"
    listener.messages.clear()
    assert trainable_pairs(sources, targets, None, listener).tolist() == [0, 2, 3]
    assert trainable_pairs(lines_of([1, 2]), lines_of([1, 2]), 1, listener).tolist() == [0]
    assert listener.messages[-1] == (
        "the corpus: 1 pair of 2 is left out, which is longer than 1 symbols (line 2)"
    )
    with pytest.raises(CorpusError, match="train: 2 pairs have an empty side and 3 are longer"):
        trainable_pairs(sources, targets, 1, listener, "train")


@given(
    num_rows=st.integers(2, 60),
    size=st.floats(0.01, 0.4) | st.integers(1, 5),
    place=st.sampled_from(["last", "random"]),
    seed=st.integers(0, 3),
)
def test_every_line_is_on_one_side(num_rows: int, size: float, place: str, seed: int) -> None:
    settings = SplitSettings(size, place, seed)
    if size >= num_rows:
        with pytest.raises(CorpusError, match="would be set apart"):
            split_rows(num_rows, settings)
        return
    train, dev = split_rows(num_rows, settings)
    assert sorted([*train, *dev]) == list(range(num_rows))
    assert np.all(np.diff(train) > 0)
    assert np.all(np.diff(dev) > 0)
    assert dev.size == (size if size >= 1 else np.ceil(size * num_rows))
    if place == "last":
        assert dev.tolist() == list(range(num_rows - dev.size, num_rows))
    again = split_rows(num_rows, settings)
    assert np.array_equal(again[1], dev)


@given(ids=st.lists(st.integers(3, 5), min_size=2, max_size=50), share=st.floats(0.01, 0.99))
def test_a_stream_is_divided_at_a_line_end(ids: list[int], share: float) -> None:
    stream = np.array(ids, dtype=np.int32)
    train, dev = split_stream(stream, share, line_end=3)
    assert [*train.tolist(), *dev.tolist()] == ids
    assert train.size
    assert dev.size
    if 3 in ids[:-1]:
        assert train[-1] == 3
    else:
        assert abs(dev.size - share * len(ids)) <= 1


def test_faulty_splits_are_refused() -> None:
    for values, message in [
        ({"size": 0}, "size must be a share"),
        ({"size": float("nan")}, "size must be a share"),
        ({"size": 2.5}, "size must be a share"),
        ({"size": float("inf")}, "size must be a share"),
        ({"place": "first"}, "place must be 'last' or 'random'"),
        ({"seed": -1}, "seed must be at least 0"),
    ]:
        with pytest.raises(SettingsError, match=message):
            SplitSettings(**values)
    with pytest.raises(SettingsError, match="share must lie between 0 and 1"):
        split_stream(np.zeros(9, dtype=np.int32), 1.0, 3)
    with pytest.raises(CorpusError, match="cannot be divided"):
        split_stream(np.zeros(1, dtype=np.int32), 0.5, 3)


def test_real_pairs_fit_together(data: Path) -> None:
    paths = language_paths(data / "multi30k-ende" / "val", "de", "en")
    text = read_parallel(*paths)
    assert len(text) == 1014
