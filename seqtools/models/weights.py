"""The parameters of a model and the weights of a model directory."""

from typing import Any

from numpy.typing import NDArray

from seqtools.errors import ModelError
from seqtools.io.model_directory import ModelDirectory
from seqtools.layers.parameters import Parameters


def restore_weights(parameters: Parameters, directory: ModelDirectory) -> None:
    """Set parameters to the weights of a model directory.

    Raises
    ------
    ModelError
        If the weights are damaged, or not those of this model; the message names the tensor.
    """
    tensors = directory.read_weights()
    for parameter in parameters:
        _check(parameter.name, parameter.shape, tensors, directory)
        parameter.value[...] = tensors.pop(parameter.name)
    if tensors:
        raise ModelError(
            f"weights.safetensors holds {min(tensors)}, which the model has not",
            path=directory.path,
            remedy="use the seqtools that wrote it",
        )


def _check(
    name: str, shape: tuple[int, ...], tensors: dict[str, NDArray[Any]], directory: ModelDirectory
) -> None:
    """Refuse a tensor that is missing or of another shape."""
    found = tensors[name].shape if name in tensors else None
    if found != shape:
        has = "no" if found is None else f"shape {found} for"
        raise ModelError(
            f"weights.safetensors has {has} {name}, the model needs shape {shape}",
            path=directory.path,
            remedy="use the seqtools that wrote it",
        )
