import bz2
import gzip

import pytest

from seqtools.evaluation.set_lines import set_name, set_names
from seqtools.evaluation.similarity_sets import read_similarity_set, read_similarity_sets


def write(path, text):
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "tiger\tcat\t7.35\nking\tcabbage\t.23\n",
        "tiger cat 7.35\nking  cabbage 0.23\n",
        "tiger,cat,7.35\nking, cabbage, +2.3e-1\n",
        '"tiger","cat",7.35\n"king","cabbage",0.23\n',
        "tiger\tcat\t7.35\r\nking\tcabbage\t0.23",
        "\ufefftiger\tcat\t7.35\n\n  \nking\tcabbage\t0.23\n",
        "# a comment\n# Word 1\tWord 2\tHuman (mean)\ntiger\tcat\t7.35\n#no\nking\tcabbage\t0.23\n",
    ],
    ids=["tabs", "blanks", "commas", "quotes", "crlf", "bom and blank lines", "comments"],
)
def test_separators_and_ends_of_lines_do_not_matter(tmp_path, text):
    pairs = read_similarity_set(write(tmp_path / "set.txt", text))
    assert pairs.pairs == (("tiger", "cat"), ("king", "cabbage"))
    assert pairs.ratings.tolist() == [7.35, 0.23]


@pytest.mark.parametrize(
    "text",
    [
        "word1\tword2\tPOS\tSimLex999\tconc(w1)\ntiger\tcat\tN\t7.35\t4\n",
        "Word 1,Word 2,Human (mean)\ntiger,cat,7.35\n",
        "Word 1\tWord 2\tHuman (mean)\t1\t2\ntiger\tcat\t7.35\t8\t7\n",
        "Word 1 Word 2 Human (mean)\ntiger cat 7.35\n",
        "tiger\tcat\tV\t7.35\tSYNONYMS\n",
        "tiger\tcat\t7.35\t8\t9\t10\n",
        "first\tsecond\tscore\ntiger\tcat\t7.35\n",
    ],
    ids=["SimLex", "WordSim", "WordSim by subject", "blanks", "SimVerb", "RW", "other header"],
)
def test_published_column_layouts_are_understood(tmp_path, text):
    pairs = read_similarity_set(write(tmp_path / "set.txt", text))
    assert pairs.pairs == (("tiger", "cat"),)
    assert pairs.ratings.tolist() == [7.35]


def test_a_pair_of_the_words_word_and_similarity_is_no_header(tmp_path):
    pairs = read_similarity_set(write(tmp_path / "set.tsv", "word\tsimilarity\t4.75\n"))
    assert pairs.pairs == (("word", "similarity"),)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress], ids=["gz", "bz2"])
def test_compressed_sets_are_read_whatever_their_name(tmp_path, compress):
    path = tmp_path / "set.tsv"
    path.write_bytes(compress(b"tiger\tcat\t7.35\n"))
    assert read_similarity_set(path).pairs == (("tiger", "cat"),)


def test_words_in_other_scripts_are_kept(tmp_path):
    text = "Straße\t木\u2028x\t1\n"
    assert read_similarity_set(write(tmp_path / "s", text)).pairs == (("Straße", "木\u2028x"),)


def test_sets_are_named_by_their_files():
    assert set_name("/data/wordsim353.tsv.gz") == "wordsim353"
    assert set_name("-") == "stdin"
    assert set_names(["a/men.txt", "rg.txt", "b/men.txt"]) == ["a/men.txt", "rg", "b/men.txt"]
    assert set_names(["rg.txt", "rg.txt"]) == ["rg.txt (1)", "rg.txt (2)"]


def test_several_sets_keep_their_order(tmp_path):
    paths = [write(tmp_path / f"{name}.txt", "a b 1\n") for name in ("z", "y")]
    assert [pairs.name for pairs in read_similarity_sets(paths)] == ["z", "y"]
