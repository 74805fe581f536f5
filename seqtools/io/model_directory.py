"""A model as one directory.

``config.json`` holds the format's version, the kind of model, every setting, the definitions that
were chosen among variants, how the model was trained, and the checksums of itself and of the
vocabulary files beside it; ``weights.safetensors`` the parameters; ``train.jsonl`` the events of
training, one a line; ``checkpoint/`` the state of a run that goes on; and ``previous/`` the model
that is being replaced, until the new one has weights. Weights carry the
checksum of kind, settings and files, so that those of two models cannot be mixed unnoticed; how a
model was trained is not part of it. Nothing is ever unpickled.
"""

import contextlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from seqtools.errors import FileAccessError, ModelError
from seqtools.io.atomic import atomic_writer
from seqtools.io.tensor_file import read_tensors, write_tensors

FORMAT_VERSION = 1
_FORMAT = "seqtools model"
_CONFIG, _WEIGHTS, _LOG, _CHECKPOINT, _PREVIOUS = (
    "config.json", "weights.safetensors", "train.jsonl", "checkpoint", "previous",
)  # fmt: skip
_REMEDY = "train the model again, or copy it from where it is whole"
_LARGEST_CONFIG = 1 << 26


class ModelDirectory:
    """Where a model lies.

    Parameters
    ----------
    path : path-like
        Need not exist yet.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @property
    def log_path(self) -> Path:
        """The file of events."""
        return self.path / _LOG

    @property
    def checkpoint_path(self) -> Path:
        """The directory of the state of a run that goes on."""
        return self.path / _CHECKPOINT

    def holds_model(self) -> bool:
        """Say whether a model, finished or not, lies here."""
        return (self.path / _CONFIG).exists()

    def holds_weights(self) -> bool:
        """Say whether weights lie here."""
        return (self.path / _WEIGHTS).exists()

    @contextlib.contextmanager
    def prepared(
        self, may_overwrite: bool, is_resumed: bool, leftovers: Sequence[str] = ()
    ) -> Iterator[None]:
        """Check and make the directory; what was made goes again if nothing was written into it.

        Parameters and errors are those of ``check_free``.
        """
        made = [path for path in (self.path, *self.path.parents) if _is_missing(path)]
        try:
            self.check_free(may_overwrite, is_resumed, leftovers)
            yield
        finally:
            with contextlib.suppress(OSError):
                for path in made:
                    path.rmdir()

    def check_free(
        self, may_overwrite: bool, is_resumed: bool, leftovers: Sequence[str] = ()
    ) -> None:
        """Refuse now a directory that a training run could not use.

        Parameters
        ----------
        may_overwrite, is_resumed : bool
            Whether a model that lies here may be replaced, or gone on with.
        leftovers : sequence of str
            Files that a killed run leaves before there is a model.

        Raises
        ------
        FileAccessError
            If it holds other files, or a model that is neither to be replaced nor to be gone on
            with, or if it cannot be made or written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            holds_files = any(
                not _is_left_over(path.name, leftovers) for path in self.path.iterdir()
            )
        except (FileExistsError, NotADirectoryError) as error:
            raise FileAccessError(
                f"{self.path}: cannot write a model here: it is a file, or in one, and a model is "
                "a directory; name a new or an empty one"
            ) from error
        except OSError as error:
            raise FileAccessError.from_os_error(error, self.path, "write") from error
        if self.holds_model() and not (may_overwrite or is_resumed):
            raise FileAccessError(
                f"{self.path}: holds a model already; replace it with --overwrite, go on with it "
                "with --resume, or name another directory"
            )
        if holds_files and not self.holds_model():
            raise FileAccessError(
                f"{self.path}: cannot write a model here: the directory holds other files; "
                "name a new or an empty one"
            )
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise FileAccessError(f"{self.path}: cannot write: Permission denied")

    def clear(self) -> None:
        """Put the model that lies here into ``previous/``; files not of a model stay.

        A model without weights is deleted, and what is in ``previous/`` stays then. The
        configuration goes last, so that the rest can be deleted again after a crash.
        """
        try:
            listed = json.loads((self.path / _CONFIG).read_bytes())["files"]
        except (OSError, ValueError, KeyError, TypeError):
            listed = {}
        names = [_WEIGHTS, _LOG, *(Path(name).name for name in listed), _CONFIG]
        try:
            if self.holds_weights():
                self._keep_previous(names)
            shutil.rmtree(self.checkpoint_path, ignore_errors=True)
            for name in names:
                (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise FileAccessError.from_os_error(error, self.path, "write") from error

    def _keep_previous(self, names: list[str]) -> None:
        """Put a whole copy of the model's files where ``previous/`` is; links, where they work."""
        previous, made = self.path / _PREVIOUS, self.path / f".{_PREVIOUS}.part"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        for name in names:
            if (self.path / name).is_file():
                try:
                    (made / name).hardlink_to(self.path / name)
                except OSError:
                    shutil.copy2(self.path / name, made / name)
        shutil.rmtree(previous, ignore_errors=True)
        made.rename(previous)

    def write_file(self, name: str, content: bytes) -> None:
        """Write a vocabulary file; to be named in `write_config` afterwards."""
        with atomic_writer(self.path / name) as file:
            file.write(content)

    def read_file(self, name: str) -> bytes:
        """Read a vocabulary file, which `read_config` has checked."""
        return _read(self.path / name)

    def write_config(
        self,
        kind: str,
        settings: Mapping[str, Any],
        definitions: Mapping[str, str],
        files: tuple[str, ...] = (),
        training: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the configuration.

        Parameters
        ----------
        kind : str
            The kind of model, such as "language-model".
        settings : mapping
            What the weights belong to, of whatever JSON can hold.
        definitions : mapping of str to str
            Which of several definitions was chosen, in words.
        files : tuple of str
            Vocabulary files, which lie in the directory already.
        training : mapping, optional
            How the model was trained, of whatever JSON can hold.
        """
        config: dict[str, Any] = {
            "format": _FORMAT,
            "format_version": FORMAT_VERSION,
            "kind": kind,
            "settings": settings,
            "definitions": dict(definitions),
            "files": {name: _checksum(_read(self.path / name)) for name in files},
            "training": training or {},
        }
        config["checksum"] = _checksum_of(config)
        text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
        with atomic_writer(self.path / _CONFIG) as file:
            file.write(text.encode())

    def read_config(self, kind: str) -> dict[str, Any]:
        """Read the configuration, and check the vocabulary files.

        Parameters
        ----------
        kind : str
            The kind of model that is expected.

        Raises
        ------
        ModelError
            If there is none, if it is damaged, of another kind or of a later version, or if a file
            is missing or not the one that the model was trained with.
        """
        config = self._config()
        if config["kind"] != kind:
            found, wanted = (str(name).replace("-", " ") for name in (config["kind"], kind))
            command = _COMMANDS.get(config["kind"], "the command for that kind of model")
            raise ModelError(
                f"holds a {found}, not a {wanted}", path=self.path, remedy=f"use {command}"
            )
        for name, checksum in config["files"].items():
            path = self.path / Path(name).name
            if _checksum(_read(path)) != checksum:
                raise ModelError(
                    "is not the file that the model was trained with (its checksum differs)",
                    path=path,
                    remedy=_REMEDY,
                )
        return config

    def write_weights(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        """Replace the weights; the old ones stay until the new ones are whole."""
        write_tensors(self.path / _WEIGHTS, tensors, {"model": self._model_checksum()})
        shutil.rmtree(self.path / _PREVIOUS, ignore_errors=True)

    def read_weights(self) -> dict[str, NDArray[Any]]:
        """Read the weights.

        Raises
        ------
        ModelError
            If they are missing, damaged, or belong to another configuration.
        """
        path = self.path / _WEIGHTS
        if self.holds_model() and not path.exists():
            previous = self.path / _PREVIOUS
            also = f"; the model before it is in {previous}" if previous.is_dir() else ""
            if not self.checkpoint_path.is_dir() and not previous.is_dir():
                raise ModelError(
                    "is missing", path=path,
                    remedy=f"{_REMEDY}; if its training was killed, go on with --resume",
                )  # fmt: skip
            raise ModelError(
                "its training has saved no weights yet", path=self.path,
                remedy=f"go on with --resume{also}",
            )  # fmt: skip
        tensors, metadata = read_tensors(path, _REMEDY)
        if metadata.get("model") != self._model_checksum():
            raise ModelError(
                f"belongs to another model than {_CONFIG} beside it", path=path, remedy=_REMEDY
            )
        return tensors

    def _config(self) -> dict[str, Any]:
        """Read and check the configuration, whatever its kind."""
        path = self.path / _CONFIG
        if not path.exists():
            what = "holds no model" if self.path.is_dir() else "no such model directory"
            raise ModelError(f"{what} ({_CONFIG} is missing)", path=self.path, remedy=_NAME_ONE)
        try:
            config = json.loads(_read(path))
        except (ValueError, RecursionError) as error:
            raise ModelError(f"is not JSON ({error})", path=path, remedy=_REMEDY) from error
        if not isinstance(config, dict) or config.get("format") != _FORMAT:
            raise ModelError("is not a configuration of seqtools", path=path, remedy=_NAME_ONE)
        if config.get("format_version") != FORMAT_VERSION:
            raise ModelError(
                f"has format version {config.get('format_version')}, "
                f"but this seqtools reads {FORMAT_VERSION}",
                path=path, remedy="use the seqtools that wrote it",
            )  # fmt: skip
        for name, kind in (("kind", str), ("settings", dict), ("files", dict)):
            if not isinstance(config.get(name), kind):
                raise ModelError(f"lacks {name}", path=path, remedy=_REMEDY)
        if config.pop("checksum", None) != _checksum_of(config):
            raise ModelError("damaged: its checksum differs", path=path, remedy=_REMEDY)
        return config

    def _model_checksum(self) -> str:
        """Return the checksum of what weights belong to."""
        config = self._config()
        return _checksum_of({name: config[name] for name in ("kind", "settings", "files")})


_NAME_ONE = "name a directory that a seqtools train command wrote"
_COMMANDS = {
    "language-model": "`seqtools generate` or `perplexity`",
    "translator": "`seqtools translate`, `score` or `beam-errors`",
    "speech-model": "`seqtools transcribe`",
}


def _is_missing(path: Path) -> bool:
    """Say whether nothing lies at a path; False if that cannot be told."""
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _is_left_over(name: str, leftovers: Sequence[str]) -> bool:
    """Say whether a file is one that a killed run leaves, whole or unfinished."""
    return any(
        name == known or (name.startswith(f".{known}.") and name.endswith(".part"))
        for known in leftovers
    )


def _read(path: Path) -> bytes:
    """Read a small file whole.

    Raises
    ------
    ModelError
        If it is missing or too large to be what it should be.
    FileAccessError
        If it cannot be read.
    """
    try:
        if path.stat().st_size > _LARGEST_CONFIG:
            raise ModelError("is too large for a model's file", path=path, remedy=_REMEDY)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError("is missing", path=path, remedy=_REMEDY) from error
    except OSError as error:
        raise FileAccessError.from_os_error(error, path) from error


def _checksum_of(values: Mapping[str, Any]) -> str:
    """Return the checksum of what JSON can hold."""
    return _checksum(json.dumps(values, sort_keys=True).encode())


def _checksum(content: bytes) -> str:
    """Return the CRC-32 of some bytes, in hexadecimal."""
    return f"{zlib.crc32(content):08x}"
