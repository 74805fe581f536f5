"""At which line of a JSON or TOML text a value stands, for messages."""

import json
import re
import tomllib
from typing import Any, TypeAlias

Key: TypeAlias = tuple[str | int, ...]

_BLANK = re.compile(r"[ \t\r\n]*")
_TABLE = re.compile(r"\s*\[\[?(?P<key>[^\[\]]+)\]\]?\s*(#.*)?$")
_ENTRY = re.compile(r"\s*(?P<key>[^=#\[\]{}]+?)\s*=")


def json_places(text: str) -> dict[Key, int]:
    """Return the line of every value of a valid JSON text, by its path of keys and indices."""
    places: dict[Key, int] = {}
    _walk_json(text, 0, (), places)
    return places


def toml_places(text: str) -> dict[Key, int]:
    """Return the line of every table and entry of a valid TOML text, by its path of keys."""
    places: dict[Key, int] = {}
    table: Key = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _TABLE.match(line):
            table = _toml_key(header["key"])
            path = table
        elif entry := _ENTRY.match(line):
            key = _toml_key(entry["key"])
            path = (*table, *key) if key else ()
        else:
            continue
        for length in range(1, len(path) + 1):
            places.setdefault(path[:length], number)
    return places


def line_of(places: dict[Key, int], path: Key) -> int | None:
    """Return the line of a value, or of the nearest thing around it that has one."""
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            return places[path[:length]]
    return None


def key_name(path: Key) -> str:
    """Write a path, such as weat.mine.targets[1]."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _walk_json(text: str, position: int, path: Key, places: dict[Key, int]) -> int:
    """Note the value at a position and all within it; return the position behind it."""
    position = _skip(text, position)
    places[path] = text.count("\n", 0, position) + 1
    if text[position] not in "[{":
        return json.JSONDecoder().raw_decode(text, position)[1]
    is_object = text[position] == "{"
    position = _skip(text, position + 1)
    index = 0
    while text[position] not in "]}":
        key: str | int = index
        if is_object:
            key, position = json.JSONDecoder().raw_decode(text, position)
            position = _skip(text, position) + 1
        position = _skip(text, _walk_json(text, position, (*path, key), places))
        if text[position] == ",":
            position = _skip(text, position + 1)
        index += 1
    return position + 1


def _skip(text: str, position: int) -> int:
    """Return the position of what follows blanks."""
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _toml_key(text: str) -> Key:
    """Return the parts of a dotted key, none if the text is no key."""
    try:
        value: Any = tomllib.loads(f"{text} = 1")
    except tomllib.TOMLDecodeError:
        return ()
    parts: list[str | int] = []
    while isinstance(value, dict):
        key, value = next(iter(value.items()))
        parts.append(key)
    return tuple(parts)
