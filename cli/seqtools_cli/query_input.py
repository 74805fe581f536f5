"""Questions about words: from the command line, or one a line from standard input."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seqtools.embeddings.word_vectors import WordVectors

STDIN_HELP = (
    "Without words, or for '-', questions are read from standard input, one a line. A question "
    "that cannot be answered is reported on stderr, the others are answered all the same, and the "
    "exit code is 1."
)


@dataclass
class Query:
    """One question.

    Attributes
    ----------
    text : str
        As the user wrote it.
    words : list of str
        Its words.
    place : str
        Where it stands in standard input; empty on the command line.
    answer : object
        None until there is one.
    error : str
        Why it cannot be answered.
    """

    text: str
    words: list[str]
    place: str = ""
    answer: Any = None
    error: str = ""

    def as_one_word_of(self, vectors: WordVectors) -> Query:
        """Return the question as one word if it is in the vocabulary, else as several."""
        return replace(self, words=[self.text] if self.text in vectors else self.text.split())

    def payload(self, **answer: Any) -> dict[str, Any]:
        """Return the question and its answer, or its error, for JSON."""
        if self.error:
            return {"query": self.text, "error": self.error}
        return {"query": self.text, "words": self.words, **answer}


def each_word(words: Sequence[str], vectors_path: str) -> list[Query]:
    """Return a question for each word of the command line, or those of standard input."""
    if _is_stdin(words, vectors_path):
        return _stdin_questions()
    return [Query(word, [word]) for word in words]


def one_question(
    words: Sequence[str], vectors_path: str, smallest: int, largest: int | None
) -> list[Query]:
    """Return the question on the command line, or those of standard input."""
    if _is_stdin(words, vectors_path):
        return _stdin_questions()
    wrong = _wrong_number(words, smallest, largest)
    if wrong:
        raise click.UsageError(f"{wrong.capitalize()}.")
    return [Query(" ".join(words), list(words))]


def answer_all(
    queries: list[Query],
    check: Callable[[list[str]], object],
    answer: Callable[[list[Any]], Sequence[Any]],
    smallest: int = 1,
    largest: int | None = None,
) -> list[Query]:
    """Answer what can be answered and return it; report the rest, or fail if it is all there is.

    Parameters
    ----------
    queries : list of Query
        Get their answers and errors.
    check : callable
        Raises an error of seqtools if a question's words cannot be used.
    answer : callable
        Answers a list of questions at once.
    smallest, largest : int
        Numbers of words that are accepted.
    """
    from seqtools.errors import SettingsError, UnknownWordError

    for query in queries:
        try:
            wrong = _wrong_number(query.words, smallest, largest)
            if wrong:
                raise SettingsError(wrong)
            check(query.words)
        except (UnknownWordError, SettingsError) as error:
            if len(queries) == 1 and not query.place:
                raise
            query.error = str(error)
            place = f"{query.place}: " if query.place else ""
            click.echo(f"seqtools: error: {place}{query.error}", err=True)
    valid = [query for query in queries if not query.error]
    for query, found in zip(valid, answer([query.words for query in valid]), strict=True):
        query.answer = found
    return valid


def _is_stdin(words: Sequence[str], vectors_path: str) -> bool:
    """Say whether questions come from standard input; refuse to wait for a keyboard."""
    if words and tuple(words) != ("-",):
        return False
    if not words and sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("Give words, or pipe them in, one question a line.")
    if vectors_path == "-":
        raise click.UsageError("Vectors and questions cannot both come from standard input.")
    return True


def _stdin_questions() -> list[Query]:
    """Read one question a line, its words separated by blanks or tabs."""
    from seqtools.errors import FileContentError
    from seqtools.io.text_lines import text_lines

    queries = []
    for number, line in text_lines("-"):
        text = line.strip()
        words = text.split("\t") if "\t" in text else text.split()
        if words:
            queries.append(Query(text, [word.strip() for word in words], f"stdin, line {number}"))
    if not queries:
        raise FileContentError("no words", path="stdin", remedy="give one question a line")
    return queries


def _wrong_number(words: Sequence[str], smallest: int, largest: int | None) -> str:
    """Say what number of words was expected, if it is not that of `words`."""
    if smallest <= len(words) <= (largest or len(words)):
        return ""
    least = "at least " if largest is None else ""
    return f"expected {least}{smallest} words, got {len(words)}"
