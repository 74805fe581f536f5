"""Write the generated parts of the documentation from the commands themselves.

README.md and docs/commands.md call these functions through cog (``make docs``); ``make check``
fails when a help text has changed and the pages have not.
"""

from collections.abc import Iterator

import click

from seqtools_cli.lazy import LazyGroup
from seqtools_cli.main import cli

WIDTH = 80


def walk(
    group: LazyGroup = cli, prefix: str = "seqtools"
) -> Iterator[tuple[str, str, click.Command]]:
    """Yield each command's full name, its line in the group's help, and the command."""
    context = click.Context(group, info_name=prefix)
    for name, (_, summary) in group.lazy_commands.items():
        command = group.get_command(context, name)
        if isinstance(command, LazyGroup):
            yield from walk(command, f"{prefix} {name}")
        elif command is not None:
            yield f"{prefix} {name}", summary, command


def command_table() -> str:
    """Return the table of all commands, each linked to its page section."""
    rows = [
        f"| [`{name}`](docs/commands.md#{name.replace(' ', '-')}) | {summary} |"
        for name, summary, _ in walk()
    ]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def help_text(name: str, command: click.Command) -> str:
    """Return what ``--help`` prints in a terminal of fixed width."""
    context = click.Context(command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
    return command.get_help(context)


def help_sections() -> str:
    """Return a section with the help of each command."""
    sections = [
        f"## {name}\n\n```text\n{help_text(name, command)}\n```" for name, _, command in walk()
    ]
    return "\n\n".join(sections)
