"""CTC loss and gradient as PyTorch computes them."""

import numpy as np
import pytest

from seqtools.layers.ctc import ctc_loss

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def torch_loss(logits, lengths, targets, dtype):
    """Return PyTorch's losses and the gradient of their sum."""
    x = torch.tensor(logits, dtype=dtype, requires_grad=True)
    losses = torch.nn.functional.ctc_loss(
        torch.log_softmax(x, -1),
        torch.tensor([label for labels in targets for label in labels], dtype=torch.long),
        torch.tensor(lengths),
        torch.tensor([len(labels) for labels in targets]),
        reduction="none",
        zero_infinity=True,
    )
    losses.sum().backward()
    return losses.detach().numpy(), x.grad.numpy()


@pytest.mark.parametrize(
    ("frames", "symbols", "most"), [(60, 8, 20), (500, 32, 50), (400, 100, 90)]
)
def test_losses_and_gradient_are_those_of_float64(frames, symbols, most):
    generator = np.random.default_rng(frames)
    lengths = generator.integers(frames // 2, frames + 1, 6)
    targets = [generator.integers(1, symbols, generator.integers(0, most)) for _ in lengths]
    logits = generator.normal(0, 2, (frames, 6, symbols)).astype(np.float32)
    expected, gradient = torch_loss(logits, lengths, targets, torch.float64)
    result = ctc_loss(logits, lengths, targets)
    # PyTorch says 0 where the loss is inf and it was asked for finite ones.
    losses = np.where(np.isinf(result.losses), 0.0, result.losses)
    np.testing.assert_allclose(losses, expected, rtol=1e-7)
    error = np.abs(result.gradient - gradient).max() / np.abs(gradient).max()
    assert error < 1e-6
    exact = ctc_loss(logits.astype(np.float64), lengths, targets)
    np.testing.assert_allclose(exact.gradient, gradient, atol=1e-11)
