"""The errors that seqtools raises for what a user can mend.

::

    SeqtoolsError
    ├── SettingsError (ValueError)        an option outside its range
    ├── FileAccessError (OSError)         a file cannot be opened, read or written
    ├── FileContentError (ValueError)     a file's content is wrong, at a place that is named
    │   ├── CorpusError                   text to train on
    │   ├── VocabularyError               word<TAB>count files
    │   ├── VectorFormatError             word vectors, any format
    │   ├── TestSetError                  similarity and analogy sets
    │   ├── SegmentError                  hypotheses and references, a segment a line
    │   ├── ScoreFileError                model scores of hypotheses and references
    │   ├── LanguageModelError            an n-gram model
    │   ├── ModelError                    a model directory
    │   ├── AudioError                    a recording
    │   └── ManifestError                 a list of recordings and their texts
    ├── AlphabetError (ValueError)        a character or id outside an alphabet
    ├── UnknownWordError (KeyError)       a word outside the vocabulary
    ├── CheckpointError (ValueError)      a checkpoint that does not fit the run
    ├── TrainingError (ArithmeticError)   training left the finite numbers
    ├── TrainingInterrupted               a signal ended the run; a checkpoint may be saved
    ├── DecodingError (ArithmeticError)    a model whose scores cannot be searched
    └── MissingDependencyError (ImportError)

    SeqtoolsWarning (UserWarning)         work goes on, but the user should know

A message is one line: what was wrong with the value received, what is accepted, what to do.
"""

import os
from collections.abc import Sequence


class SeqtoolsError(Exception):
    """Base of every error that seqtools raises on purpose."""


class SeqtoolsWarning(UserWarning):
    """Something a user should know, though the work goes on."""


class SettingsError(SeqtoolsError, ValueError):
    """An option or argument is outside its range."""


class FileAccessError(SeqtoolsError, OSError):
    """A file cannot be opened, read or written."""

    @classmethod
    def from_os_error(
        cls, error: OSError, path: str | os.PathLike[str], action: str = "read", remedy: str = ""
    ) -> "FileAccessError":
        """Say in one line which file could not be read or written, and why.

        Parameters
        ----------
        error : OSError
            What the operating system reported.
        path : path-like
            The file the user named.
        action : str
            "read" or "write".
        remedy : str
            What the user can do about it; empty if the cause says it all.
        """
        cause = error.strerror or str(error)
        if isinstance(error, IsADirectoryError) and not remedy:
            cause, remedy = "it is a directory", "name a file"
        ending = f"; {remedy}" if remedy else ""
        return cls(f"{os.fspath(path)}: cannot {action}: {cause}{ending}")


class FileContentError(SeqtoolsError, ValueError):
    """A file's content is wrong at a place that can be named.

    Parameters
    ----------
    cause : str
        What is wrong there.
    path : path-like, optional
        The file; "stdin" for standard input.
    line : int, optional
        Line number, counted from 1.
    byte : int, optional
        Offset in bytes from the start of the file, counted from 0.
    remedy : str, optional
        What the user can do about it.
    """

    def __init__(
        self,
        cause: str,
        *,
        path: str | os.PathLike[str] | None = None,
        line: int | None = None,
        byte: int | None = None,
        remedy: str | None = None,
    ) -> None:
        self.cause, self.path, self.line, self.byte, self.remedy = cause, path, line, byte, remedy
        place = [os.fspath(path)] if path is not None else []
        place += [f"line {line}"] if line is not None else []
        place += [f"byte {byte}"] if byte is not None else []
        message = f"{', '.join(place)}: {cause}" if place else cause
        super().__init__(f"{message}; {remedy}" if remedy else message)


class CorpusError(FileContentError):
    """Text that cannot be trained on."""


class VocabularyError(FileContentError):
    """A vocabulary file that cannot be used."""


class VectorFormatError(FileContentError):
    """A file of word vectors that is malformed."""


class TestSetError(FileContentError):
    """A similarity or analogy set that is malformed."""

    __test__ = False  # the name would make pytest collect it


class SegmentError(FileContentError):
    """Hypotheses or references that cannot be compared."""


class ScoreFileError(FileContentError):
    """A table of model scores, or an n-best list, that is malformed."""


class LanguageModelError(FileContentError):
    """An n-gram model that is malformed, or cannot be used."""


class ModelError(FileContentError):
    """A model directory that is damaged, incomplete or of another kind."""


class AudioError(FileContentError):
    """A recording that cannot be used."""


class ManifestError(FileContentError):
    """A list of recordings and their texts that cannot be used.

    Parameters
    ----------
    cause, path, line, byte, remedy
        As for ``FileContentError``.
    faults : sequence of str
        Every fault, one line each, where the message had to leave some out.
    """

    def __init__(
        self,
        cause: str,
        *,
        path: str | os.PathLike[str] | None = None,
        line: int | None = None,
        byte: int | None = None,
        remedy: str | None = None,
        faults: Sequence[str] = (),
    ) -> None:
        self.faults = tuple(faults)
        super().__init__(cause, path=path, line=line, byte=byte, remedy=remedy)


class AlphabetError(SeqtoolsError, ValueError):
    """A character or id outside an alphabet, or characters that make none."""


class UnknownWordError(SeqtoolsError, KeyError):
    """A word that is not in the vocabulary."""

    def __str__(self) -> str:
        """Return the message itself (KeyError would quote it)."""
        return str(self.args[0])


class CheckpointError(SeqtoolsError, ValueError):
    """A checkpoint that is damaged or belongs to another run."""


class TrainingError(SeqtoolsError, ArithmeticError):
    """Training left the finite numbers or could not go on."""


class DecodingError(SeqtoolsError, ArithmeticError):
    """A model's scores cannot be searched."""


class TrainingInterrupted(SeqtoolsError):  # noqa: N818 - it reports a request, not a fault
    """A signal ended the run.

    Parameters
    ----------
    message : str
        What was saved, and how to go on.
    signal_number : int
        The signal received; a command exits with 128 plus this number.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        self.signal_number = signal_number
        super().__init__(message)


class MissingDependencyError(SeqtoolsError, ImportError):
    """An optional package is not installed; the message holds the install command."""
