"""The neural probabilistic language model: a word from the words before it.

Source: Bengio, Ducharme, Vincent and Jauvin, "A neural probabilistic language model" (2003), eq. 1:

    y = b + W x + U tanh(d + H x),    p = softmax(y)

x are the vectors of the previous n-1 words side by side, rows of a table C that is learnt with the
rest; W is left out unless direct connections are asked for.
"""

import numpy as np
from numpy.typing import DTypeLike

from seqtools.embeddings.nplm_settings import NPLMSettings
from seqtools.layers.embedding import Embedding
from seqtools.layers.output import SoftmaxOutput
from seqtools.layers.parameters import Gradients, Parameters
from seqtools.layers.readout import Readout
from seqtools.layers.workspace import Workspace
from seqtools.seeding import numpy_generator
from seqtools.training.task import LossSum
from seqtools.types import FloatArray, Int32Array


class NPLM:
    """The layers of the model.

    Parameters
    ----------
    settings : NPLMSettings
    num_symbols : int
        V: the words, and one more for what stands before and after a sentence.
    dtype : type
        np.float32, or np.float64 for checks of gradients.

    Attributes
    ----------
    parameters : Parameters
        ``words.weights`` (V, D) is C; ``hidden.context_weights`` ((n-1) D, H) the paper's H and
        ``hidden.bias`` d; ``output.weights`` (V, H), or (V, H + (n-1) D) with direct connections,
        is U, W beside it, and ``output.bias`` b. Biases are not decayed.
    """

    def __init__(
        self, settings: NPLMSettings, num_symbols: int, dtype: DTypeLike = np.float32
    ) -> None:
        self.settings, self.num_symbols = settings, num_symbols
        self.parameters = Parameters(dtype)
        self._context_size = settings.window * settings.dim
        hidden = settings.hidden_size
        self.words = Embedding(self.parameters, "words", num_symbols, settings.dim)
        self.hidden = Readout(self.parameters, "hidden", {"context": self._context_size}, hidden)
        self._output_size = hidden + self._context_size * settings.has_direct
        self.output = SoftmaxOutput(self.parameters, "output", self._output_size, num_symbols)
        self.parameters.allocate(numpy_generator(settings.seed, "initial weights"))

    def train(
        self,
        contexts: Int32Array,
        targets: Int32Array,
        gradients: Gradients,
        workspace: Workspace,
        scale: float,
    ) -> LossSum:
        """Add the gradient of `scale` times the loss of a batch, and return the loss.

        Parameters
        ----------
        contexts : int32 array, shape (B, n-1)
            Words before, in the order of the text.
        targets : int32 array, shape (B,)
        gradients : Gradients
            Added to.
        workspace : Workspace
        scale : float
        """
        vectors, looked_up = self.words.forward(contexts, workspace)
        x = vectors.reshape(1, -1, self._context_size)
        h, joined = self.hidden.forward([x], workspace)
        features = self._features(h, x, workspace)
        loss = self.output.train(features, targets[np.newaxis], scale, gradients, workspace)

        d_h = workspace.take("d_hidden", *h.shape)
        d_h[:] = loss.d_hidden[:, :, : self.settings.hidden_size]
        [d_x] = self.hidden.backward(d_h, joined, gradients, workspace)
        if self.settings.has_direct:
            d_x += loss.d_hidden[:, :, self.settings.hidden_size :]
        self.words.backward(d_x.reshape(vectors.shape), looked_up, gradients, workspace)
        return LossSum(loss.loss, loss.num_targets)

    def score(self, contexts: Int32Array, targets: Int32Array, workspace: Workspace) -> LossSum:
        """Return the loss of a batch alone; parameters as in `train`."""
        vectors, _ = self.words.forward(contexts, workspace)
        x = vectors.reshape(1, -1, self._context_size)
        h, _ = self.hidden.forward([x], workspace)
        features = self._features(h, x, workspace)
        found = self.output.log_likelihoods(features, targets[np.newaxis], workspace)
        return LossSum(-float(found.sum()), targets.size)

    def word_vectors(self) -> FloatArray:
        """Return the table C, shape (V, D)."""
        return self.words.weights.value

    def output_vectors(self) -> FloatArray:
        """Return the weights U of the words to be predicted, shape (V, H)."""
        return self.output.weights.value[:, : self.settings.hidden_size]

    def _features(self, h: FloatArray, x: FloatArray, workspace: Workspace) -> FloatArray:
        """Return what the output layer sees: hidden units, and the context if it is connected."""
        if not self.settings.has_direct:
            return h
        features = workspace.take("features", *h.shape[:2], self._output_size)
        np.concatenate((h, x), axis=2, out=features)
        return features
