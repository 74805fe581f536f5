"""--config: options from a TOML file, each checked where it stands."""

from collections.abc import Mapping
from typing import Any

import click

# These belong to one command line, not to a file.
_NEVER_IN_A_FILE = ("config", "help")


def load_config(ctx: click.Context, _: click.Parameter, path: str | None) -> None:
    """Make the values of a TOML file the defaults of the command.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    SettingsError
        If it is not TOML, or a key or value is not what the command takes.
    """
    if path is None:
        return
    from seqtools.errors import SettingsError

    options = _options_by_key(ctx.command)
    defaults: dict[str, Any] = {}
    keys: dict[str, str] = {}
    for key, value in _read(path).items():
        option = options.get(key.replace("-", "_"))
        if option is None or option.name is None:
            raise SettingsError(
                f"{path}: key {key!r} is not an option of '{ctx.command_path}'; "
                f"see '{ctx.command_path} --help'"
            )
        if option.name in keys:
            raise SettingsError(
                f"{path}: keys {keys[option.name]!r} and {key!r} are the same option; remove one"
            )
        keys[option.name] = key
        try:
            defaults[option.name] = _checked(ctx, option, value)
        except click.UsageError as error:
            raise SettingsError(f"{path}: key {key!r}: {error.message}") from error
    ctx.default_map = {**(ctx.default_map or {}), **defaults}


def _read(path: str) -> Mapping[str, Any]:
    """Read a TOML file."""
    import tomllib
    from pathlib import Path

    from seqtools.errors import FileAccessError, SettingsError

    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FileAccessError.from_os_error(error, path) from error
    except ValueError as error:  # of TOML, of UTF-8, or of a number with thousands of digits
        raise SettingsError(f"{path}: not TOML: {error}") from error
    except RecursionError as error:
        raise SettingsError(f"{path}: not options in TOML: nested too deeply") from error


def _options_by_key(command: click.Command) -> dict[str, click.Option]:
    """Return the options of a command by every name that a key may have."""
    return {
        name.lstrip("-").replace("-", "_"): parameter
        for parameter in command.params
        for name in [*parameter.opts, parameter.name or ""]
        if isinstance(parameter, click.Option) and parameter.name not in _NEVER_IN_A_FILE
    }


def _checked(ctx: click.Context, option: click.Option, value: Any) -> Any:
    """Return a value as the default of an option, or fail saying what is accepted."""
    if option.is_bool_flag:
        if not isinstance(value, bool):
            raise click.BadParameter(f"{value!r} is neither true nor false.")
        return value
    if option.multiple or option.nargs != 1:
        items = value if isinstance(value, list) else [value]
        texts: Any = [_as_text(item, option.multiple and option.nargs != 1) for item in items]
    else:
        texts = _as_text(value, False)
    option.type_cast_value(ctx, texts)
    return texts


def _as_text(value: Any, may_be_list: bool) -> Any:
    """Write a value as it would be typed; a list only where an option takes several words."""
    if may_be_list and isinstance(value, list):
        return [_as_text(item, False) for item in value]
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise click.BadParameter(f"{value!r} is neither text nor a number.")
    return str(value)
