"""Reading word sets from TOML, JSON and plain text; every fault is named by line and key."""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seqtools.bias.set_places import Key, json_places, key_name, line_of, toml_places
from seqtools.bias.word_sets import (
    BiasAxis,
    NamedWords,
    WeatTest,
    check_disjoint,
    check_word_groups,
)
from seqtools.errors import FileContentError, SettingsError
from seqtools.io.text_lines import text_lines

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_SEPARATORS = re.compile(r"\s*[\t,]\s*")
_WORD_LISTS = ("specific", "seeds", "targets")
_GROUP_LISTS = ("definitional", "equalize", "indirect")


@dataclass(frozen=True)
class BiasSets:
    """The content of a file of word sets.

    Attributes
    ----------
    weat : tuple of WeatTest
        In the file's order.
    axis : BiasAxis or None
        The file's axis, if it defines one with definitional sets.
    axis_parts : mapping of str to object
        What the file says about an axis, complete or not.
    """

    weat: tuple[WeatTest, ...]
    axis: BiasAxis | None
    axis_parts: Mapping[str, Any]


def read_bias_sets(path: str | os.PathLike[str]) -> BiasSets:
    """Read tests and an axis from TOML or JSON.

    Parameters
    ----------
    path : path-like
        UTF-8, plain or compressed; "-" is standard input. Tables, all optional: ``words`` names
        lists of words; ``weat.NAME`` is a test with two ``targets`` and two ``attributes``, each a
        name in ``words`` or a list; ``axis`` has the fields of `BiasAxis`, ``stereotypes`` being
        a table of lists. ``language`` and ``source`` describe the file.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    FileContentError
        If it is malformed; the message names line and key.
    """
    document = _Document.read(path)
    content = document.expect(document.content, (), dict, "tables of word sets")
    document.refuse_unknown(content, (), ("words", "weat", "axis", "language", "source"))
    about = {key: document.text(content, (key,)) for key in ("language", "source")}
    lists = document.word_lists(content, ("words",))
    tests = document.table(content, ("weat",))
    weat = tuple(_read_test(document, ("weat", name), lists, about) for name in tests)
    parts: dict[str, Any] = {}
    axis = None
    if "axis" in content:
        parts = _read_axis(document, about)
        axis = _make_axis(document, parts)
    if not weat and not parts:
        raise document.error("no word sets", (), "write a table [weat.NAME] or [axis]")
    return BiasSets(weat, axis, parts)


def read_word_groups(path: str | os.PathLike[str], kind: str) -> tuple[tuple[str, ...], ...]:
    """Read sets of words: a list of lists in JSON, ``sets`` in TOML, or a set a line.

    Parameters
    ----------
    path : path-like
        In plain text, tabs, commas or blanks separate words and "#" begins a comment.
    kind : {"definitional", "equalize"}
        What the sets are for.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    FileContentError
        If a set does not hold two different words, if sets to equalize share one, or if there is
        no set.
    """
    document = _Document.read(path)
    if document.format == "text":
        groups, lines = _text_groups(document)
    else:
        content = document.content
        key: Key = ()
        if isinstance(content, dict):
            name = kind if kind in content else "sets"
            key, content = (name,), content.get(name)
        groups = document.word_groups(content, key)
        lines = [line_of(document.places, (*key, i)) for i in range(len(groups))]
    for i, line in enumerate(lines):
        try:
            check_word_groups(groups[i : i + 1], kind)
            if kind == "equalize":
                check_disjoint(groups[: i + 1])
        except SettingsError as error:
            raise FileContentError(str(error), path=document.path, line=line) from error
    if not groups:
        raise document.error(f"no {kind} sets", (), "write at least one pair of words")
    return groups


def read_plain_words(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Read a list of words: a list in JSON, ``words`` in TOML, or a word a line.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    FileContentError
        If it holds something else, or nothing.
    """
    document = _Document.read(path)
    if document.format == "text":
        words = [line.partition("\t")[0].strip() for line in document.text_of_file.split("\n")]
        words = [word for word in words if word]
    else:
        key: Key = ("words",) if isinstance(document.content, dict) else ()
        content = document.content
        words = list(document.words(content.get("words") if key else content, key))
    if not words:
        raise document.error("no words", (), "put one word on each line")
    return tuple(dict.fromkeys(words))


@dataclass(frozen=True)
class _Document:
    """A parsed file, and where in it everything stands."""

    path: str
    format: str
    text_of_file: str
    content: Any
    places: dict[Key, int]

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "_Document":
        """Read and parse; the suffix .toml or the first character decides the format."""
        name = "stdin" if os.fspath(path) == "-" else os.fspath(path)
        text = "\n".join(line for _, line in text_lines(path))
        start = text.lstrip()[:1]
        looks_like_toml = re.search(r"^\s*\[(\w+[.\]])|^\s*[\w-]+\s*=\s*\[", text, re.MULTILINE)
        is_json_start = start == "{" or re.match(r"\s*\[\s*[\[\"\]]", text) is not None
        if is_json_start and not name.endswith(".toml"):
            return cls(name, "json", text, *_parse_json(text, name))
        if name.endswith(".toml") or looks_like_toml:
            return cls(name, "toml", text, *_parse_toml(text, name))
        return cls(name, "text", text, None, {})

    def error(self, cause: str, key: Key, remedy: str | None = None) -> FileContentError:
        """Name the file, the line and the key."""
        shown = f"key {key_name(key)}: {cause}" if key else cause
        line = line_of(self.places, key) if key else None
        return FileContentError(shown, path=self.path, line=line, remedy=remedy)

    def expect(self, value: Any, key: Key, kind: type, what: str) -> Any:
        """Return a value of the expected kind, or refuse it."""
        if not isinstance(value, kind):
            found = {dict: "a table", list: "a list", str: "a text", type(None): "nothing"}
            got = found.get(type(value), f"{value!r}")
            raise self.error(f"expected {what}, got {got}", key)
        return value

    def refuse_unknown(self, table: Mapping[str, Any], key: Key, known: tuple[str, ...]) -> None:
        """Refuse keys that mean nothing, which are misspelt more often than not."""
        for name in table:
            if name not in known:
                raise self.error("unknown", (*key, name), f"known here: {', '.join(sorted(known))}")

    def text(self, table: Mapping[str, Any], key: Key) -> str:
        """Return a text, empty if it is not there."""
        return str(self.expect(table.get(str(key[-1]), ""), key, str, "a text"))

    def table(self, content: Mapping[str, Any], key: Key) -> dict[str, Any]:
        """Return a table, empty if it is not there."""
        return dict(self.expect(content.get(str(key[-1]), {}), key, dict, "a table"))

    def words(self, value: Any, key: Key) -> tuple[str, ...]:
        """Return a list of different words, at least one."""
        items = self.expect(value, key, list, "a list of words")
        for i, word in enumerate(items):
            if not isinstance(word, str) or not word:
                raise self.error(f"expected a word, got {word!r}", (*key, i))
            if word in items[:i]:
                raise self.error(f"{word!r} occurs twice", (*key, i), "leave one out")
        if not items:
            raise self.error("the set is empty", key, "give it at least one word")
        return tuple(items)

    def word_lists(self, content: Mapping[str, Any], key: Key) -> dict[str, tuple[str, ...]]:
        """Return a table of lists of words."""
        return {
            name: self.words(value, (*key, name))
            for name, value in self.table(content, key).items()
        }

    def word_groups(self, value: Any, key: Key) -> tuple[tuple[str, ...], ...]:
        """Return a list of lists of words."""
        items = self.expect(value, key, list, "a list of sets, each a list of words")
        return tuple(self.words(item, (*key, i)) for i, item in enumerate(items))


def _parse_json(text: str, name: str) -> tuple[Any, dict[Key, int]]:
    """Parse JSON, or say at which line it is none."""
    try:
        return json.loads(text), json_places(text)
    except json.JSONDecodeError as error:
        raise FileContentError(f"not JSON: {error.msg}", path=name, line=error.lineno) from error
    except RecursionError as error:
        raise FileContentError("not JSON: nested too deeply", path=name) from error
    except ValueError as error:  # Python reads no number of thousands of digits
        raise FileContentError("not JSON: a number of too many digits", path=name) from error


def _parse_toml(text: str, name: str) -> tuple[Any, dict[Key, int]]:
    """Parse TOML, or say at which line it is none."""
    try:
        return tomllib.loads(text), toml_places(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        last = len(text.rstrip().split("\n"))
        line = int(place[1]) if place and place[1] else last
        cause = _TOML_PLACE.sub("", str(error))
        raise FileContentError(f"not TOML: {cause}", path=name, line=line) from error
    except RecursionError as error:
        raise FileContentError("not TOML: nested too deeply", path=name) from error
    except ValueError as error:
        raise FileContentError("not TOML: a number of too many digits", path=name) from error


def _text_groups(document: _Document) -> tuple[tuple[tuple[str, ...], ...], list[int | None]]:
    """Return the sets of a plain text and their lines."""
    groups, lines = [], []
    for number, line in enumerate(document.text_of_file.split("\n"), start=1):
        content = line.partition("#")[0].strip()
        if content:
            words = _SEPARATORS.split(content) if _SEPARATORS.search(content) else content.split()
            groups.append(tuple(word for word in words if word))
            lines.append(number)
    return tuple(groups), [*lines]


def _read_test(
    document: _Document, key: Key, lists: Mapping[str, tuple[str, ...]], about: dict[str, str]
) -> WeatTest:
    """Read one test."""
    tests = document.content["weat"]
    table = document.expect(tests[key[1]], key, dict, "a table with targets and attributes")
    document.refuse_unknown(table, key, ("targets", "attributes"))
    kinds = []
    for kind in ("targets", "attributes"):
        place = (*key, kind)
        items = document.expect(table.get(kind), place, list, "two sets")
        if len(items) != 2:
            raise document.error(f"expected two sets, got {len(items)}", place)
        first, second = (
            _named_words(document, item, (*place, i), lists) for i, item in enumerate(items)
        )
        kinds.append((first, second))
    try:
        return WeatTest(str(key[1]), kinds[0], kinds[1], **about)
    except SettingsError as error:
        raise document.error(str(error), key) from error


def _named_words(
    document: _Document, item: Any, key: Key, lists: Mapping[str, tuple[str, ...]]
) -> NamedWords:
    """Return a list of words, written there or named."""
    if isinstance(item, list):
        words = document.words(item, key)
        return NamedWords(words[0] + (", ..." if len(words) > 1 else ""), words)
    name = document.expect(item, key, str, "a list of words or the name of one")
    if name not in lists:
        known = ", ".join(lists) or "none"
        raise document.error(f"no list {name!r} in the table words", key, f"lists there: {known}")
    return NamedWords(name, lists[name])


def _read_axis(document: _Document, about: dict[str, str]) -> dict[str, Any]:
    """Read the fields of an axis that are there."""
    table = document.table(document.content, ("axis",))
    known = ("name", "stereotypes", *_WORD_LISTS, *_GROUP_LISTS)
    document.refuse_unknown(table, ("axis",), known)
    parts: dict[str, Any] = {key: value for key, value in about.items() if value}
    for name in _WORD_LISTS:
        if name in table:
            parts[name] = document.words(table[name], ("axis", name))
    for name in _GROUP_LISTS:
        if name in table:
            parts[name] = document.word_groups(table[name], ("axis", name))
    for i, pair in enumerate(parts.get("indirect", ())):
        if len(pair) != 2:
            raise document.error("expected two words", ("axis", "indirect", i))
    if "stereotypes" in table:
        lists = document.word_lists(table, ("axis", "stereotypes"))
        parts["stereotypes"] = tuple(NamedWords(name, words) for name, words in lists.items())
    if "name" in table:
        parts["name"] = document.text(table, ("axis", "name"))
    return parts


def _make_axis(document: _Document, parts: Mapping[str, Any]) -> BiasAxis | None:
    """Return the axis if its definitional sets are there."""
    for field in ("definitional", "equalize"):
        try:
            check_word_groups(parts.get(field, ()), field)
            if field == "equalize":
                check_disjoint(parts.get(field, ()))
        except SettingsError as error:
            raise document.error(str(error), ("axis", field)) from error
    if "definitional" not in parts:
        return None
    return BiasAxis(**{"name": "axis", **parts})
