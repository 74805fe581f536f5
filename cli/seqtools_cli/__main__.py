"""``python -m seqtools_cli`` is the same as ``seqtools``."""

from seqtools_cli.main import entry

entry()
