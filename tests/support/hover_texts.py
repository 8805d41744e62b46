# SPDX-License-Identifier: Apache-2.0
"""Hover texts: what the docstrings of public names say about each number that is no count."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from tests.support.examples import public_objects

#: A word of these tells what a number means: a unit, or that it has none.
UNITS = re.compile(
    r"\b(s|Hz|dt|rad|ns|GHz|seconds?|hertz|days?|hours|minutes?|bytes|time|timedelta|units?|probabilit(y|ies)|errors?"
    r"|fraction|shares?|ratios?|factors?|percent|from (-1|0) to 1|per|quantiles?|medians?|scores?|estimates?|coefficients?"
    r"|amplitudes?|weight|success|significance|ranks?|costs?|tolerances?|number|magnitude|inches|logarithm|column)\b",
    re.IGNORECASE,
)
#: Annotations of numbers that may have a unit.
_NUMBERS = re.compile(r"\b(float|Floats|np\.float64)\b")
_SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises|Warns|Examples):$", re.MULTILINE)


def numbers() -> Iterator[tuple[str, str]]:
    """Yield the name of each public number, and what its hover text says about it."""
    for name, value in public_objects().items():
        if inspect.isclass(value):
            if not issubclass(value, BaseException):
                yield from _of_class(name, value)
        elif callable(value):
            yield from _of_function(name, value)


def _of_class(name: str, kind: type) -> Iterator[tuple[str, str]]:
    described = _entries(kind.__doc__, "Attributes")
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("qiskit_ibm_native"):
            described |= _entries(base.__doc__, "Attributes")
            described |= _texts_below(base)
    for key, annotation in _annotations(kind).items():
        if not key.startswith("_") and _NUMBERS.search(annotation):
            yield f"{name}.{key}", described.get(key, "")
    members = {key: each for base in reversed(kind.__mro__) for key, each in vars(base).items()}
    for key, found in members.items():
        if key.startswith("_") and key != "__init__":
            continue
        member = found.__func__ if isinstance(found, classmethod | staticmethod) else found
        if isinstance(member, property):
            if _is_ours(member.fget) and _NUMBERS.search(_returned(member.fget)):
                yield f"{name}.{key}", member.__doc__ or ""
        elif inspect.isfunction(member) and _is_ours(member) and not _is_made(member):
            yield from _of_function(f"{name}.{key}", member, kind.__doc__ if key == "__init__" else "")


def _of_function(name: str, function: Any, more: str | None = "") -> Iterator[tuple[str, str]]:
    text = inspect.cleandoc(function.__doc__ or "")
    described = _entries(more, "Args") | _entries(text, "Args")
    for key, parameter in inspect.signature(function).parameters.items():
        if _NUMBERS.search(str(parameter.annotation)) and not key.startswith("_"):
            # Short methods explain their arguments in the text.
            yield f"{name}({key})", described.get(key, text if not described else "")
    if _NUMBERS.search(_returned(function)):
        yield name, text[: match.start()] if (match := re.search("^Args:$", text, re.MULTILINE)) else text


def _is_made(function: Any) -> bool:
    """Return whether a function has no source, as the ``__init__`` of a data class, whose attributes are described."""
    return not function.__code__.co_filename.endswith(".py")


def _returned(function: Any) -> str:
    return str(inspect.signature(function).return_annotation)


def _is_ours(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).startswith("qiskit_ibm_native")


def _annotations(kind: type) -> dict[str, str]:
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("qiskit_ibm_native"):
            found |= {key: str(each) for key, each in vars(base).get("__annotations__", {}).items()}
    return found


def _entries(docstring: str | None, section: str) -> dict[str, str]:
    """Return the entries of a section of a docstring, such as ``Args``, by name."""
    text = inspect.cleandoc(docstring or "")
    parts = _SECTION.split(text)
    found: dict[str, str] = {}
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        if title == section:
            for entry in re.split(r"\n    (?=\S)", body):
                key, colon, words = entry.strip().partition(":")
                if colon:
                    found[key.strip("* ")] = " ".join(words.split())
    return found


def _texts_below(kind: type) -> dict[str, str]:
    """Return the texts that stand below declarations of attributes."""
    import ast
    import textwrap

    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    except OSError:
        return {}
    if not isinstance(body, ast.ClassDef):
        return {}
    found: dict[str, str] = {}
    for one, two in zip(body.body, body.body[1:], strict=False):
        is_field = isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        if is_field and isinstance(two, ast.Expr) and isinstance(two.value, ast.Constant):
            found[one.target.id] = str(two.value.value)
    return found
