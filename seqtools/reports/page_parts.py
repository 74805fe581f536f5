"""What self-contained pages are put together from."""

import json
import re
from collections.abc import Mapping
from importlib import resources

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
# Within a script element, "<" alone could begin "</script>" or "<!--".
_UNSAFE_IN_SCRIPTS = {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"}


def template(name: str) -> str:
    """Return a file that stands beside this module."""
    return resources.files("seqtools.reports").joinpath(name).read_text(encoding="utf-8")


def filled(markup: str, parts: Mapping[str, str]) -> bytes:
    """Return markup with its placeholders filled in, UTF-8."""
    page = _PLACEHOLDER.sub(lambda match: parts[match[1]], markup)
    return page.encode("utf-8", errors="replace")


def json_for_script(value: object) -> str:
    """Return JSON in ASCII that is safe within a script element."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character, escape in _UNSAFE_IN_SCRIPTS.items():
        text = text.replace(character, escape)
    return text
