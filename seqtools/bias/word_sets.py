"""The word sets that bias is measured and removed with."""

from dataclasses import dataclass

from seqtools.errors import SettingsError


@dataclass(frozen=True)
class NamedWords:
    """Words under one name.

    Attributes
    ----------
    name : str
        What the list is called in reports.
    words : tuple of str
        Different words, as the file writes them.
    """

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class WeatTest:
    """A Word Embedding Association Test.

    Attributes
    ----------
    name : str
        What the test is called in reports.
    targets : tuple of two NamedWords
        X and Y, whose association differs if there is bias.
    attributes : tuple of two NamedWords
        A and B, which they are associated with.
    language, source : str
        Language of the words, and where they were published; empty if not known.

    Raises
    ------
    SettingsError
        If a list is too short to test anything, or a word stands in both lists of a kind.
    """

    name: str
    targets: tuple[NamedWords, NamedWords]
    attributes: tuple[NamedWords, NamedWords]
    language: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be tested."""
        for kind, (first, second) in (("targets", self.targets), ("attributes", self.attributes)):
            for named in (first, second):
                if not named.words:
                    raise SettingsError(f"the set {named.name!r} among the {kind} is empty")
            shared = [word for word in first.words if word in set(second.words)]
            if shared:
                raise SettingsError(
                    f"{shared[0]!r} stands in both {kind}, {first.name!r} and {second.name!r}; "
                    "leave it in one"
                )

    @property
    def title(self) -> str:
        """The test in words, such as "flowers and insects, pleasant and unpleasant"."""
        pairs = (self.targets, self.attributes)
        return ", ".join(f"{first.name} and {second.name}" for first, second in pairs)


@dataclass(frozen=True)
class BiasAxis:
    """What defines one kind of bias, such as gender.

    Attributes
    ----------
    name : str
        What the axis is called in reports.
    definitional : tuple of tuple of str
        Sets of words that differ in nothing else: pairs such as (woman, man), or larger sets. The
        words at one place of all sets are a group, and its name is the word of the first set.
    equalize : tuple of tuple of str
        Sets whose words are to differ in nothing else afterwards; no word stands in two of them.
    specific : tuple of str
        Words that belong to one group by definition and are never neutralized.
    seeds : tuple of str
        Words that a classifier of specific words is trained on.
    targets : tuple of str
        Words that should be neutral, over which measures are taken.
    stereotypes : tuple of NamedWords
        Words ascribed to each group.
    indirect : tuple of (str, str)
        Pairs of words whose similarity is looked into for indirect bias.
    language, source : str
        Language of the words, and where they were published; empty if not known.
    """

    name: str
    definitional: tuple[tuple[str, ...], ...]
    equalize: tuple[tuple[str, ...], ...] = ()
    specific: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    stereotypes: tuple[NamedWords, ...] = ()
    indirect: tuple[tuple[str, str], ...] = ()
    language: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse an axis without a direction, and words to equalize in two ways."""
        if not self.definitional:
            raise SettingsError(f"the axis {self.name!r} has no definitional set")
        check_word_groups(self.definitional, "definitional")
        check_word_groups(self.equalize, "equalize")
        check_disjoint(self.equalize)


def check_word_groups(groups: tuple[tuple[str, ...], ...], kind: str) -> None:
    """Refuse a set without at least two different words.

    Raises
    ------
    SettingsError
        Naming the set.
    """
    for group in groups:
        if len(group) < 2 or len(set(group)) < len(group):
            words = " ".join(group) or "nothing"
            raise SettingsError(
                f"every {kind} set must hold at least two different words, got {words!r}"
            )


def check_disjoint(groups: tuple[tuple[str, ...], ...]) -> None:
    """Refuse sets to equalize that share a word, for the second would undo the first.

    Raises
    ------
    SettingsError
        Naming the word and both sets.
    """
    owner: dict[str, tuple[str, ...]] = {}
    for group in groups:
        for word in group:
            if word in owner:
                raise SettingsError(
                    f"{word!r} stands in two sets to equalize, {' '.join(owner[word])!r} and "
                    f"{' '.join(group)!r}; leave it in one"
                )
            owner[word] = group
