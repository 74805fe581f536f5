"""An acoustic model: features of a recording in, scores of characters at each frame out.

Recurrent layers read the recording from both ends (Graves, Mohamed and Hinton 2013), a linear layer
scores the characters and the blank, and connectionist temporal classification (Graves et al. 2006)
learns from texts whose characters have no times.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from seqtools.layers.ctc import ctc_loss
from seqtools.layers.dropout import Dropout, DropoutSettings
from seqtools.layers.linear import Linear
from seqtools.layers.parameters import Gradients, Parameters
from seqtools.layers.recurrent import CellSettings
from seqtools.layers.stacked import Stacked
from seqtools.layers.workspace import Workspace
from seqtools.models.speech_settings import SpeechSettings
from seqtools.seeding import numpy_generator
from seqtools.text.alphabet import BLANK
from seqtools.training.task import LossSum
from seqtools.types import Float64Array, FloatArray, Int32Array, Int64Array, Uint64Array


class SpeechModel:
    """The layers of an acoustic model.

    Parameters
    ----------
    settings : SpeechSettings
    input_size : int
        Features of a frame, D.
    num_symbols : int
        Characters and the blank, V; the blank is 0.
    seed : int or None
        Seed of the initial weights; None for weights that are read from a file.
    dtype : type
        np.float32, or np.float64 for checks of gradients.

    Attributes
    ----------
    parameters : Parameters
    """

    def __init__(
        self,
        settings: SpeechSettings,
        input_size: int,
        num_symbols: int,
        seed: int | None = 1,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.settings, self.input_size, self.num_symbols = settings, input_size, num_symbols
        self.parameters = Parameters(dtype)
        same = settings.is_variational
        self.input_dropout = Dropout("input_dropout", settings.input_dropout, same)
        self.cells = Stacked(
            self.parameters, "cells", input_size, settings.hidden_size, settings.num_layers,
            CellSettings(settings.cell, settings.gru_variant, settings.has_peepholes),
            settings.is_bidirectional,
            DropoutSettings(settings.dropout, settings.recurrent_dropout, same),
        )  # fmt: skip
        self.output_dropout = Dropout("output_dropout", settings.dropout, same)
        self.output = Linear(self.parameters, "output", self.cells.output_size, num_symbols)
        if seed is None:
            self.parameters.allocate(None)
            return
        self.parameters.allocate(numpy_generator(seed, "initial weights"))
        self.parameters["output.bias"].value[BLANK] = settings.blank_bias

    def train(
        self,
        x: FloatArray,
        lengths: Int64Array,
        targets: Sequence[Int32Array],
        gradients: Gradients,
        workspace: Workspace,
        rng_state: Uint64Array,
        scale: float,
    ) -> LossSum:
        """Add the gradient of a batch, and return its loss.

        Parameters
        ----------
        x : float array, shape (T, B, D)
            Features, of any content after the end of an utterance.
        lengths : int64 array, shape (B,)
            Frames of each utterance.
        targets : sequence of int32 arrays, shape (L,)
            Ids of the characters of each utterance; they fit into its frames.
        gradients : Gradients
            Added to.
        workspace : Workspace
        rng_state : uint64 array, shape (1,)
            For dropout.
        scale : float
            Factor of the gradient.
        """
        kept, input_mask = self.input_dropout.forward(x, workspace, rng_state)
        hidden, recurrent = self.cells.forward(kept, lengths, workspace, rng_state=rng_state)
        dropped, output_mask = self.output_dropout.forward(hidden, workspace, rng_state)
        logits, linear = self.output.forward(dropped, workspace)
        loss = ctc_loss(logits, lengths, targets, scale=scale, out_gradient=logits)

        d_dropped = self.output.backward(loss.gradient, linear, gradients, workspace)
        d_hidden = self.output_dropout.backward(d_dropped, output_mask, workspace)
        self.cells.backward(d_hidden, recurrent, gradients, workspace)
        del input_mask  # nothing is learnt about the features
        return LossSum(float(loss.losses.sum()), sum(map(len, targets)))

    def logits(self, x: FloatArray, lengths: Int64Array, workspace: Workspace) -> FloatArray:
        """Return the scores of all symbols, without dropout.

        Returns
        -------
        float array, shape (T, B, V)
            Valid until the workspace is used again. What an utterance gets does not depend on the
            others, nor on what follows its end.
        """
        hidden, _ = self.cells.forward(x, lengths, workspace)
        logits, _ = self.output.forward(hidden, workspace)
        return logits


def posteriors_of(logits: FloatArray) -> FloatArray:
    """Return the probabilities of symbols, float array, shape (T, V), of the scores of one."""
    values = np.exp(logits - logits.max(-1, keepdims=True))
    probabilities: FloatArray = values / values.sum(-1, keepdims=True)
    return probabilities


def losses_of(
    logits: FloatArray, lengths: Int64Array, targets: Sequence[Int32Array]
) -> Float64Array:
    """Return -ln P of each text in nats, float64 array, shape (B,); `logits` is overwritten."""
    return ctc_loss(logits, lengths, targets, out_gradient=logits).losses
