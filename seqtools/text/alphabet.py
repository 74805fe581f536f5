"""Alphabets: the characters that a speech recognizer writes, and their numbers.

Connectionist temporal classification (Graves et al. 2006) needs a blank beside the characters, and
nothing else: no padding, no unknown symbol, no sentence marks. The blank is 0, the characters
follow in the order of their code points. A space is a character like any other, so words come out
separated.
"""

import hashlib
import json
import os
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqtools.errors import AlphabetError, CorpusError, FileAccessError, VocabularyError
from seqtools.io.atomic import atomic_writer
from seqtools.types import Int32Array

BLANK = 0
BLANK_SPELLING = "<blank>"
SPACE = " "

_FORMAT, _VERSION = "seqtools alphabet", 1
_LARGEST_FILE = 1 << 24
_REMEDY = "copy the model's directory again, or train it again"


class Alphabet:
    """Numbers the characters of transcripts.

    Parameters
    ----------
    characters : sequence of str
        One character each, none twice; the first becomes 1.
    lower : bool
        Fold upper to lower case before looking characters up, by the full Unicode rules.

    Raises
    ------
    AlphabetError
        If there is no character, one twice, or something that is not a single character.

    Examples
    --------
    >>> alphabet = Alphabet(" abc")
    >>> alphabet.encode("a  cab")
    array([2, 1, 4, 2, 3], dtype=int32)
    >>> alphabet.decode([2, 1, 4, 2, 3])
    'a cab'
    """

    def __init__(self, characters: Sequence[str], lower: bool = False) -> None:
        self.characters, self.lower = tuple(characters), lower
        self._ids = {character: i for i, character in enumerate(self.characters, start=1)}
        if not self.characters or any(len(character) != 1 for character in self.characters):
            raise AlphabetError("an alphabet needs characters, each a single one")
        if len(self._ids) < len(self.characters):
            raise AlphabetError("an alphabet holds no character twice")

    @classmethod
    def from_texts(cls, texts: Iterable[str], lower: bool = False) -> "Alphabet":
        """Collect the characters of transcripts.

        Raises
        ------
        CorpusError
            If they hold none.
        """
        found = {character for text in texts for character in prepare_text(text, lower)}
        if not found:
            raise CorpusError("the transcripts hold no characters")
        return cls(sorted(found), lower)

    def __len__(self) -> int:
        """Return the number of symbols V, the blank included."""
        return len(self.characters) + 1

    def __eq__(self, other: object) -> bool:
        """Say whether another alphabet numbers the same characters alike."""
        if not isinstance(other, Alphabet):
            return NotImplemented
        return (self.characters, self.lower) == (other.characters, other.lower)

    def __hash__(self) -> int:
        return hash((self.characters, self.lower))

    def __repr__(self) -> str:
        return f"Alphabet({''.join(self.characters)!r}, lower={self.lower})"

    @property
    def symbols(self) -> tuple[str, ...]:
        """How each symbol is written, in order of the ids; the blank first."""
        return (BLANK_SPELLING, *self.characters)

    @property
    def space(self) -> int | None:
        """The id of the space, None if there is none."""
        return self._ids.get(SPACE)

    def encode(self, text: str) -> Int32Array:
        """Return the ids of a transcript's characters.

        Parameters
        ----------
        text : str
            White space at its ends is left out, within it becomes one space.

        Returns
        -------
        int32 array, shape (L,)

        Raises
        ------
        AlphabetError
            If it holds characters outside the alphabet; the message shows them.
        """
        prepared = prepare_text(text, self.lower)
        try:
            ids = [self._ids[character] for character in prepared]
        except KeyError:
            missing = sorted(set(prepared) - self._ids.keys())
            shown = ", ".join(_describe(character) for character in missing[:5])
            more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
            is_case = all(character.swapcase() in self._ids for character in missing)
            advice = "train with --lower" if is_case else "write it out, or train on texts with it"
            raise AlphabetError(
                f"{shown}{more} not in the alphabet {''.join(self.characters)!r}; {advice}"
            ) from None
        return np.array(ids, dtype=np.int32)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids; blanks are left out, repeated ids stay.

        Raises
        ------
        AlphabetError
            If an id is not in the alphabet.
        """
        numbers = [int(i) for i in ids]
        if any(not 0 <= i <= len(self.characters) for i in numbers):
            wrong = next(i for i in numbers if not 0 <= i <= len(self.characters))
            raise AlphabetError(f"ids go from 0 to {len(self.characters)}, got {wrong}")
        return "".join(self.characters[i - 1] for i in numbers if i != BLANK)


def prepare_text(text: str, lower: bool = False) -> str:
    """Return a transcript in one form: composed (NFC), white space single, case as asked for."""
    prepared = " ".join(unicodedata.normalize("NFC", text).split())
    return unicodedata.normalize("NFC", prepared.lower()) if lower else prepared


def save_alphabet(alphabet: Alphabet, path: str | os.PathLike[str]) -> None:
    """Write an alphabet as JSON under a checksum, atomically; equal ones give equal bytes.

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    """
    content = _content(alphabet)
    content["sha256"] = _checksum(content)
    with atomic_writer(path) as file:
        file.write(json.dumps(content, indent=1).encode() + b"\n")


def load_alphabet(path: str | os.PathLike[str]) -> Alphabet:
    """Read what ``save_alphabet`` wrote.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    VocabularyError
        If it is damaged, or of another kind or version.
    """
    try:
        if Path(path).stat().st_size > _LARGEST_FILE:
            raise VocabularyError("too large", path=path, remedy=_REMEDY)
        content: Any = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise FileAccessError.from_os_error(error, path) from error
    except (RecursionError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise VocabularyError("cut short or not JSON", path=path, remedy=_REMEDY) from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise VocabularyError("not an alphabet of seqtools", path=path, remedy=_REMEDY)
    if content.get("format_version") != _VERSION:
        raise VocabularyError(
            f"format version {content.get('format_version')!r}, but this seqtools reads version "
            f"{_VERSION}",
            path=path,
            remedy="upgrade seqtools",
        )
    if content.pop("sha256", None) != _checksum(content):
        raise VocabularyError("damaged: its checksum differs", path=path, remedy=_REMEDY)
    return Alphabet(content["characters"], bool(content["lower"]))


def _content(alphabet: Alphabet) -> dict[str, Any]:
    """Return what is written."""
    return {
        "format": _FORMAT,
        "format_version": _VERSION,
        "lower": alphabet.lower,
        "characters": list(alphabet.characters),
    }


def _checksum(content: dict[str, Any]) -> str:
    """Return the SHA-256 of the content without its checksum, in hexadecimal digits."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _describe(character: str) -> str:
    """Show a character, and name it where it might not be seen for what it is."""
    if character.isascii() and character.isprintable():
        return repr(character)
    return f"{character!r} (U+{ord(character):04X})"
