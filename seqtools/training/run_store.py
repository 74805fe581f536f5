"""Where a run keeps what must outlive it: checkpoint, events, and the best weights so far.

The events of a resumed run go on where those of the checkpoint ended: lines written after it, by
work that is done again, are cut off.
"""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from seqtools.errors import CheckpointError, FileAccessError, FileContentError
from seqtools.io.model_directory import ModelDirectory
from seqtools.io.tensor_file import read_tensors, write_tensors
from seqtools.layers.parameters import Parameters

FORMAT_VERSION = "1"
_STATE_FILE = "state.safetensors"


@dataclass(frozen=True)
class StoredRun:
    """What a checkpoint held.

    Attributes
    ----------
    tensors : dict of str to array
    progress : dict
        Where the run stood.
    """

    tensors: dict[str, NDArray[Any]]
    progress: dict[str, Any]


class RunStore:
    """The part of a model directory that the training loop writes.

    Parameters
    ----------
    directory : ModelDirectory
        Its configuration has been written.
    saves_checkpoints : bool
        Whether a checkpoint is saved when a signal ends the run.
    """

    def __init__(self, directory: ModelDirectory, saves_checkpoints: bool = True) -> None:
        self.directory, self.saves_checkpoints = directory, saves_checkpoints
        self._log_bytes = 0

    @property
    def state_path(self) -> Path:
        """The file of the checkpoint."""
        return self.directory.checkpoint_path / _STATE_FILE

    def has_checkpoint(self) -> bool:
        """Say whether a run can be resumed here."""
        return self.state_path.exists()

    def save_weights(self, parameters: Parameters) -> None:
        """Replace the weights of the model."""
        self.directory.write_weights(parameters.arrays())

    def log(self, event: str, **values: Any) -> None:
        """Append one event to the log, as one line of JSON; what is not finite becomes null.

        Raises
        ------
        FileAccessError
            If the log cannot be written.
        """
        line = json.dumps(_without_nan({"event": event, **values})) + "\n"
        path = self.directory.log_path
        try:
            with path.open("ab") as file:
                file.write(line.encode())
                self._log_bytes = file.tell()
        except OSError as error:
            raise FileAccessError.from_os_error(error, path, "write") from error

    def begin_log(self) -> None:
        """Start the log anew."""
        self._cut_log(0)

    def save(
        self,
        tensors: Mapping[str, NDArray[Any]],
        progress: Mapping[str, Any],
        run: Mapping[str, Any],
    ) -> None:
        """Store a checkpoint; the last one stays until this one is whole.

        Parameters
        ----------
        tensors : mapping of str to array
        progress : mapping
            Of whatever JSON can hold.
        run : mapping
            Settings and data that a run must share with the one it goes on with.

        Raises
        ------
        FileAccessError
            If it cannot be written.
        """
        path = self.state_path
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise FileAccessError.from_os_error(error, path.parent, "write") from error
        metadata = {
            "format_version": FORMAT_VERSION,
            "run": json.dumps(run, sort_keys=True),
            "progress": json.dumps({**progress, "log_bytes": self._log_bytes}),
        }
        write_tensors(path, tensors, metadata)

    def load(self, run: Mapping[str, Any]) -> StoredRun:
        """Read the checkpoint, and cut the log to where it stood.

        Raises
        ------
        CheckpointError
            If it is damaged, or belongs to a run with other settings or data; the message names
            old and new value.
        """
        try:
            tensors, metadata = read_tensors(self.state_path)
        except FileContentError as error:
            raise CheckpointError(str(error)) from error
        if metadata.get("format_version") != FORMAT_VERSION:
            raise CheckpointError(
                f"{self.state_path}: checkpoint format {metadata.get('format_version')}, "
                f"but this seqtools writes {FORMAT_VERSION}; start again with --overwrite"
            )
        self._check_same(json.loads(metadata["run"]), json.loads(json.dumps(run)))
        progress = json.loads(metadata["progress"])
        self._cut_log(progress["log_bytes"])
        return StoredRun(tensors, progress)

    def remove_checkpoint(self) -> None:
        """Delete the checkpoint of a run that has ended."""
        try:
            self.state_path.unlink(missing_ok=True)
            if self.directory.checkpoint_path.is_dir():
                for unfinished in self.directory.checkpoint_path.glob(f".{_STATE_FILE}.*.part"):
                    unfinished.unlink(missing_ok=True)
                self.directory.checkpoint_path.rmdir()
        except OSError as error:
            raise FileAccessError.from_os_error(error, self.state_path, "write") from error

    def _check_same(self, stored: dict[str, Any], wanted: dict[str, Any]) -> None:
        """Refuse the checkpoint of another run."""
        old, new = dict(_leaves(stored)), dict(_leaves(wanted))
        for name in [*new, *old]:
            if old.get(name) != new.get(name):
                raise CheckpointError(
                    f"{self.directory.path}: its run has {name} {old.get(name)}, this one "
                    f"{new.get(name)}; use the first run's options, or start again with --overwrite"
                )

    def _cut_log(self, size: int) -> None:
        """Shorten the log to a number of bytes."""
        path = self.directory.log_path
        try:
            path.touch()
            if path.stat().st_size > size:
                os.truncate(path, size)
            self._log_bytes = path.stat().st_size
        except OSError as error:
            raise FileAccessError.from_os_error(error, path, "write") from error


def _leaves(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return all values of nested mappings, by dotted name."""
    leaves: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            leaves += _leaves(value, f"{prefix}{name}.")
        else:
            leaves.append((f"{prefix}{name}", value))
    return leaves


def _without_nan(value: Any) -> Any:
    """Replace numbers that JSON does not have by None."""
    if isinstance(value, dict):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
