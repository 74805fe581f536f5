"""The word sets that ship, by name."""

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from seqtools.bias.set_files import BiasSets, read_bias_sets
from seqtools.bias.word_sets import BiasAxis, WeatTest
from seqtools.errors import SettingsError

AXES = ("gender", "race", "religion")
_LISTS_SOURCE = "Bolukbasi et al. 2016"


@dataclass(frozen=True)
class SetDescription:
    """A built-in word set.

    Attributes
    ----------
    name, kind : str
        Its name, and "test", "axis" or "list".
    title, language, source : str
        What it holds, in which language, and who published it.
    words : dict of str to tuple of str
        Its lists by name.
    """

    name: str
    kind: str
    title: str
    language: str
    source: str
    words: dict[str, tuple[str, ...]]


@cache
def builtin_tests() -> tuple[WeatTest, ...]:
    """Return WEAT 1 to 10 of Caliskan, Bryson and Narayanan 2017."""
    return _read("weat.toml").weat


def builtin_test(name: str) -> WeatTest:
    """Return a built-in test by its name, such as "weat-6".

    Raises
    ------
    SettingsError
        If there is none of this name.
    """
    for test in builtin_tests():
        if test.name == name:
            return test
    known = ", ".join(test.name for test in builtin_tests())
    raise SettingsError(f"no built-in test {name!r}; there are {known}")


@cache
def builtin_axis(name: str) -> BiasAxis:
    """Return "gender" (Bolukbasi et al. 2016), "race" or "religion" (Manzini et al. 2019).

    Raises
    ------
    SettingsError
        If there is none of this name.

    Notes
    -----
    The targets of every axis are the professions of Bolukbasi et al.
    """
    if name not in AXES:
        raise SettingsError(f"axis must be one of {', '.join(AXES)}, got {name!r}")
    sets = _read(f"{name}.toml")
    if name == "gender":
        return BiasAxis(**{**_gender_lists(), **sets.axis_parts})
    if sets.axis is None:
        raise AssertionError(f"{name}.toml has no definitional sets")
    return replace(sets.axis, targets=professions())


@cache
def professions() -> tuple[str, ...]:
    """Return the 320 professions of Bolukbasi et al. 2016."""
    return tuple(str(row[0]) for row in _read_json("professions.json"))


def describe_sets() -> list[SetDescription]:
    """Return all built-in sets, with their words."""
    tests = [
        SetDescription(
            test.name,
            "test",
            test.title,
            test.language,
            test.source,
            {named.name: named.words for named in (*test.targets, *test.attributes)},
        )
        for test in builtin_tests()
    ]
    axes = [_describe_axis(builtin_axis(name)) for name in AXES]
    named = SetDescription(
        "professions",
        "list",
        "words that should be neutral",
        "en",
        _LISTS_SOURCE,
        {"professions": professions()},
    )
    return [*tests, *axes, named]


def _describe_axis(axis: BiasAxis) -> SetDescription:
    """Describe an axis."""
    groups = ", ".join(axis.definitional[0])
    words = {
        "definitional": tuple(" ".join(group) for group in axis.definitional),
        "equalize": tuple(" ".join(group) for group in axis.equalize),
        "specific": axis.specific,
        "seeds": axis.seeds,
        **{f"stereotypes of {named.name}": named.words for named in axis.stereotypes},
        "indirect": tuple(" ".join(pair) for pair in axis.indirect),
    }
    title = f"{len(axis.definitional)} definitional sets: {groups} and so on"
    present = {name: items for name, items in words.items() if items}
    return SetDescription(axis.name, "axis", title, axis.language, axis.source, present)


def _gender_lists() -> dict[str, Any]:
    """Return the published lists as fields of an axis."""
    return {
        "definitional": tuple(tuple(pair) for pair in _read_json("definitional_pairs.json")),
        "equalize": tuple(tuple(pair) for pair in _read_json("equalize_pairs.json")),
        "specific": tuple(_read_json("gender_specific_full.json")),
        "seeds": tuple(_read_json("gender_specific_seed.json")),
        "targets": professions(),
    }


def _read(name: str) -> BiasSets:
    """Read a file of sets that ships."""
    with resources.as_file(_folder().joinpath(name)) as path:
        return read_bias_sets(path)


def _read_json(name: str) -> Any:
    """Read a published list."""
    return json.loads(_folder().joinpath(name).read_text(encoding="utf-8"))


def _folder() -> Traversable:
    """Return where the sets stand."""
    return resources.files("seqtools.bias.sets")
