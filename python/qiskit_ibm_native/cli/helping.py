# SPDX-License-Identifier: Apache-2.0
"""Help pages: usage, what the verb does, its arguments and options, and examples at the end.

Typer's own pages with panels take twice the time of all the rest, because they import half of Rich.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
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
    pieces = " ".join(command.collect_usage_pieces(context))
    text = f"{_bold('Usage:')} {context.command_path} {pieces}\n"
    if command.help:
        text += "\n" + "\n\n".join(textwrap.fill(part, width) for part in command.help.split("\n\n")) + "\n"
    parameters = [(param, param.get_help_record(context)) for param in command.get_params(context)]
    for title, kind in (("Arguments", "argument"), ("Options", "option")):
        rows = [_row(record) for param, record in parameters if record and param.param_type_name == kind]
        # Verbs come first where there are any: options of the program are about the program.
        text += _section(title, rows, width) if not getattr(command, "sections", None) else ""
    for title, verbs in getattr(command, "sections", {}).items():
        text += _section(title, [(name, verb.help) for name, verb in verbs.items()], width)
    if getattr(command, "sections", None):
        text += _section("Options", [_row(record) for _, record in parameters if record], width)
    if command.epilog:
        text += f"\n{_bold('Examples:')}\n" + textwrap.indent(command.epilog, "  ") + "\n"
    formatter.write(text)


def _row(record: Sequence[str]) -> tuple[str, str]:
    name, text = record
    return name, text.strip()


def _section(title: str, rows: Iterable[tuple[str, str]], width: int) -> str:
    rows = list(rows)
    if not rows:
        return ""
    return f"\n{_bold(f'{title}:')}\n" + "".join(f"{line}\n" for line in _definitions(rows, width))


def _definitions(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """Return lines of names and texts, side by side; a long name has a line of its own."""
    column = min(max(len(name) for name, _ in rows), max(width // 3, 12)) + 4
    for name, text in rows:
        lines = textwrap.wrap(text, max(width - column, 20)) or [""]
        if len(name) + 4 > column:
            yield f"  {name}"
        else:
            yield f"  {name}".ljust(column) + lines.pop(0)
        yield from (" " * column + line for line in lines)


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if output.has_colour() else text
