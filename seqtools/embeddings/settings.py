"""The settings of training, checked when they are made."""

import math
import os
from dataclasses import dataclass
from typing import Literal

from seqtools.errors import SettingsError

_LARGEST_DIM = 65_536


@dataclass(frozen=True)
class Word2VecSettings:
    """How word vectors are trained.

    Attributes
    ----------
    model : "skipgram" or "cbow"
        Predict each context word's neighbourhood, or the centre from its whole window.
    loss : "ns" or "hs"
        Negative sampling, or hierarchical softmax over a Huffman tree.
    dim : int
        Numbers a vector.
    window : int
        Largest distance of a context word, in words.
    window_mode : "shrink" or "fixed"
        Draw each centre's window uniformly from 1 to `window`, or always take all of it.
    negative : int
        Negative samples a centre word; not used with "hs".
    noise_exponent : float
        Noise words are drawn in proportion to count ** noise_exponent: 0.75 as in the paper, 0
        uniform, 1 unigram.
    subsample : float
        Frequent words are dropped at random above this relative frequency; 0 drops none.
    subsample_rule : "word2vec" or "paper"
        Keep with probability sqrt(t/f) + t/f, as word2vec.c; or sqrt(t/f), as the paper.
    cbow_combine : "mean" or "sum"
        How CBOW joins the context rows.
    epochs : int
        Passes over the corpus.
    learning_rate, min_learning_rate : float
        The rate falls linearly from the first to the second over all epochs.
    threads : int
        Threads that train without locks; one makes the run repeatable to the byte.
    seed : int
        Seed of every random choice.

    Raises
    ------
    SettingsError
        If a value is outside its range; the message names it.
    """

    model: Literal["skipgram", "cbow"] = "skipgram"
    loss: Literal["ns", "hs"] = "ns"
    dim: int = 100
    window: int = 5
    window_mode: Literal["shrink", "fixed"] = "shrink"
    negative: int = 5
    noise_exponent: float = 0.75
    subsample: float = 1e-3
    subsample_rule: Literal["word2vec", "paper"] = "word2vec"
    cbow_combine: Literal["mean", "sum"] = "mean"
    epochs: int = 5
    learning_rate: float = 0.025
    min_learning_rate: float = 1e-4
    threads: int = 1
    seed: int = 1

    def __post_init__(self) -> None:
        _check_choice("model", self.model, ("skipgram", "cbow"))
        _check_choice("loss", self.loss, ("ns", "hs"))
        _check_choice("window_mode", self.window_mode, ("shrink", "fixed"))
        _check_choice("subsample_rule", self.subsample_rule, ("word2vec", "paper"))
        _check_choice("cbow_combine", self.cbow_combine, ("mean", "sum"))
        _check_range("dim", self.dim, 1, _LARGEST_DIM)
        _check_range("window", self.window, 1, 10_000)
        _check_range("negative", self.negative, 1, 1_000)
        _check_range("noise_exponent", self.noise_exponent, -10.0, 10.0)
        _check_range("subsample", self.subsample, 0.0, 1.0)
        _check_range("epochs", self.epochs, 1, 1_000_000)
        _check_range("threads", self.threads, 1, 1_024)
        _check_range("seed", self.seed, 0, 2**63 - 1)
        _check_range("learning_rate", self.learning_rate, 1e-9, 100.0)
        _check_range("min_learning_rate", self.min_learning_rate, 0.0, self.learning_rate)

    @property
    def vector_size(self) -> int:
        """Numbers a word vector that the run returns."""
        return self.dim


@dataclass(frozen=True)
class GloVeSettings:
    """How GloVe vectors are trained.

    Attributes
    ----------
    model : "glove"
    dim : int
        Numbers a vector.
    window : int
        Largest distance of a context word, in words; a word at distance d counts 1/d.
    x_max : float
        Pairs of words with at least this weighted count have full weight in the cost.
    weight_exponent : float
        The others have the weight (x / x_max) ** weight_exponent.
    combine : "sum", "average", "input" or "concat"
        The vectors that are returned: sum or mean of word and context vectors, word vectors alone,
        or both one after the other.
    epochs : int
        Passes over all pairs of words.
    learning_rate : float
        Initial step of AdaGrad.
    gradient_clip : float
        Each number of a gradient is clipped to [-gradient_clip, gradient_clip].
    threads : int
        Threads that train without locks; one makes the run repeatable to the byte.
    seed : int
        Seed of every random choice.

    Raises
    ------
    SettingsError
        If a value is outside its range; the message names it.
    """

    model: Literal["glove"] = "glove"
    dim: int = 100
    window: int = 15
    x_max: float = 100.0
    weight_exponent: float = 0.75
    combine: Literal["sum", "average", "input", "concat"] = "sum"
    epochs: int = 15
    learning_rate: float = 0.05
    gradient_clip: float = 100.0
    threads: int = 1
    seed: int = 1

    def __post_init__(self) -> None:
        _check_choice("model", self.model, ("glove",))
        _check_choice("combine", self.combine, ("sum", "average", "input", "concat"))
        _check_range("dim", self.dim, 1, _LARGEST_DIM)
        _check_range("window", self.window, 1, 10_000)
        _check_range("x_max", self.x_max, 1e-9, 1e18)
        _check_range("weight_exponent", self.weight_exponent, 0.0, 10.0)
        _check_range("epochs", self.epochs, 1, 1_000_000)
        _check_range("learning_rate", self.learning_rate, 1e-9, 100.0)
        _check_range("gradient_clip", self.gradient_clip, 1e-9, 1e9)
        _check_range("threads", self.threads, 1, 1_024)
        _check_range("seed", self.seed, 0, 2**63 - 1)

    @property
    def vector_size(self) -> int:
        """Numbers a word vector that the run returns."""
        return 2 * self.dim if self.combine == "concat" else self.dim


def count_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that is not among the choices."""
    if value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside [low, high], NaN included."""
    if not (math.isfinite(value) and low <= value <= high):
        raise SettingsError(f"{name} must be between {low:g} and {high:g}, got {value}")
