# SPDX-License-Identifier: Apache-2.0
"""Names of devices as names of Python."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable


def to_identifier(name: str) -> str:
    """Return a name of Python for the name of a device: lower case, words with underscores between them."""
    identifier = re.sub(r"\W|^(?=\d)", "_", name)
    identifier = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", identifier).lower()
    return f"{identifier}_" if keyword.iskeyword(identifier) else identifier


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """Return names by their identifiers; one that another device has already gets underscores."""
    found: dict[str, str] = {}
    for name in names:
        identifier = to_identifier(name)
        while identifier in found:
            identifier += "_"
        found[identifier] = name
    return found


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return a sentence with names like a name that is not known, or with all names if none is like it."""
    known = sorted(known)
    near = near_names(name, known)
    if near:
        return near
    return f" There are: {', '.join(known)}." if known else " The instance has no backends."


def near_names(name: str, known: Iterable[str]) -> str:
    """Return a sentence with names like a name that is not known; an empty text if none is like it."""
    import difflib

    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    near = near or [each for each in known if name.lower() in each.lower()][:3]
    return f" Did you mean {' or '.join(repr(each) for each in near)}?" if near else ""
