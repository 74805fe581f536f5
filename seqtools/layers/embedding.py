"""Embedding: a table with a row a symbol."""

from typing import NamedTuple

from seqtools.kernels.rows import add_rows, gather_rows
from seqtools.layers.parameters import Gradients, Initializer, Parameters, normal
from seqtools.layers.workspace import Workspace
from seqtools.types import FloatArray, Int32Array


class Embedding:
    """Turns symbols into rows of a table.

    Parameters
    ----------
    parameters : Parameters
    name : str
    vocabulary_size, width : int
        Shape (V, D) of the table.
    initialize : callable, optional
        Normal with standard deviation width**-0.5 if not given, as suits a table that is tied to
        an output layer.
    is_frozen : bool
        Whether training leaves the table alone.
    """

    def __init__(
        self,
        parameters: Parameters,
        name: str,
        vocabulary_size: int,
        width: int,
        initialize: Initializer | None = None,
        is_frozen: bool = False,
    ) -> None:
        self.name, self.vocabulary_size, self.width = name, vocabulary_size, width
        self.weights = parameters.add(
            f"{name}.weights",
            (vocabulary_size, width),
            initialize or normal(width**-0.5),
            is_frozen=is_frozen,
        )

    def forward(self, ids: Int32Array, workspace: Workspace) -> tuple[FloatArray, Int32Array]:
        """Look symbols up.

        Parameters
        ----------
        ids : int32 array, any shape
        workspace : Workspace

        Returns
        -------
        x : float array, shape ids.shape + (D,)
        cache : int32 array
        """
        x = workspace.take(f"{self.name}.output", *ids.shape, self.width)
        gather_rows(self.weights.value, ids.reshape(-1), x.reshape(-1, self.width))
        return x, ids

    def backward(
        self, d_x: FloatArray, cache: Int32Array, gradients: Gradients, workspace: Workspace
    ) -> None:
        """Add the gradient of looked-up rows to the table's."""
        del workspace
        if not self.weights.is_frozen:
            rows = d_x.reshape(-1, self.width)
            add_rows(rows, cache.reshape(-1), gradients[self.weights])

    def words(self, ids: Int32Array) -> "EmbeddedWords":
        """Return symbols that the next layer is to look up itself."""
        return EmbeddedWords(self, ids)


class EmbeddedWords(NamedTuple):
    """Symbols as the input of a recurrent layer, which may fold the table into its input weights.

    Attributes
    ----------
    embedding : Embedding
    ids : int32 array, shape (T, B)
    """

    embedding: Embedding
    ids: Int32Array
