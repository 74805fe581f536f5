"""``python -m seqtools_cli`` is the same as ``seqtools``."""

from seqtools_cli.process import entry

entry()
