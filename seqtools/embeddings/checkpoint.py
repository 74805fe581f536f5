"""Checkpoints of a training run: a killed run, resumed, ends in the bytes of one that was not.

A checkpoint is a directory: ``corpus/`` is what was read of the text, written once;
``state.safetensors`` holds parameters, walks and settings and is replaced as a whole at each save.
Learning rate, epoch and loss follow from the walks.
"""

import contextlib
import json
import os
import shutil
import stat
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from seqtools.embeddings.lock_free import Model, RunSettings
from seqtools.errors import CheckpointError, FileAccessError, FileContentError, SeqtoolsWarning
from seqtools.io.tensor_file import read_tensors, write_tensors

FORMAT_VERSION = "1"
_STATE_FILE = "state.safetensors"
# Tells a directory of ours from one that holds other people's files.
_MARKER_FILE = "checkpoint.txt"
_MARKER = "A checkpoint of seqtools embed train; it is deleted when the run ends.\n"


class Checkpoint:
    """Where a run keeps its state.

    Parameters
    ----------
    directory : path-like
        Made when something is first saved.
    corpus : sequence of str
        Names of the corpus files, to notice that a checkpoint belongs to other text.
    """

    def __init__(self, directory: str | os.PathLike[str], corpus: list[str]) -> None:
        self.directory = Path(directory)
        self._corpus = corpus
        self._stamps = [_stamp(name) for name in corpus]

    @property
    def corpus_directory(self) -> Path:
        """Where the corpus lies as it was read."""
        return self.directory / "corpus"

    @property
    def state_path(self) -> Path:
        """The file of the state."""
        return self.directory / _STATE_FILE

    def exists(self) -> bool:
        """Say whether a state was saved here."""
        return self.state_path.exists()

    def begin(self) -> None:
        """Make the directory; the state of an earlier run stays until it is dropped.

        Raises
        ------
        FileAccessError
            If the directory cannot be made, or holds other files than a checkpoint's.
        """
        marker = self.directory / _MARKER_FILE
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            if not marker.exists() and any(self.directory.iterdir()):
                raise FileAccessError(
                    f"{self.directory}: cannot keep checkpoints here: the directory holds other "
                    "files; name a new or an empty one"
                )
            marker.write_text(_MARKER, encoding="utf-8")
        except FileAccessError:
            raise
        except (FileExistsError, NotADirectoryError) as error:
            raise FileAccessError(
                f"{self.directory}: cannot keep checkpoints here: it is a file, or in one; name a "
                "new or an empty directory"
            ) from error
        except OSError as error:
            raise FileAccessError.from_os_error(error, self.directory, "write") from error

    def drop_state(self) -> None:
        """Delete the state of an earlier run, now that the text of this one has been read.

        Raises
        ------
        FileAccessError
            If it cannot be deleted.
        """
        try:
            self.state_path.unlink(missing_ok=True)
        except OSError as error:
            raise FileAccessError.from_os_error(error, self.state_path, "write") from error

    def save(self, model: Model, fingerprint: str) -> None:
        """Store a model while its threads rest.

        Raises
        ------
        TrainingError
            If a parameter is not finite; the last good state stays.
        FileAccessError
            If the state cannot be written; the last one stays.
        """
        model.check_finite()
        tensors = {**model.parameters(), **model.shared_state()}
        for index, walk in enumerate(model.walks):
            tensors |= {f"walk{index}.{name}": array for name, array in walk.arrays().items()}
        self.write(tensors, model.settings, fingerprint)

    def write(
        self,
        tensors: Mapping[str, NDArray[Any]],
        settings: RunSettings,
        fingerprint: str,
        progress: Mapping[str, Any] | None = None,
    ) -> None:
        """Store a state; the last one stays until this one is whole.

        Parameters
        ----------
        tensors : mapping of str to array
        settings : RunSettings
            Of the run.
        fingerprint : str
            That of its corpus.
        progress : mapping, optional
            Where the run stands, of whatever JSON can hold.

        Raises
        ------
        FileAccessError
            If it cannot be written.
        """
        metadata = {
            "format_version": FORMAT_VERSION,
            "settings": json.dumps(asdict(settings), sort_keys=True),
            "corpus": json.dumps(self._corpus),
            "corpus_stamps": json.dumps(self._stamps),
            "corpus_fingerprint": fingerprint,
            "progress": json.dumps(progress or {}),
        }
        write_tensors(self.state_path, tensors, metadata)

    def load(self, settings: RunSettings) -> "StoredState":
        """Read the state, to be restored once the corpus is open.

        The run goes on with the text as it was read; a file that is another since is warned of.

        Raises
        ------
        CheckpointError
            If the checkpoint is damaged or belongs to a run with other settings or another corpus;
            the message names the setting.
        """
        try:
            tensors, metadata = read_tensors(self.state_path)
        except FileContentError as error:
            raise CheckpointError(str(error)) from error
        self._check(metadata, settings)
        self._compare_stamps(metadata)
        progress = json.loads(metadata.get("progress", "{}"))
        return StoredState(self.directory, tensors, metadata["corpus_fingerprint"], progress)

    def remove(self) -> None:
        """Delete the checkpoint after the vectors have been saved; files not ours stay.

        The state goes first: a run killed here must not leave a state whose corpus is gone. The
        marker goes last: until then the directory may be used again.
        """
        if not (self.directory / _MARKER_FILE).exists():
            return
        unfinished = self.directory.glob(f".{_STATE_FILE}.*.part")
        for path in (self.directory / _STATE_FILE, *unfinished):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        shutil.rmtree(self.corpus_directory, ignore_errors=True)
        if not self.corpus_directory.exists():
            with contextlib.suppress(OSError):
                (self.directory / _MARKER_FILE).unlink(missing_ok=True)
                self.directory.rmdir()

    def _check(self, metadata: dict[str, str], settings: RunSettings) -> None:
        """Refuse a checkpoint of another run."""
        if metadata.get("format_version") != FORMAT_VERSION:
            raise CheckpointError(
                f"{self.directory}: checkpoint format {metadata.get('format_version')}, "
                f"but this seqtools writes {FORMAT_VERSION}; {_remedy(self.directory)}"
            )
        stored = json.loads(metadata["settings"])
        for name, value in asdict(settings).items():
            if stored.get(name) != value:
                raise CheckpointError(
                    f"{self.directory}: its run has {name} {stored.get(name)}, this one {value}; "
                    f"{_remedy(self.directory)}"
                )
        if json.loads(metadata["corpus"]) != self._corpus:
            raise CheckpointError(
                f"{self.directory}: its run reads {', '.join(json.loads(metadata['corpus']))}; "
                f"{_remedy(self.directory)}"
            )

    def _compare_stamps(self, metadata: dict[str, str]) -> None:
        """Warn of files that have changed since the run began; keep their first stamps."""
        before = json.loads(metadata.get("corpus_stamps", "null")) or self._stamps
        names = zip(self._corpus, before, self._stamps, strict=True)
        changed = [name for name, then, now in names if then != now]
        if changed:
            warnings.warn(
                f"{', '.join(changed)}: changed, moved or removed since the run began; going on "
                f"with the text as it was; for the new one delete {self.directory}",
                SeqtoolsWarning,
                stacklevel=3,
            )
        self._stamps = before


@dataclass(frozen=True)
class StoredState:
    """What a checkpoint held.

    Attributes
    ----------
    directory : Path
        Where it lies.
    tensors : dict of str to array
        Parameters and walks.
    fingerprint : str
        That of the corpus they were trained on.
    progress : dict
        Where the run stood, if the arrays do not tell.
    """

    directory: Path
    tensors: dict[str, NDArray[Any]]
    fingerprint: str
    progress: dict[str, Any]

    def check_corpus(self, fingerprint: str) -> None:
        """Refuse to go on with another corpus.

        Raises
        ------
        CheckpointError
            If it is another one.
        """
        if self.fingerprint != fingerprint:
            raise CheckpointError(
                f"{self.directory}: its corpus has changed; {_remedy(self.directory)}"
            )

    def restore(self, model: Model, fingerprint: str) -> None:
        """Bring a new model to the stored state.

        Raises
        ------
        CheckpointError
            If the corpus has changed, or the arrays do not fit the model.
        """
        self.check_corpus(fingerprint)
        try:
            for name, array in (model.parameters() | model.shared_state()).items():
                array[:] = self.tensors[name]
            for index, walk in enumerate(model.walks):
                prefix = f"walk{index}."
                walk.restore(
                    {
                        name.removeprefix(prefix): array
                        for name, array in self.tensors.items()
                        if name.startswith(prefix)
                    }
                )
        except (KeyError, ValueError) as error:
            raise CheckpointError(
                f"{self.directory / _STATE_FILE}: arrays do not fit this run ({error}); "
                f"delete {self.directory} to start again"
            ) from error


def _remedy(directory: Path) -> str:
    """Say what to do about a checkpoint of another run."""
    return f"use the first run's options, or delete {directory} to start again"


def _stamp(name: str) -> list[int] | None:
    """Return size and time of change of a file; None of a stream, or if there is none."""
    with contextlib.suppress(OSError):
        status = Path(name).stat()
        if stat.S_ISREG(status.st_mode):
            return [status.st_size, status.st_mtime_ns]
    return None
