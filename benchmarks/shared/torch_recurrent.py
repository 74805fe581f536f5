"""The models of ``benchmarks.recurrent`` in PyTorch, as its users write them."""

from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.shared.recurrent_cases import Case

# Where PyTorch has the gates that we keep in the order of each kind.
_GATES = {"lstm": (0, 1, 3, 2), "gru": (0, 1, 2)}


class _Network(nn.Module):
    """Embedding, recurrent layers, output layer."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.embedding = nn.Embedding(case.vocabulary_size, case.width)
        kind = nn.LSTM if case.kind == "lstm" else nn.GRU
        self.layers = kind(
            case.width, case.hidden_size, case.num_layers, bidirectional=case.is_bidirectional
        )
        directions = 2 if case.is_bidirectional else 1
        self.output = nn.Linear(directions * case.hidden_size, case.num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits, shape (T, B, number of classes)."""
        logits: torch.Tensor = self.output(self.layers(self.embedding(x))[0])
        return logits


class TorchModel:
    """Steps a case.

    Parameters
    ----------
    case : Case
    threads : int
    """

    def __init__(self, case: Case, threads: int) -> None:
        self._threads, self._kind = threads, case.kind
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        self.network = _Network(case)
        self._optimizer = torch.optim.Adam(self.network.parameters())
        self._x, self._targets = (torch.from_numpy(part).long() for part in case.draw())

    def step(self) -> float:
        """Make one step and return the loss a target before it."""
        torch.set_num_threads(self._threads)
        self._optimizer.zero_grad()
        logits = self.network(self._x)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), self._targets.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self._optimizer.step()
        return loss.item()

    def load(self, weights: dict[str, Any]) -> None:
        """Take over the weights of our model."""
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                if name.startswith("layers."):
                    parameter.copy_(torch.from_numpy(self._layer_weights(name, weights)))
                elif name.startswith("output.") or name == "embedding.weight":
                    ours = name.replace("weight", "weights")
                    parameter.copy_(torch.from_numpy(weights[ours]))

    def _layer_weights(self, name: str, weights: dict[str, Any]) -> Any:
        """Return a parameter of a recurrent layer in PyTorch's shape and order of gates."""
        what, place = name.removeprefix("layers.").split("_l", 1)
        index, _, reverse = place.partition("_")
        prefix = f"layers.layer{index}"
        if any(key.startswith(f"{prefix}.forward") for key in weights):
            prefix += ".backward" if reverse else ".forward"
        bias = weights[f"{prefix}.bias"]
        array = {
            "weight_ih": lambda: weights[f"{prefix}.input_weights"].T,
            "weight_hh": lambda: weights[f"{prefix}.recurrent_weights"].T,
            "bias_ih": lambda: bias,
            "bias_hh": lambda: self._inner_bias(prefix, bias, weights),
        }[what]()
        gates = np.split(array, len(_GATES[self._kind]))
        return np.concatenate([gates[gate] for gate in _GATES[self._kind]])

    def _inner_bias(self, prefix: str, bias: Any, weights: dict[str, Any]) -> Any:
        """Return the second bias, of which we have only the GRU candidate's."""
        inner = np.zeros_like(bias)
        if self._kind == "gru":
            candidate = weights[f"{prefix}.candidate_bias"]
            inner[-len(candidate) :] = candidate
        return inner
