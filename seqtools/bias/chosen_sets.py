"""The tests and the axis that a user chose, by name or by file."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from seqtools.bias.builtin_sets import builtin_axis, builtin_test, builtin_tests, professions
from seqtools.bias.set_files import BiasSets, read_bias_sets, read_plain_words, read_word_groups
from seqtools.bias.word_sets import BiasAxis, WeatTest, check_disjoint, check_word_groups
from seqtools.errors import FileAccessError, SettingsError

ALL_TESTS = "weat"


@dataclass(frozen=True)
class AxisChoice:
    """What a user says about the axis; what is None comes from the named one.

    Attributes
    ----------
    axis : str
        A built-in axis.
    pairs : tuple of pairs of words
        Definitional pairs.
    pairs_file, equalize_file, specific_file : str or None
        Files of definitional sets, of sets to equalize, and of words never neutralized.
    indirect : tuple of pairs of words
        Pairs looked into for indirect bias.
    """

    axis: str = "gender"
    pairs: tuple[tuple[str, str], ...] = ()
    pairs_file: str | None = None
    equalize_file: str | None = None
    specific_file: str | None = None
    indirect: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ChosenSets:
    """Tests, and what files of sets say about the axis."""

    tests: tuple[WeatTest, ...]
    axis: BiasAxis | None = None
    axis_parts: Mapping[str, Any] = field(default_factory=dict)


def choose_tests(sets: Sequence[str]) -> ChosenSets:
    """Return the tests that names and files stand for.

    Parameters
    ----------
    sets : sequence of str
        Names such as "weat-6", "weat" for all built-in tests, or files; none for all built-in
        tests.

    Raises
    ------
    SettingsError
        If two tests have one name, or two files define an axis.
    FileAccessError
        If a name is neither built in nor a file.
    FileContentError
        If a file is malformed.
    """
    tests: list[WeatTest] = []
    axis: BiasAxis | None = None
    parts: Mapping[str, Any] = {}
    for name in sets:
        if name == ALL_TESTS:
            tests += builtin_tests()
        elif name.startswith(f"{ALL_TESTS}-") and not os.path.exists(name):  # noqa: PTH110
            tests.append(builtin_test(name))
        else:
            found = _read_sets(name)
            tests += found.weat
            if found.axis_parts and parts:
                raise SettingsError(f"{name}: a second axis; name one file with a table [axis]")
            axis, parts = found.axis or axis, found.axis_parts or parts
    names = [test.name for test in tests]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"two tests are called {name!r}; rename one")
    return ChosenSets(tuple(tests) if tests else builtin_tests(), axis, parts)


def choose_axis(choice: AxisChoice, sets: ChosenSets) -> BiasAxis:
    """Return the axis that names and files stand for.

    Parameters
    ----------
    choice : AxisChoice
        Options.
    sets : ChosenSets
        Files of sets, which come before the built-in axis and after the options.

    Raises
    ------
    SettingsError
        If sets hold less than two words, or share one that is to be equalized.
    FileAccessError, FileContentError
        If a file cannot be used.

    Notes
    -----
    A file's axis without targets is measured on the professions, and without sets to equalize has
    its definitional sets equalized, unless they share words.
    """
    if sets.axis is not None:
        axis = _complete(sets.axis)
    else:
        axis = replace(builtin_axis(choice.axis), **sets.axis_parts)
    changes: dict[str, Any] = {}
    definitional: tuple[tuple[str, ...], ...] = choice.pairs
    if choice.pairs_file is not None:
        definitional += read_word_groups(choice.pairs_file, "definitional")
    if definitional:
        check_word_groups(definitional, "definitional")
        changes["definitional"] = definitional
    if choice.equalize_file is not None:
        changes["equalize"] = read_word_groups(choice.equalize_file, "equalize")
    if choice.specific_file is not None:
        changes["specific"] = read_plain_words(choice.specific_file)
    if choice.indirect:
        changes["indirect"] = choice.indirect
    return replace(axis, **changes)


def _complete(axis: BiasAxis) -> BiasAxis:
    """Fill what a file leaves open."""
    equalize = axis.equalize
    if not equalize:
        try:
            check_disjoint(axis.definitional)
            equalize = axis.definitional
        except SettingsError:
            equalize = ()
    return replace(axis, targets=axis.targets or professions(), equalize=equalize)


def _read_sets(name: str) -> BiasSets:
    """Read a file of sets, or say that there is neither such a file nor such a set."""
    try:
        return read_bias_sets(name)
    except FileAccessError as error:
        known = f"{ALL_TESTS}, {ALL_TESTS}-1 to {ALL_TESTS}-{len(builtin_tests())}"
        raise FileAccessError(f"{error} (built-in sets: {known})") from error
