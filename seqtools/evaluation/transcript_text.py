"""Transcripts as sequences of words or characters, and what is evened out before comparing."""

import unicodedata
from collections.abc import Callable, Sequence

from seqtools.errors import SettingsError

WORD, CHARACTER = "word", "character"
UNITS = (WORD, CHARACTER)


def _lower(text: str) -> str:
    """Fold case, by the full Unicode rules."""
    return text.casefold()


def _drop_punctuation(text: str) -> str:
    """Drop punctuation and symbols, but not apostrophes and hyphens within words."""
    kept = []
    for place, character in enumerate(text):
        is_mark = unicodedata.category(character)[0] in "PS"
        is_within = character in "'\N{RIGHT SINGLE QUOTATION MARK}-" and (
            text[place - 1 : place].isalnum() and text[place + 1 : place + 2].isalnum()
        )
        kept.append(character if is_within or not is_mark else " ")
    return "".join(kept)


def _compose(text: str) -> str:
    """Write characters that look alike in one way (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", text)


# In the order in which they are applied.
NORMALIZATIONS: dict[str, Callable[[str], str]] = {
    "nfkc": _compose,
    "lower": _lower,
    "punctuation": _drop_punctuation,
}


def check_normalizations(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of normalizations in the order of application, each once.

    Raises
    ------
    SettingsError
        If there is another name among them.
    """
    for name in names:
        if name not in NORMALIZATIONS:
            raise SettingsError(
                f"normalization must be one of {', '.join(NORMALIZATIONS)}, got {name!r}"
            )
    return tuple(name for name in NORMALIZATIONS if name in names)


def split_transcript(text: str, unit: str, normalizations: Sequence[str] = ()) -> list[str]:
    """Return the words of a transcript, or its characters with one space between words.

    Parameters
    ----------
    text : str
    unit : str
        "word" or "character".
    normalizations : sequence of str
        As `check_normalizations` returns them.
    """
    for name in normalizations:
        text = NORMALIZATIONS[name](text)
    words = text.split()
    return words if unit == WORD else list(" ".join(words))
