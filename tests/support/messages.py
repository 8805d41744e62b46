# SPDX-License-Identifier: Apache-2.0
"""All messages that the package can raise, warn or log, from its syntax trees. ``make messages`` prints them.

Errors are found where they are made: in calls of classes whose names end in ``Error``, and of functions that make one
of an argument. Placeholders of f-strings and of logs stand as they are written.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import NamedTuple

from tests.support import ROOT

PACKAGE = ROOT / "python" / "qiskit_ibm_native"
#: Names of classes of errors and of warnings.
_KIND = re.compile(r"[A-Z]\w*(Error|Exception|Warning|Exit)")
_LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
#: Errors of Python's protocols: their texts are for programs, and follow those of Python.
PROTOCOL = ("AttributeError", "KeyError", "IndexError", "StopIteration", "AssertionError", "NotImplementedError")


class Message(NamedTuple):
    """A message.

    Attributes:
        file: The file, from the package.
        line: The line.
        kind: The class of the error or warning, or the level of the log.
        text: The text with its placeholders.
        is_part: Whether a function makes a sentence of it with a text of its own, which is a message, too.
    """

    file: str
    line: int
    kind: str
    text: str
    is_part: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}: {self.text}"


class _Maker(NamedTuple):
    """A function that makes an error or a warning of its argument ``message``.

    Attributes:
        kind: The class of the error or warning.
        place: The place of the argument.
        adds: Whether the function adds to the message.
    """

    kind: str
    place: int
    adds: bool


class _Found(NamedTuple):
    """A message and the expression that it is written as."""

    message: Message
    node: ast.expr


def messages(package: Path = PACKAGE) -> list[Message]:
    """Return all messages in the order of files and lines."""
    return sorted({found.message for found in expressions(package)})


def expressions(package: Path = PACKAGE) -> list[_Found]:
    """Return all messages with the expressions that they are written as."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(package.rglob("*.py"))}
    shared: dict[str, _Maker] = {}
    own: dict[Path, dict[str, _Maker]] = {path: {} for path in trees}
    # Functions may call others of later files.
    for _ in range(3):
        for path, tree in trees.items():
            own[path].update(_makers(tree, {**shared, **own[path]}))
            # Others import no names that begin with an underscore, and may have functions of the same name.
            shared.update({name: maker for name, maker in own[path].items() if not name.startswith("_")})
    found = []
    for path, tree in trees.items():
        makers = {**shared, **own[path]}
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            made = _made(call, makers)
            for node in _texts(made[1]) if made is not None else ():
                file = path.relative_to(package).as_posix()
                message = Message(file, node.lineno, made[0], _text(node), made[2])  # type: ignore[index]
                found.append(_Found(message, node))
    return sorted(found, key=lambda each: each.message)


def _makers(tree: ast.Module, known: dict[str, _Maker]) -> dict[str, _Maker]:
    """Return the functions of a file that make an error or a warning of their argument ``message``, by name."""
    makers = {}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
        names = [name for name in names if name not in ("self", "cls")]
        if "message" not in names or function.name == "__init__":
            continue
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            made = _made(call, known)
            if made is not None and "message" in _names(made[1]):
                kind, expression, is_part = made
                makers[function.name] = _Maker(
                    kind, names.index("message"), is_part or not isinstance(expression, ast.Name)
                )
    return makers


def _names(node: ast.expr) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _called(call: ast.Call) -> str:
    function = call.func
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


def _made(call: ast.Call, makers: dict[str, _Maker]) -> tuple[str, ast.expr, bool] | None:
    """Return the kind, the text, and whether it is a part, of the message that a call makes; ``None`` without one."""
    name = _called(call)
    if name in makers:
        maker = makers[name]
        text = next((word.value for word in call.keywords if word.arg == "message"), None)
        if text is None and maker.place < len(call.args):
            text = call.args[maker.place]
        return None if text is None else (maker.kind, text, maker.adds)
    if not call.args:
        return None
    if _KIND.fullmatch(name):
        return name, call.args[0], False
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        owner = call.func.value.id
        if owner == "warnings" and name == "warn":
            return "warning", call.args[0], False
        if owner in ("logger", "logging") and name in _LEVELS:
            return f"log {name}", call.args[0], False
        if owner in ("logger", "logging") and name == "log" and len(call.args) > 1:
            return "log", call.args[1], False
    return None


def _texts(node: ast.expr) -> list[ast.expr]:
    """Return the texts that an expression may be; none if it is made elsewhere."""
    if isinstance(node, ast.Constant):
        return [node] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return [node]
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body), *_texts(node.orelse)]
    return []


def _text(node: ast.expr) -> str:
    """Return a text with placeholders."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    parts = []
    for part in node.values if isinstance(node, ast.JoinedStr) else ():
        if isinstance(part, ast.FormattedValue):
            conversion = "" if part.conversion < 0 else f"!{chr(part.conversion)}"
            form = f":{_text(part.format_spec)}" if part.format_spec is not None else ""
            parts.append(f"{{{ast.unparse(part.value)}{conversion}{form}}}")
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value))
    return "".join(parts)


def main() -> int:
    """Print all messages, one a line."""
    for message in messages():
        sys.stdout.write(f"{' '.join(str(message).split())}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
