"""What search needs of a model: one step of a decoder for many hypotheses at once.

Nothing in this package knows a model class. A translator, a captioner, an ensemble and the lookup
tables of the tests all answer the same three calls.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from seqtools.types import Float32Array, Int32Array, Int64Array

SourceT_contra = TypeVar("SourceT_contra", contravariant=True)
StateT = TypeVar("StateT")


class StepScorer(Protocol[SourceT_contra, StateT]):
    """A decoder that scores every next symbol of many rows.

    A row is a live hypothesis. Rows of several sentences share a state, in any order; a row knows
    its sentence. The state belongs to the model: search only hands it back, and may use an older
    state again after a newer one was made from it.

    Attributes
    ----------
    vocabulary_size : int
        V, the symbols that a step scores.
    bos_id, eos_id : int
        Given at the first step; ends an output.
    unk_id : int or None
        Stands for unknown words; None if there is no such symbol.
    unwritten_ids : tuple of int
        Symbols that no output holds, such as padding and the beginning.
    """

    @property
    def vocabulary_size(self) -> int:
        """Number of symbols."""

    @property
    def bos_id(self) -> int:
        """Beginning of every output."""

    @property
    def eos_id(self) -> int:
        """End of every output."""

    @property
    def unk_id(self) -> int | None:
        """Unknown word."""

    @property
    def unwritten_ids(self) -> tuple[int, ...]:
        """Symbols that no output holds."""

    def source_length(self, source: SourceT_contra) -> int:
        """Return how many positions attention has on a source; what a length ratio multiplies."""

    def start(self, sources: Sequence[SourceT_contra]) -> StateT:
        """Encode a batch and return the state of one row a sentence, in the order given."""

    def step(
        self, state: StateT, tokens: Int32Array
    ) -> tuple[Float32Array, StateT, Float32Array | None]:
        """Read one symbol in every row and score what may follow.

        Parameters
        ----------
        state : StateT
            Of N rows.
        tokens : int32 array, shape (N,)
            The symbol each row ends in; the beginning symbol at first.

        Returns
        -------
        log_probs : float32 array, shape (N, V)
            Search writes into it; the model may use the memory again at its next step.
        state : StateT
            Of the same rows after the symbol.
        attention : float32 array, shape (N, S), or None
            Weights over the source positions of each row, zero past its source's length. Search
            keeps it, so it is made anew at each step.
        """

    def select(self, state: StateT, rows: Int64Array) -> StateT:
        """Return the state of chosen rows, in their order; a row may be chosen more than once."""
