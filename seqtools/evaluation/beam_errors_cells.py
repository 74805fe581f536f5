"""Numbers in score files: log-probabilities and lengths, refused where they cannot be one."""

import math
import re
from dataclasses import dataclass

from seqtools.errors import ScoreFileError
from seqtools.evaluation.beam_errors_objective import Candidate, Objective
from seqtools.io.text_numbers import whole_number

# A log-softmax may end a rounding error above zero.
_ROUNDING = 1e-6
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MINUS_INFINITY = frozenset({"-inf", "-infinity"})
_NOTHING = frozenset({"", "na", "n/a", "null", "none", "-"})


@dataclass(frozen=True)
class CellReader:
    """Reads the cells of one file.

    Attributes
    ----------
    path : str
        What messages call the file.
    objective : Objective
        The beam's own; says what scores and lengths are.
    lengths_without_eos : bool
        The file's lengths leave the end symbol out, whether or not the objective counts it.
    is_cost : bool
        The file's scores are negative log-probabilities.
    """

    path: str
    objective: Objective
    lengths_without_eos: bool = False
    is_cost: bool = False

    def fault(self, cause: str, line: int, remedy: str = "") -> ScoreFileError:
        """Return the error for a place in the file."""
        return ScoreFileError(cause, path=self.path, line=line, remedy=remedy or None)

    def score(self, cell: object, name: str, line: int) -> float:
        """Return a score; minus infinity stands for what the model cannot produce.

        Raises
        ------
        ScoreFileError
            If the cell is no number, NaN, or above zero where log-probabilities are meant.
        """
        text = str(cell).strip()
        if text.lower() == ("inf" if self.is_cost else "-inf") or (
            not self.is_cost and text.lower() in _MINUS_INFINITY
        ):
            return -math.inf
        if text.lower() in _NOTHING:
            raise self.fault(f"{name} is empty", line, "give a number")
        number = self._number(text, name, line)
        value = -number if self.is_cost else number
        if value > _ROUNDING and self.objective.score_kind != "objective":
            raise self._above_zero(text, name, line, number)
        return value

    def length(self, cell: object, name: str, line: int) -> int:
        """Return T from a length as the file counts it.

        Raises
        ------
        ScoreFileError
            If the cell is no whole number, or one that T cannot be.
        """
        text = str(cell).strip()
        number = whole_number(text)
        if number is None:
            raise self.fault(f"{name} {shown(text)} is not a whole number of at least 0", line)
        adds_end = self.lengths_without_eos and self.objective.eos_counted
        length = number + adds_end
        if length == 0 and self.objective.eos_counted:
            raise self.fault(
                f"{name} is 0, but T counts the end symbol, so it is at least 1",
                line,
                "if these lengths leave the end symbol out, add --lengths-without-eos",
            )
        return self._checked(length, name, line)

    def words(self, text: str, name: str, line: int) -> int:
        """Return T from a text: its words, and the end symbol if T counts it."""
        length = len(text.split()) + self.objective.eos_counted
        return self._checked(length, f"the number of words in {name}", line)

    def quality(self, cell: str, name: str, line: int) -> float | None:
        """Return a finite number, None for an empty cell."""
        text = cell.strip()
        return None if text.lower() in _NOTHING else self._number(text, name, line)

    def candidate(
        self, score: object, length: object | None, text: str | None, name: str, line: int
    ) -> Candidate:
        """Return a candidate; a length that is not given is counted from the text."""
        value = self.score(score, f"{name}_score", line)
        counted = None
        if length is not None and str(length).strip().lower() not in _NOTHING:
            counted = self.length(length, f"{name}_length", line)
        elif text is not None:
            counted = self.words(text, name, line)
        if counted is None and self.objective.needs_lengths:
            raise self.fault(
                f"no length for the {name}, which the objective ({self.objective.formula}) needs",
                line,
                f"give {name}_length or the text",
            )
        return Candidate(value, counted, text)

    def is_nothing(self, cell: str) -> bool:
        """Say whether a cell stands for no value."""
        return cell.strip().lower() in _NOTHING

    def _number(self, text: str, name: str, line: int) -> float:
        """Return a finite number."""
        if _NUMBER.fullmatch(text) is None or not math.isfinite(float(text)):
            raise self.fault(f"{name} {text!r} is not a finite number", line)
        return float(text)

    def _checked(self, length: int, name: str, line: int) -> int:
        """Refuse a T by whose power the objective cannot divide."""
        if length == 0 and self.objective.needs_lengths and self.objective.beta == 0:
            raise self.fault(f"{name} is 0, and the objective divides by a power of it", line)
        return length

    def _above_zero(self, text: str, name: str, line: int, number: float) -> ScoreFileError:
        """Return the error for a score that is no log-probability."""
        if self.is_cost:
            return self.fault(f"{name} {text} is below 0, which no cost is", line)
        remedy = "negative log-probabilities are read with --costs"
        if number <= 1:
            remedy = f"take logarithms if it is a probability; {remedy}"
        return self.fault(f"{name} {text} is above 0, which no log-probability is", line, remedy)


def shown(text: str) -> str:
    """Return a cell for a message, not too long."""
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
