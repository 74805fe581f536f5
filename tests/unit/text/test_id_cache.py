"""The id cache against plain Python, its statistics, and its checks on opening."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from seqtools.errors import CorpusError, SeqtoolsWarning, SettingsError
from seqtools.monitor import Progress
from seqtools.text.id_cache import SENTENCE_END, IdCache, TextSettings, build_id_cache
from seqtools.text.vocabulary import Vocabulary
from tests.reference import tokens as reference

TEXT = "the cat sat\n\non the mat \t the end\r\nthe cat\v\fis blue\n"


def build(
    folder: Path, text: str | bytes, vocabulary: Vocabulary | None = None, **settings: object
) -> IdCache:
    source = folder / "corpus.txt"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    return build_id_cache([source], folder / "cache", TextSettings(**settings), vocabulary)


def pairs(vocabulary: Vocabulary) -> list[tuple[str, int]]:
    return list(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))


@pytest.mark.parametrize(("min_count", "max_vocabulary"), [(1, None), (2, None), (1, 3)])
def test_cache_equals_plain_python(
    tmp_path: Path, min_count: int, max_vocabulary: int | None
) -> None:
    cache = build(tmp_path, TEXT, min_count=min_count, max_vocabulary=max_vocabulary)
    expected = reference.vocabulary_of(TEXT.encode(), min_count, max_vocabulary)
    assert pairs(cache.vocabulary) == expected
    assert cache.ids.tolist() == reference.final_ids(TEXT.encode(), cache.vocabulary.words)
    assert SENTENCE_END == reference.SENTENCE_END


def test_statistics_add_up(tmp_path: Path) -> None:
    cache = build(tmp_path, TEXT, min_count=2)
    found = cache.statistics
    assert found.bytes_read == len(TEXT)
    assert found.lines_read == 4
    assert found.tokens_read == len(TEXT.split())
    assert found.types_read == len(set(TEXT.split()))
    assert found.tokens_kept == int(cache.vocabulary.counts.sum()) == np.sum(cache.ids >= 0)
    assert found.sentences == np.sum(cache.ids == SENTENCE_END)


def test_opened_cache_equals_the_built_one(tmp_path: Path) -> None:
    built = build(tmp_path, TEXT, min_count=1, lower=True)
    opened = IdCache.open(tmp_path / "cache")
    assert np.array_equal(built.ids, opened.ids)
    assert opened.vocabulary == built.vocabulary
    assert opened.statistics == built.statistics
    assert opened.settings == built.settings == TextSettings(min_count=1, lower=True)
    assert opened.fingerprint == built.fingerprint
    opened.verify()


def test_ids_are_a_read_only_memory_map(tmp_path: Path) -> None:
    cache = build(tmp_path, TEXT, min_count=1)
    assert isinstance(cache.ids, np.memmap)
    assert cache.ids.dtype == np.int32
    with pytest.raises(ValueError, match="read-only"):
        cache.ids[0] = 1


def test_no_sentence_spans_two_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a b")
    (tmp_path / "b.txt").write_bytes(b"\xef\xbb\xbfb a")
    cache = build_id_cache(
        [tmp_path / "a.txt", tmp_path / "b.txt"], tmp_path / "c", TextSettings(min_count=1)
    )
    assert cache.vocabulary.words == ["a", "b"]
    assert cache.ids.tolist() == [0, 1, -1, 1, 0, -1]


def test_files_read_together_equal_their_concatenation(tmp_path: Path) -> None:
    names = [tmp_path / name for name in "abc"]
    texts = [b"x y z\n" * 3, b"\n\ny z\n", b"z z\nx q\n"]
    for name, text in zip(names, texts, strict=True):
        name.write_bytes(text)
    apart = build_id_cache(names, tmp_path / "one", TextSettings(min_count=1))
    together = build(tmp_path, b"".join(texts), min_count=1)
    assert apart.fingerprint == together.fingerprint
    assert apart.statistics == together.statistics


def test_standard_input_gives_the_same_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(TEXT.encode())))
    monkeypatch.setattr(sys, "stdin", stdin)
    piped = build_id_cache(["-"], tmp_path / "piped", TextSettings(min_count=1))
    assert piped.fingerprint == build(tmp_path, TEXT, min_count=1).fingerprint


def test_lower_case_merges_words(tmp_path: Path) -> None:
    cache = build(tmp_path, "The THE the École école\n", min_count=1, lower=True)
    assert pairs(cache.vocabulary) == [("the", 3), ("école", 2)]
    assert cache.ids.tolist() == [0, 0, 0, 1, 1, -1]
    assert cache.statistics.types_read == 2


def test_only_ascii_white_space_separates(tmp_path: Path) -> None:
    text = "a\u00a0b c\u2028d e\x85f g\u3000h i\x1cj\n"
    cache = build(tmp_path, text, min_count=1)
    assert sorted(cache.vocabulary.words) == sorted(text[:-1].split(" "))
    assert cache.statistics.lines_read == 1


def test_a_given_vocabulary_keeps_words_ids_and_counts(tmp_path: Path) -> None:
    given = Vocabulary(["dog", "the", "cat"], [50, 40, 30])
    cache = build(tmp_path, TEXT, vocabulary=given)
    assert cache.vocabulary == given
    assert cache.ids.tolist() == [1, 2, -1, 1, 1, -1, 1, 2, -1]
    assert cache.statistics.tokens_kept == 6
    assert cache.statistics.tokens_read == len(TEXT.split())
    assert IdCache.open(tmp_path / "cache").vocabulary == given


def test_a_given_vocabulary_that_fits_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"none of the 1 words .* --vocab"):
        build(tmp_path, TEXT, vocabulary=Vocabulary(["dog"], [1]))


@pytest.mark.parametrize("text", ["", "\n", " \t\r\n\v\f \n", "\ufeff"])
def test_a_text_without_words_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CorpusError, match=r"corpus\.txt: no words"):
        build(tmp_path, text)
    assert not (tmp_path / "cache").exists()


def test_the_null_device_has_no_words(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="/dev/null: no words"):
        build_id_cache(["/dev/null"], tmp_path / "cache", TextSettings())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a b c a\n",
            r"no word occurs 5 times .* has 3 different words, the commonest 2 times; lower --min",
        ),
        ("a a a a a b\n", "only one word occurs 5 times or more"),
        ("a a a a a\na\n", "the text holds a single word, 'a', over and over"),
        ("a\n", "the text holds a single word"),
    ],
)
def test_a_text_that_leaves_nothing_to_learn_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(CorpusError, match=message):
        build(tmp_path, text)


def test_replacing_invalid_bytes_is_told(tmp_path: Path) -> None:
    content = b"good words\nbad\xff\xfe word\nbad\xff\xfe good \xe2\x82\n"
    with pytest.warns(SeqtoolsWarning, match=r"corpus\.txt, line 2, byte 14: .* 5 .* 3 words"):
        cache = build(tmp_path, content, min_count=1, encoding_errors="replace")
    assert "bad\ufffd\ufffd" in cache.vocabulary
    assert cache.statistics.replaced_characters == 5
    assert cache.statistics.replaced_tokens == 3


def test_replacing_keeps_still_about_valid_text(tmp_path: Path) -> None:
    strict = build(tmp_path, "naïve \ufffd text\n", min_count=1)
    lenient = build(tmp_path, "naïve \ufffd text\n", min_count=1, encoding_errors="replace")
    assert lenient.fingerprint == strict.fingerprint
    assert lenient.statistics == strict.statistics


@pytest.mark.parametrize(
    "settings",
    [{"min_count": 0}, {"max_vocabulary": 1}, {"encoding_errors": "skip"}, {"min_count": -3}],
)
def test_settings_outside_their_range_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(settings))):
        TextSettings(**settings)


def test_fingerprint_tells_ids_and_vocabulary(tmp_path: Path) -> None:
    texts = ["a b a\n", "a a b\n", "a b\na\n", "a c a\n"]
    assert len({build(tmp_path, text, min_count=1).fingerprint for text in texts}) == 4


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    class Recorder:
        def __init__(self) -> None:
            self.phases: list[str] = []
            self.last: list[tuple[float, float | None]] = []

        def start(self, phase: str, total: float | None, unit: str) -> None:
            assert total
            self.phases.append(f"{phase} in {unit}")

        def update(self, progress: Progress) -> None:
            self.current = (progress.done, progress.total)

        def finish(self) -> None:
            self.last.append(self.current)

        def message(self, text: str) -> None:
            self.news = text

    recorder = Recorder()
    source = tmp_path / "corpus.txt"
    source.write_text(TEXT)
    build_id_cache([source], tmp_path / "cache", TextSettings(min_count=1), monitor=recorder)
    assert recorder.phases == ["reading corpus in bytes", "encoding corpus in words"]
    assert all(done == total for done, total in recorder.last)
    assert recorder.news == (
        "vocabulary of 8 words (of 8, --min-count 1): 12 of the 12 words of the text are kept"
    )


def test_a_new_cache_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    old = build(tmp_path, TEXT, min_count=1)
    ids = old.ids.tolist()
    new = build(tmp_path, "x y x\n", min_count=1)
    assert IdCache.open(tmp_path / "cache").fingerprint == new.fingerprint
    assert len(list((tmp_path / "cache").iterdir())) == 3
    assert old.ids.tolist() == ids  # a map of the old ids stays readable


def test_a_directory_without_a_cache_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no finished id cache"):
        IdCache.open(tmp_path)
    with pytest.raises(CorpusError, match="no finished id cache"):
        IdCache.open(tmp_path / "missing")


def damage_description(path: Path, **changes: object) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_ids": 3}, "damaged"),
        ({"format": "other"}, "not the description of an id cache"),
        ({"version": 99}, "version 99 of the id cache, this program reads 1"),
        ({"checksum": "0"}, "damaged"),
    ],
)
def test_a_changed_description_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    build(tmp_path, TEXT, min_count=1)
    damage_description(tmp_path / "cache" / "cache.json", **changes)
    with pytest.raises(CorpusError, match=message):
        IdCache.open(tmp_path / "cache")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"null"])
def test_a_description_that_is_no_json_object_is_refused(tmp_path: Path, content: bytes) -> None:
    build(tmp_path, TEXT, min_count=1)
    (tmp_path / "cache" / "cache.json").write_bytes(content)
    with pytest.raises(CorpusError, match=r"cache\.json: "):
        IdCache.open(tmp_path / "cache")


def test_any_cut_or_missing_file_is_refused(tmp_path: Path) -> None:
    build(tmp_path, TEXT, min_count=1)
    for path in (tmp_path / "cache").iterdir():
        whole = path.read_bytes()
        for content in (whole[:-1], whole[: len(whole) // 2], b"", None):
            path.unlink()
            if content is not None:
                path.write_bytes(content)
            is_whole = content == whole[:-1] and path.suffix != ".int32"  # but for a line feed
            if not is_whole:
                with pytest.raises(CorpusError, match=path.name):
                    IdCache.open(tmp_path / "cache")
            path.write_bytes(whole)
    IdCache.open(tmp_path / "cache").verify()


def test_any_flipped_bit_is_found(tmp_path: Path) -> None:
    build(tmp_path, "a b a c\nb a\n", min_count=1)
    for path in (tmp_path / "cache").iterdir():
        whole = path.read_bytes()
        for place in range(len(whole)):
            bit = 1 << place % 8
            path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            try:
                IdCache.open(tmp_path / "cache").verify()
            except CorpusError:
                continue
            assert path.name == "cache.json"
            assert json.loads(path.read_bytes()) == json.loads(whole)  # white space alone
        path.write_bytes(whole)
