"""Manifests: which recordings there are, and what is said in each.

A line is ``path<TAB>text``, or ``path<TAB>text<TAB>start<TAB>end`` with times in seconds for a
stretch of a longer recording; an empty end is the end of the recording. Paths are relative to the
manifest. A first line ``path<TAB>text`` (with or without the names of the other columns) is a
heading.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqtools.errors import FileAccessError, FileContentError, ManifestError, SettingsError
from seqtools.io.atomic import atomic_writer
from seqtools.io.text_rows import is_numeric
from seqtools.text.lines import name_of, read_lines

_COLUMNS = ("path", "text", "start", "end")
_FORM = "path<TAB>text, or path<TAB>text<TAB>start<TAB>end"


@dataclass(frozen=True)
class Utterance:
    """A recording, or a stretch of one, and what is said in it.

    Attributes
    ----------
    path : Path
        The file.
    text : str
        What is said; empty where no text is needed.
    start_seconds : float
        Where the stretch begins.
    end_seconds : float or None
        Where it ends; None for the end of the recording.
    line : int
        The manifest's line, counted from 1; 0 if there is none.
    """

    path: Path
    text: str = ""
    start_seconds: float = 0.0
    end_seconds: float | None = None
    line: int = 0


@dataclass(frozen=True)
class Manifest:
    """Utterances in the order of a file.

    Attributes
    ----------
    path : path-like
        The file, for messages; "stdin" for standard input.
    utterances : tuple of Utterance
        One at least.
    """

    path: str | os.PathLike[str]
    utterances: tuple[Utterance, ...]

    def __len__(self) -> int:
        """Return the number of utterances N."""
        return len(self.utterances)

    @property
    def texts(self) -> list[str]:
        """What is said in each."""
        return [utterance.text for utterance in self.utterances]

    def refuse(self, faults: Sequence[tuple[int, str]]) -> None:
        """Raise one error for all faults found, none if there are none.

        Parameters
        ----------
        faults : sequence of (int, str)
            Index of an utterance, and what is wrong with it.

        Raises
        ------
        ManifestError
            Names a single fault with its line, or counts several and names the first three; its
            `faults` holds all.
        """
        if not faults:
            return
        listed = [f"line {self.utterances[index].line}: {cause}" for index, cause in faults]
        if len(faults) == 1:
            [(index, cause)] = faults
            raise ManifestError(
                cause, path=self.path, line=self.utterances[index].line, faults=listed
            )
        more = f"; and {len(listed) - 3} more" if len(listed) > 3 else ""
        raise ManifestError(
            f"{len(listed)} of {len(self)} utterances are faulty: {'; '.join(listed[:3])}{more}",
            path=self.path,
            faults=listed,
        )


def read_manifest(path: str | os.PathLike[str], needs_text: bool = True) -> Manifest:
    """Read a manifest; recordings are not opened yet.

    Parameters
    ----------
    path : path-like
        UTF-8, plain or compressed; "-" is standard input, whose paths are relative to where one
        stands.
    needs_text : bool
        Whether every line must have a text; otherwise a line may be a path alone.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    ManifestError
        If a line is no text or not of the form described, or there is none.
    """
    is_stdin = os.fspath(path) == "-"
    folder = Path() if is_stdin else Path(path).parent
    utterances: list[Utterance] = []
    blank_line: int | None = None
    name = name_of(path)
    try:
        for number, line in enumerate(read_lines(path), start=1):
            if not line.strip():
                blank_line = blank_line or number
                continue
            if blank_line is not None:
                raise ManifestError("blank line", path=name, line=blank_line, remedy="remove it")
            fields = line.split("\t")
            if not (number == 1 and _is_heading(fields)):
                utterances.append(_parse(fields, folder, name, number, needs_text))
    except ManifestError:
        raise
    except FileContentError as error:
        raise ManifestError(
            error.cause, path=error.path, line=error.line, byte=error.byte, remedy=error.remedy
        ) from error
    if not utterances:
        raise ManifestError("holds no utterances", path=name, remedy=f"give a line each: {_FORM}")
    return Manifest(name, tuple(utterances))


def write_manifest(path: str | os.PathLike[str], utterances: Iterable[Utterance]) -> None:
    """Write a manifest with paths relative to its directory, atomically.

    Raises
    ------
    SettingsError
        If a path or text holds a tab or a line feed, or there is no utterance.
    FileAccessError
        If the file cannot be written.
    """
    folder = Path(path).parent
    lines = []
    for utterance in utterances:
        fields = [os.path.relpath(utterance.path, folder), utterance.text]
        if utterance.start_seconds or utterance.end_seconds is not None:
            fields += [_spell(utterance.start_seconds), _spell(utterance.end_seconds)]
        if any(character in field for field in fields for character in "\t\n"):
            raise SettingsError(f"a manifest holds no tab or line feed in its fields: {fields!r}")
        lines.append("\t".join(fields) + "\n")
    if not lines:
        raise SettingsError("a manifest holds at least one utterance")
    try:
        content = "".join(lines).encode()
    except UnicodeEncodeError as error:
        raise FileAccessError(f"{os.fspath(path)}: cannot write: a path is not UTF-8") from error
    with atomic_writer(path) as file:
        file.write(content)


def _spell(seconds: float | None) -> str:
    """Return a time to the microsecond, without zeros at its end."""
    return "" if seconds is None else f"{seconds:.6f}".rstrip("0").rstrip(".")


def _is_heading(fields: list[str]) -> bool:
    """Say whether a first line names the columns."""
    names = tuple(field.strip().lower() for field in fields)
    return len(names) >= 2 and names == _COLUMNS[: len(names)]


def _parse(
    fields: list[str],
    folder: Path,
    name: str | os.PathLike[str],
    line: int,
    needs_text: bool,
) -> Utterance:
    """Make an utterance of a line's fields."""

    def fault(cause: str, remedy: str) -> ManifestError:
        return ManifestError(cause, path=name, line=line, remedy=remedy)

    if len(fields) not in (1, 2, 4) or (len(fields) == 1 and needs_text):
        raise fault(f"{len(fields)} columns", f"a line is {_FORM}")
    if not fields[0].strip():
        raise fault("no path in the first column", f"a line is {_FORM}")
    text = fields[1].strip() if len(fields) > 1 else ""
    if needs_text and not text:
        raise fault("no text in the second column", "write what is said, or remove the line")
    start, end = 0.0, None
    if len(fields) == 4:
        times = [field.strip() for field in fields[2:]]
        if not all(is_numeric(time.encode()) for time in times if time):
            raise fault(
                f"times {fields[2]!r} and {fields[3]!r} are not numbers", "give seconds, as in 1.25"
            )
        start, end = float(times[0] or 0), float(times[1]) if times[1] else None
        if not 0 <= start < (float("inf") if end is None else end) or end == float("inf"):
            raise fault(
                f"times from {fields[2] or '0'} to {fields[3] or 'the end'}",
                "start must be at least 0 and end beyond it",
            )
    return Utterance(folder / fields[0], text, start, end, line)
