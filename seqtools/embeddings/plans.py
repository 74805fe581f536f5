"""What to train, from what, and where to keep what is needed on the way."""

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from seqtools.embeddings.lock_free import Model, RunSettings
from seqtools.embeddings.nplm_settings import NPLMSettings
from seqtools.embeddings.settings import GloVeSettings, Word2VecSettings
from seqtools.errors import CheckpointError, FileAccessError, FileContentError, SettingsError
from seqtools.io.atomic import atomic_writer
from seqtools.io.temporary import temporary_directory
from seqtools.monitor import Monitor
from seqtools.text.id_cache import IdCache, TextSettings, build_id_cache
from seqtools.text.vocabulary import Vocabulary
from seqtools.types import Float32Array, Int64Array

if TYPE_CHECKING:
    from seqtools.embeddings.glove_pairs import TrainingPairs
    from seqtools.io.cooccurrence_file import CooccurrenceFile

# How the text of a GloVe run was read.
_READING_FILE = "reading.json"


class Statistics(Protocol):
    """How much text a run trains on."""

    @property
    def tokens_read(self) -> int:
        """Words of the text."""

    @property
    def tokens_kept(self) -> int:
        """Those of them that are in the vocabulary."""

    @property
    def sentences(self) -> int:
        """Lines that hold a word of the vocabulary."""


class Source(Protocol):
    """What a model trains on, read once and kept in a directory."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The words."""

    @property
    def statistics(self) -> Statistics:
        """What was read."""

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digits that tell this content from any other."""


@dataclass(frozen=True)
class Plan(ABC):
    """What every run needs to know.

    Attributes
    ----------
    text : TextSettings
        How text becomes words.
    vocabulary : path-like or None
        Take the words and counts of this file.
    initial_vectors : path-like or None
        Start from the vectors of this file, for the words that it holds.
    work_directory : path-like
        Where the encoded corpus lies while it is needed.
    checkpoint_directory : path-like or None
        Where checkpoints are kept; None keeps none.
    checkpoint_every : float
        Seconds between checkpoints.
    is_resumed : bool
        Go on from the checkpoint if there is one.
    """

    text: TextSettings = field(default_factory=TextSettings)
    vocabulary: str | os.PathLike[str] | None = None
    initial_vectors: str | os.PathLike[str] | None = None
    work_directory: str | os.PathLike[str] = "."
    checkpoint_directory: str | os.PathLike[str] | None = None
    checkpoint_every: float = 600.0
    is_resumed: bool = False

    @property
    @abstractmethod
    def settings(self) -> RunSettings:
        """How vectors are trained."""

    @abstractmethod
    def read(
        self,
        paths: Sequence[str],
        vocabulary: Vocabulary | None,
        directory: Path,
        monitor: Monitor,
    ) -> Source:
        """Read the corpus into a directory."""

    @abstractmethod
    def reopen(self, directory: Path) -> Source:
        """Open what an earlier run has read."""

    def _check_reading(
        self, read_with: Mapping[str, Any], vocabulary: Vocabulary, checkpoint: Path
    ) -> None:
        """Refuse a corpus that this plan would have read in another way."""
        remedy = f"use the first run's options, or delete {checkpoint} to start again"
        for name, value in asdict(self.text).items():
            if read_with.get(name) != value:
                raise CheckpointError(
                    f"{checkpoint}: its run has {name} {read_with.get(name)}, this one {value}; "
                    f"{remedy}"
                )
        if self.vocabulary is None:
            return
        if Vocabulary.load(self.vocabulary).fingerprint != vocabulary.fingerprint:
            raise CheckpointError(
                f"{checkpoint}: its run has another vocabulary than "
                f"{os.fspath(self.vocabulary)}; {remedy}"
            )


class LockFreePlan(Plan):
    """A plan of threads that train without locks."""

    @abstractmethod
    def load_kernel(self) -> None:
        """Compile the kernel that trains, or load it from the cache on disk."""

    @abstractmethod
    def make_model(
        self, source: Any, initial_vectors: tuple[Int64Array, Float32Array] | None
    ) -> Model:
        """Prepare a run on what was read, from random vectors or from given ones."""


class TextPlan(Plan):
    """A plan that trains on the words of the text in their order."""

    def read(
        self,
        paths: Sequence[str],
        vocabulary: Vocabulary | None,
        directory: Path,
        monitor: Monitor,
    ) -> IdCache:
        """Encode the corpus."""
        return build_id_cache(paths, directory, self.text, vocabulary, monitor)

    def reopen(self, directory: Path) -> IdCache:
        """Map the encoded corpus of an earlier run, once it is known to be whole and to fit.

        Raises
        ------
        CorpusError
            If the ids on disk are not those that were written.
        CheckpointError
            If the text was read with other settings, or for another vocabulary.
        """
        cache = IdCache.open(directory)
        self._check_reading(asdict(cache.settings), cache.vocabulary, directory.parent)
        cache.verify()  # kernels trust the ids: one out of range would write outside the vectors
        return cache


@dataclass(frozen=True)
class TrainingPlan(TextPlan, LockFreePlan):
    """Train skip-gram or CBOW.

    Attributes
    ----------
    word2vec : Word2VecSettings
        How vectors are trained. The other attributes are those of ``Plan``.
    """

    word2vec: Word2VecSettings = field(default_factory=Word2VecSettings)

    @property
    def settings(self) -> Word2VecSettings:
        """How vectors are trained."""
        return self.word2vec

    def load_kernel(self) -> None:
        """Compile the kernel that trains, or load it from the cache on disk."""
        from seqtools.embeddings.word2vec import load_kernel

        load_kernel(self.word2vec)

    def make_model(
        self, source: IdCache, initial_vectors: tuple[Int64Array, Float32Array] | None
    ) -> Model:
        """Prepare parameters, distributions and walks."""
        from seqtools.embeddings.word2vec import make_model

        return make_model(source.ids, source.vocabulary.counts, self.word2vec, initial_vectors)


@dataclass(frozen=True)
class NPLMPlan(TextPlan):
    """Train the neural probabilistic language model.

    Attributes
    ----------
    nplm : NPLMSettings
        How vectors are trained.
    threads : int
        Threads; the result does not depend on them.
    valid : sequence of str
        Texts to choose the best epoch by. The other attributes are those of ``Plan``.
    """

    nplm: NPLMSettings = field(default_factory=NPLMSettings)
    threads: int = 1
    valid: Sequence[str] = ()

    @property
    def settings(self) -> NPLMSettings:
        """How vectors are trained."""
        return self.nplm


@dataclass(frozen=True)
class GloVePlan(LockFreePlan):
    """Train GloVe.

    Attributes
    ----------
    glove : GloVeSettings
        How vectors are trained.
    memory_bytes : int
        Memory for counting co-occurrences.
    is_counted : bool
        The path to train on is not text but a file of co-occurrences; `text` is then not used.
    """

    glove: GloVeSettings = field(default_factory=GloVeSettings)
    memory_bytes: int = 2 << 30
    is_counted: bool = False

    @property
    def settings(self) -> GloVeSettings:
        """How vectors are trained."""
        return self.glove

    def read(
        self,
        paths: Sequence[str],
        vocabulary: Vocabulary | None,
        directory: Path,
        monitor: Monitor,
    ) -> "TrainingPairs":
        """Count co-occurrences, unless that is done, and put them into random order."""
        from seqtools.embeddings.glove_pairs import prepare_pairs
        from seqtools.io.cooccurrence_file import CooccurrenceFile

        with temporary_directory(self.work_directory, "counts") as folder:
            path = folder / "counts.cooc"
            if self.is_counted:
                path = self._counted_file(paths)
            else:
                self._count(paths, vocabulary, path, monitor)
            file = CooccurrenceFile.open(path)
            self._check_fit(file, vocabulary)
            pairs = prepare_pairs(file, directory, self.glove, monitor)
        with atomic_writer(directory / _READING_FILE) as out:
            out.write(json.dumps(asdict(self.text)).encode())
        return pairs

    def reopen(self, directory: Path) -> "TrainingPairs":
        """Open the pairs of an earlier run.

        Raises
        ------
        FileContentError
            If something is missing or damaged.
        CheckpointError
            If the text was read with other settings, or for another vocabulary.
        """
        from seqtools.embeddings.glove_pairs import TrainingPairs

        pairs, path = TrainingPairs.open(directory), directory / _READING_FILE
        try:
            read_with = json.loads(path.read_bytes())
        except OSError as error:
            raise FileAccessError.from_os_error(error, path) from error
        except ValueError as error:
            remedy = "delete the directory and start again"
            raise FileContentError("damaged", path=path, remedy=remedy) from error
        if self.is_counted:  # no text was read
            read_with = asdict(self.text)
        self._check_reading(read_with, pairs.vocabulary, directory.parent)
        return pairs

    def load_kernel(self) -> None:
        """Compile the kernel that trains, or load it from the cache on disk."""
        from seqtools.embeddings.glove import load_kernel

        load_kernel(self.glove)

    def make_model(
        self, source: "TrainingPairs", initial_vectors: tuple[Int64Array, Float32Array] | None
    ) -> Model:
        """Prepare parameters and walks."""
        from seqtools.embeddings.glove import make_model

        return make_model(source, self.glove, initial_vectors)

    def _count(
        self, paths: Sequence[str], vocabulary: Vocabulary | None, path: Path, monitor: Monitor
    ) -> None:
        """Encode text and count its co-occurrences."""
        from seqtools.embeddings.cooccurrence import count_cooccurrences
        from seqtools.embeddings.cooccurrence_settings import CooccurrenceSettings

        settings = CooccurrenceSettings(self.glove.window, self.glove.threads, self.memory_bytes)
        cache = build_id_cache(paths, path.parent / "ids", self.text, vocabulary, monitor)
        count_cooccurrences(cache, path, settings, monitor)

    def _counted_file(self, paths: Sequence[str]) -> Path:
        """Return the one file of co-occurrences."""
        if len(paths) != 1:
            raise SettingsError(
                f"expected one file of co-occurrences, got {len(paths)}; "
                "merge them first with `seqtools embed merge`"
            )
        return Path(paths[0])

    def _check_fit(self, file: "CooccurrenceFile", vocabulary: Vocabulary | None) -> None:
        """Refuse a file of another window or vocabulary than asked for."""
        if file.header.window != self.glove.window:
            raise SettingsError(
                f"{file.path}: counted with window {file.header.window}, not "
                f"{self.glove.window}; leave out --window or count again"
            )
        if vocabulary is not None and vocabulary.fingerprint != file.header.vocabulary_sha256:
            raise SettingsError(
                f"{file.path}: counted with another vocabulary than {self.vocabulary}; "
                "leave out --vocab, because the file holds its own, or count again"
            )
