"""A command group that imports a command's module only when the command runs.

``seqtools --help`` stays as quick as Click itself, because the one-line helps stand in the table.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import pairwise

import click

# Options whose value may be empty.
_MAY_BE_EMPTY = ("--prompt",)


class LazyGroup(click.Group):
    """A group whose commands are named by "module:attribute" and a one-line help.

    `group_names` are those of its commands that are groups themselves.
    """

    def __init__(
        self,
        name: str,
        lazy_commands: Mapping[str, tuple[str, str]],
        help_text: str,
        group_names: Sequence[str] = (),
    ) -> None:
        super().__init__(name, help=help_text, no_args_is_help=True)
        self.lazy_commands, self.group_names = dict(lazy_commands), group_names

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the table's order."""
        del ctx
        return list(self.lazy_commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or suggest nothing if it is unknown."""
        del ctx
        if cmd_name not in self.lazy_commands:
            return None
        module, attribute = self.lazy_commands[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing any."""
        del ctx
        rows = [(name, help_line) for name, (_, help_line) in self.lazy_commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or fail with the nearest name; refuse empty arguments."""
        if args and args[0] not in self.lazy_commands and not args[0].startswith("-"):
            near = self._nearest(args[0], ctx)
            hint = f" Did you mean '{near}'?" if near else ""
            raise click.UsageError(f"No such command '{args[0]}'.{hint}", ctx)
        _refuse_empty(args, ctx)
        return super().resolve_command(ctx, args)

    def _nearest(self, name: str, ctx: click.Context) -> str | None:
        """Return a command that may have been meant: that of a group by this name, or like it."""
        import difflib

        for group_name in self.group_names:
            group = self.get_command(ctx, group_name)
            if isinstance(group, click.Group) and name in group.list_commands(ctx):
                return f"{group_name} {name}"
        return next(iter(difflib.get_close_matches(name, self.lazy_commands, n=1)), None)


def _refuse_empty(args: Sequence[str], ctx: click.Context) -> None:
    """Refuse what a script's unset variable leaves: no name of a file is empty, and no word."""
    for before, argument in pairwise(args):
        name = argument.removesuffix("=") if argument.startswith("--") else before
        is_empty = argument == "" or (argument.startswith("--") and argument.endswith("="))
        if is_empty and name not in _MAY_BE_EMPTY:
            raise click.UsageError(
                f"Empty argument behind '{name}'; is a variable of the script unset?", ctx
            )
