"""Word sets: those that ship, those that users write, and what is wrong with them."""

import hashlib
import json
from importlib import resources

import pytest

from seqtools.bias.builtin_sets import (
    AXES,
    builtin_axis,
    builtin_test,
    builtin_tests,
    describe_sets,
    professions,
)
from seqtools.bias.chosen_sets import AxisChoice, choose_axis, choose_tests
from seqtools.bias.set_files import read_bias_sets, read_plain_words, read_word_groups
from seqtools.bias.word_sets import BiasAxis, NamedWords, WeatTest
from seqtools.errors import FileAccessError, FileContentError, SettingsError

LISTS = {
    "definitional_pairs": "f2387fdd4ae4d956083ee7594f1401b1ba112914d40a99bb61d481de73db9614",
    "equalize_pairs": "b6e7dda64461e7828f8d184a51216a87aefcfc2b726d3691aa15b7acc2a1994c",
    "gender_specific_full": "300068da1885e9dc8bf2235d987fd0cf5d0b08a6877a0a639ee0060a989bac1f",
    "gender_specific_seed": "9802a524c932d9f0b9b4ecd7ffc429a42d7f8dbe9cbe2020741f984255138958",
    "professions": "32cc82c7761e7cfb14e37e06dc1aa9f758bc8441f79ca7288996d3fc7c24639a",
}


@pytest.mark.parametrize("name", LISTS)
def test_published_lists_ship_unchanged(name):
    content = resources.files("seqtools.bias.sets").joinpath(f"{name}.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == LISTS[name]


def test_the_licence_of_the_lists_ships_with_them():
    text = resources.files("seqtools.bias.sets").joinpath("LICENSE-bolukbasi.txt").read_text()
    assert "MIT License" in text
    assert all(f"{name}.json" in text for name in LISTS)


@pytest.mark.parametrize("number", range(1, 11))
def test_the_words_of_every_test_are_the_published_ones(data, number):
    listed = json.loads((data / "debias" / "weat" / f"weat{number}.jsonl").read_text())
    test = builtin_test(f"weat-{number}")
    sets = (*test.targets, *test.attributes)
    for named, key in zip(sets, ("targ1", "targ2", "attr1", "attr2"), strict=True):
        assert sorted(named.words) == sorted(listed[key]["examples"]), named.name


def test_axes_have_the_published_numbers_of_words():
    gender = builtin_axis("gender")
    sizes = [len(gender.definitional), len(gender.equalize), len(gender.specific)]
    assert sizes == [10, 52, 1441]
    assert (len(gender.seeds), len(gender.targets)) == (218, 320)
    assert gender.definitional[0] == ("woman", "man")
    for name in AXES:
        axis = builtin_axis(name)
        assert axis.targets == professions()
        groups = {word for group in axis.definitional for word in group}
        assert {named.name for named in axis.stereotypes} <= groups
    with pytest.raises(SettingsError, match="axis must be one of"):
        builtin_axis("age")
    with pytest.raises(SettingsError, match="no built-in test 'weat-11'"):
        builtin_test("weat-11")


def test_every_built_in_set_is_described():
    described = {item.name: item for item in describe_sets()}
    assert {f"weat-{i}" for i in range(1, 11)} | {*AXES, "professions"} == set(described)
    assert all(item.words and item.language == "en" and item.source for item in described.values())


TOML = """
language = "fr"
[words]
fleurs = ["rose", "lys"]
[weat."mon essai"]
targets = ["fleurs", ["punaise", "mouche"]]
attributes = [["beau"], ["laid"]]
[axis]
name = "genre"
definitional = [["femme", "homme"]]
specific = ["reine"]
stereotypes = { femme = ["infirmière"], homme = ["médecin"] }
"""


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_users_write_sets_as_toml(tmp_path):
    sets = read_bias_sets(write(tmp_path / "sets.toml", TOML))
    [test] = sets.weat
    assert (test.name, test.language) == ("mon essai", "fr")
    assert test.targets[0] == NamedWords("fleurs", ("rose", "lys"))
    assert test.title == "fleurs and punaise, ..., beau and laid"
    assert sets.axis.name == "genre"
    assert sets.axis.specific == ("reine",)
    assert sets.axis.stereotypes[1] == NamedWords("homme", ("médecin",))


def test_the_same_sets_can_be_json(tmp_path):
    import tomllib

    path = write(tmp_path / "sets.json", json.dumps(tomllib.loads(TOML), indent=1))
    assert read_bias_sets(path) == read_bias_sets(write(tmp_path / "sets.toml", TOML))


@pytest.mark.parametrize(
    ("suffix", "text", "message"),
    [
        ("toml", "[weat.a]\ntargets = [['x'\n", "line 2: not TOML: "),
        ("toml", "[weat.a]\ntargets = 1", "line 2: key weat.a.targets: expected two sets, got 1"),
        ("toml", "[weat.a]\nx = 1", "line 2: key weat.a.x: unknown; known here: attributes, targ"),
        (
            "toml",
            "[weat.a]\ntargets = [['x'], []]\nattributes = [['a'], ['b']]",
            r"line 2: key weat.a.targets\[1\]: the set is empty",
        ),
        (
            "toml",
            "\n[weat.a]\ntargets = [['x'], ['y', 'x']]\nattributes = [['a'], ['b']]",
            "line 2: key weat.a: 'x' stands in both targets, 'x' and 'y, ...'; leave it in one",
        ),
        (
            "toml",
            "[words]\nw = ['a']\n[weat.b]\ntargets = ['w', 'v']\nattributes = ['w', 'w']",
            r"line 4: key weat.b.targets\[1\]: no list 'v' in the table words; lists there: w",
        ),
        ("toml", "[words]\na = ['x',\n 'x']", r"line 2: key words.a\[1\]: 'x' occurs twice"),
        ("toml", "[words]\na = 'x'", "line 2: key words.a: expected a list of words, got a text"),
        ("toml", "[words]\na = ['x']", "no word sets; write a table"),
        ("toml", "[axis]\ndefinitional = [['x']]", "line 2: key axis.definitional: every def"),
        (
            "toml",
            "[axis]\nequalize = [['x', 'y'], ['y', 'z']]",
            "line 2: key axis.equalize: 'y' stands in two sets to equalize, 'x y' and 'y z'",
        ),
        ("toml", "[axis]\nindirect = [['x']]", r"line 2: key axis.indirect\[0\]: expected two w"),
        ("json", '{"weat": {\n"a": 3}}', "line 2: key weat.a: expected a table with targets"),
        ("json", '{"weat": {\n"a": {"targets": [["x"],\n["y", ""]]}}}',
         r"line 3: key weat.a.targets\[1\]\[1\]: expected a word, got ''"),
        ("json", '{"weat":\n {"a": \n', "line 2: not JSON: "),
        ("json", '{"language": ["en"]}', "line 1: key language: expected a text, got a list"),
        ("txt", "some words", "expected tables of word sets, got nothing"),
        ("json", "[" * 100_000, "not JSON: nested too deeply"),
        ("toml", "x = " + "[" * 100_000, "not TOML: nested too deeply"),
        ("json", '{"weat": ' + "9" * 5000 + "}", "not JSON: a number of too many digits"),
        ("toml", "x = " + "9" * 5000, "not TOML: a number of too many digits"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_named_with_line_and_key(tmp_path, suffix, text, message):
    path = write(tmp_path / f"sets.{suffix}", text)
    with pytest.raises(FileContentError, match=message) as caught:
        read_bias_sets(path)
    assert str(caught.value).startswith(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pairs.txt", "# pairs\nwoman man\nNew York\tLos Angeles\n\ngirl, boy  # children\n"),
        ("pairs.json", '[["woman", "man"], ["New York", "Los Angeles"], ["girl", "boy"]]'),
        ("p.toml", 'sets = [["woman", "man"], ["New York", "Los Angeles"], ["girl", "boy"]]'),
        ("q.json", '{"sets": [["woman", "man"], ["New York", "Los Angeles"], ["girl", "boy"]]}'),
    ],
)  # fmt: skip
def test_pairs_are_read_from_any_format(tmp_path, name, text):
    groups = read_word_groups(write(tmp_path / name, text), "definitional")
    assert groups == (("woman", "man"), ("New York", "Los Angeles"), ("girl", "boy"))


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("a b\nc\n", "definitional", "line 2: every definitional set must hold at least two"),
        ("a b\nc c\n", "definitional", "line 2: every definitional set must hold at least two"),
        ("a b\n\nc b\n", "equalize", "line 3: 'b' stands in two sets to equalize, 'a b' and 'c b'"),
        ("# nothing\n", "equalize", "no equalize sets; write at least one pair"),
        ('[["a", "b"],\n["c"]]', "definitional", "line 2: every definitional set must hold at"),
        ('["a", "b"]', "definitional", r"line 1: key \[0\]: expected a list of words, got a text"),
        ('{"other": 1}', "equalize", "key sets: expected a list of sets"),
    ],
)
def test_malformed_pairs_are_named_with_their_line(tmp_path, text, kind, message):
    with pytest.raises(FileContentError, match=message):
        read_word_groups(write(tmp_path / "pairs", text), kind)


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.txt", "king\nqueen\t7\n\nking\n"), ("a.json", '["king", "queen"]'),
     ("a.toml", 'words = ["king", "queen"]')],
)  # fmt: skip
def test_specific_words_are_read_from_any_format(tmp_path, name, text):
    assert read_plain_words(write(tmp_path / name, text)) == ("king", "queen")


def test_an_empty_list_of_words_is_refused(tmp_path):
    with pytest.raises(FileContentError, match="no words; put one word on each line"):
        read_plain_words(write(tmp_path / "empty.txt", "\n"))
    with pytest.raises(FileContentError, match="key words: expected a list of words, got nothing"):
        read_plain_words(write(tmp_path / "empty.toml", "x = []"))


def test_an_axis_needs_sets_of_two_words():
    with pytest.raises(SettingsError, match="has no definitional set"):
        BiasAxis("age", ())
    with pytest.raises(SettingsError, match="every definitional set must hold at least two"):
        BiasAxis("age", (("old",),))
    with pytest.raises(SettingsError, match="'old' stands in two sets to equalize"):
        BiasAxis("age", (("old", "young"),), equalize=(("old", "young"), ("old", "new")))


def test_a_test_needs_words_in_every_set():
    some = NamedWords("some", ("a",))
    with pytest.raises(SettingsError, match="the set 'none' among the targets is empty"):
        WeatTest("t", (some, NamedWords("none", ())), (some, some))


def test_tests_are_chosen_by_name_and_by_file(tmp_path):
    path = write(tmp_path / "sets.toml", TOML)
    assert choose_tests(()).tests == builtin_tests()
    assert [test.name for test in choose_tests(["weat-7", path]).tests] == ["weat-7", "mon essai"]
    assert len(choose_tests(["weat"]).tests) == 10
    with pytest.raises(SettingsError, match="two tests are called 'weat-7'"):
        choose_tests(["weat-7", "weat"])
    with pytest.raises(FileAccessError, match=r"built-in sets: weat, weat-1 to weat-10"):
        choose_tests([str(tmp_path / "missing.toml")])
    with pytest.raises(SettingsError, match="a second axis"):
        choose_tests([path, write(tmp_path / "b.toml", TOML.replace("mon essai", "autre"))])


def test_an_axis_of_a_file_is_completed(tmp_path):
    axis = choose_axis(AxisChoice(), choose_tests([write(tmp_path / "sets.toml", TOML)]))
    assert axis.name == "genre"
    assert axis.targets == professions()
    assert axis.equalize == (("femme", "homme"),)
    shared = '[axis]\ndefinitional = [["a", "b"], ["a", "c"]]\ntargets = ["x"]'
    axis = choose_axis(AxisChoice(), choose_tests([write(tmp_path / "b.toml", shared)]))
    assert axis.equalize == ()
    assert axis.targets == ("x",)
    part = '[axis]\ntargets = ["nurse"]'
    axis = choose_axis(AxisChoice(), choose_tests([write(tmp_path / "c.toml", part)]))
    assert axis.targets == ("nurse",)
    assert len(axis.definitional) == 10


def test_options_come_before_files(tmp_path):
    pairs = write(tmp_path / "pairs.txt", "she he\n")
    specific = write(tmp_path / "specific.txt", "king\n")
    choice = AxisChoice(
        pairs=(("woman", "man"),), pairs_file=pairs, equalize_file=pairs,
        specific_file=specific, indirect=(("a", "b"),),
    )  # fmt: skip
    axis = choose_axis(choice, choose_tests(()))
    assert axis.definitional == (("woman", "man"), ("she", "he"))
    assert axis.equalize == (("she", "he"),)
    assert axis.specific == ("king",)
    assert axis.indirect == (("a", "b"),)
    assert axis.seeds
    with pytest.raises(SettingsError, match="every definitional set must hold at least two"):
        choose_axis(AxisChoice(pairs=(("man", "man"),)), choose_tests(()))
