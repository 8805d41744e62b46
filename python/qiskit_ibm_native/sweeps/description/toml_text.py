# SPDX-License-Identifier: Apache-2.0
"""Writing TOML: ``tomllib`` only reads."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

#: Keys that need no quotation marks.
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
#: Characters of a list in one line.
_WIDTH = 100


class NotWritableError(ValueError):
    """TOML has no such value.

    Attributes:
        path: Keys and indices that lead to the value.
    """

    def __init__(self, message: str, path: tuple[object, ...] = ()) -> None:
        """Create the error."""
        super().__init__(message)
        self.path = path


def toml_text(document: Mapping[str, Any]) -> str:
    """Return a document as TOML: plain keys first, then tables, each in the order in which they are.

    Args:
        document: Strings, numbers, booleans, dates, and lists and mappings of those. Mappings at the top are tables,
            lists of mappings at the top are arrays of tables, and those further down stand within one line.

    Raises:
        NotWritableError: A value is of another class, or a text cannot be encoded as UTF-8.
    """
    plain, tables = [], []
    for key, value in document.items():
        if isinstance(value, Mapping):
            tables.append(_table(f"[{_key(key)}]", value, (key,)))
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            tables += [_table(f"[[{_key(key)}]]", item, (key, number)) for number, item in enumerate(value)]
        else:
            plain.append(f"{_key(key)} = {_value(value, (key,))}\n")
    return "\n".join(["".join(plain), *tables]).lstrip("\n")


def _table(head: str, content: Mapping[str, Any], path: tuple[object, ...]) -> str:
    lines = [f"{_key(key)} = {_value(value, (*path, key))}\n" for key, value in content.items()]
    return f"{head}\n{''.join(lines)}"


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise NotWritableError(f"the key {key!r} is not a text")
    return key if _BARE.fullmatch(key) else _string(key, (key,))


def _value(value: Any, path: tuple[object, ...]) -> str:
    if isinstance(value, str):
        return _string(value, path)
    if type(value) in {bool, int, float}:
        # Python's texts of numbers are those of TOML, which has nan and inf.
        return repr(value).lower()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, list):
        return _list([_value(item, (*path, number)) for number, item in enumerate(value)])
    if isinstance(value, Mapping):
        items = (f"{_key(key)} = {_value(item, (*path, key))}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    raise NotWritableError(f"TOML has no {type(value).__name__}", path)


def _list(items: list[str]) -> str:
    line = f"[{', '.join(items)}]"
    return line if len(line) <= _WIDTH else "[\n" + "".join(f"    {item},\n" for item in items) + "]"


def _string(text: str, path: tuple[object, ...]) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotWritableError(f"the text {text!r:.80} cannot be encoded as UTF-8: {error.reason}", path) from None
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    found = _ESCAPES.get(character)
    if found is not None:
        return found
    return f"\\u{ord(character):04x}" if ord(character) < 0x20 or ord(character) == 0x7F else character
