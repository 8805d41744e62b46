# SPDX-License-Identifier: Apache-2.0
"""Help pages: usage, what the verb does, its arguments and options, and examples at the end.

Typer's own pages with panels take twice the time of all the rest, because they import half of Rich.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from . import output

_MOST_COLUMNS = 110


def write_help(command: Any, context: Any, formatter: Any) -> None:
    """Write the help page of a command of Typer.

    Args:
        command: The command.
        context: Its context.
        formatter: What Typer prints.
    """
    width = min(output.width(), _MOST_COLUMNS)
    text = f"{_bold('Usage:')} {context.command_path} {_usage(command)}\n"
    if command.help:
        text += "\n" + "\n\n".join(textwrap.fill(part, width) for part in command.help.split("\n\n")) + "\n"
    for title, verbs in getattr(command, "sections", {}).items():
        text += _section(title, [(name, verb.help) for name, verb in verbs.items()], width)
    for title, rows in _parameters(command, context).items():
        text += _section(title, rows, width)
    if command.epilog:
        text += f"\n{_bold('Examples:')}\n" + textwrap.indent(command.epilog, "  ") + "\n"
    formatter.write(text)


def _usage(command: Any) -> str:
    """Return the usage without the name; arguments that are hidden do not count."""
    shown = [param for param in command.params if _is_argument(param) and not getattr(param, "hidden", False)]
    pieces = [_name(param) if param.required else f"[{_name(param)}]" for param in shown]
    if getattr(command, "verbs", None):
        pieces.append(command.subcommand_metavar)
    return " ".join([command.options_metavar, *pieces])


def _parameters(command: Any, context: Any) -> dict[str, list[tuple[str, str]]]:
    """Return names and texts of arguments and options by the heading under which they are explained."""
    found: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for param in command.get_params(context):
        if getattr(param, "hidden", False):
            continue
        if _is_argument(param):
            found["Arguments"].append((_name(param), param.help or ""))
        elif record := param.get_help_record(context):
            name, text = record
            found.setdefault(getattr(param, "rich_help_panel", None) or "Options", []).append((name, text.strip()))
    return found


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _name(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _section(title: str, rows: Sequence[tuple[str, str]], width: int) -> str:
    if not rows:
        return ""
    return f"\n{_bold(f'{title}:')}\n" + "".join(f"{line}\n" for line in _definitions(rows, width))


def _definitions(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """Return lines of names and texts, side by side; a long name has a line of its own."""
    most = max(width * 7 // 20, 12)
    column = max((len(name) for name, _ in rows if len(name) <= most), default=most) + 4
    for name, text in rows:
        lines = textwrap.wrap(text, max(width - column, 20)) or [""]
        if len(name) + 4 > column:
            yield f"  {name}"
        else:
            yield f"  {name}".ljust(column) + lines.pop(0)
        yield from (" " * column + line for line in lines)


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if output.has_colour() else text
