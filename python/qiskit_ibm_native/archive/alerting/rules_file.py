# SPDX-License-Identifier: Apache-2.0
"""Files of rules."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...exceptions import IBMInputValueError
from .rules import EventRule, ValueRule, keys_of

if TYPE_CHECKING:
    from .rules import Rules

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: Names that people try for keys.
_ALIASES = {
    "backend": "backends", "device": "backends", "devices": "backends", "qubit": "qubits", "event": "events", "kind": "events",
    "kinds": "events", "max": "above", "min": "below", "threshold": "above",
}  # fmt: skip


def read_rules(path: str | os.PathLike[str]) -> tuple[ValueRule | EventRule, ...]:
    r"""Return the rules of a TOML file.

    The file has a table ``[[rule]]`` for each rule, whose keys are the arguments of :class:`ValueRule` if it has a
    ``quantity``, and of :class:`EventRule` if it has ``events``. Lengths of time are texts such as ``"30d"``.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is no such file.
        IBMInputValueError: It is no TOML, or has something that is no rule; the message names the file and the rule.

    Examples:
        >>> from pathlib import Path
        >>> from qiskit_ibm_native import read_rules
        >>> _ = Path("rules.toml").write_text('[[rule]]\nquantity = "t1"\nbelow = 20e-6\n')
        >>> (rule,) = read_rules("rules.toml")
        >>> rule.below
        2e-05
    """
    path = Path(path)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise IBMInputValueError(f"{path} is not valid TOML: {error}.") from error
    _check_keys(str(path), document, ("rule",))
    tables = document.get("rule")
    if not isinstance(tables, list) or not tables:
        raise IBMInputValueError(f"{path} has no rules: each one is a table that begins with [[rule]].")
    return _distinct(
        tuple(_rule(f"{path}, rule {number}", table) for number, table in enumerate(tables, 1)), f"{path}: "
    )


def rules_of(rules: Rules) -> tuple[ValueRule | EventRule, ...]:
    """Return rules as a tuple.

    Args:
        rules: A rule, several, or the path of a file.

    Raises:
        FileNotFoundError: There is no such file.
        IBMInputValueError: Something else is among them, or two have the same name.
    """
    if isinstance(rules, str | os.PathLike):
        return read_rules(rules)
    if isinstance(rules, ValueRule | EventRule):
        return (rules,)
    listed = tuple(rules) if isinstance(rules, Iterable) else (rules,)
    for rule in listed:
        if not isinstance(rule, ValueRule | EventRule):
            raise IBMInputValueError(f"A rule is a ValueRule or an EventRule, or all are in a file, not {rule!r}.")
    return _distinct(listed, "")


def _rule(where: str, table: Any) -> ValueRule | EventRule:
    if not isinstance(table, dict):
        raise IBMInputValueError(f"{where} must be a table.")
    if isinstance(table.get("name"), str):
        where = f"{where} ({table['name']!r})"
    kinds = [kind for kind, key in ((ValueRule, "quantity"), (EventRule, "events")) if key in table]
    if len(kinds) != 1:
        _check_keys(where, table, (*keys_of(ValueRule), *keys_of(EventRule)))
        raise IBMInputValueError(f"{where} must have either a quantity and thresholds, or events.")
    _check_keys(where, table, keys_of(kinds[0]))
    try:
        return kinds[0](**table)
    except (IBMInputValueError, TypeError) as error:
        message = error.message if isinstance(error, IBMInputValueError) else str(error)
        raise IBMInputValueError(f"{where}: {message}") from None


def _check_keys(where: str, table: dict[str, Any], known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            close = get_close_matches(key, known, 1)
            alias = _ALIASES.get(key)
            near = alias if alias in known else close[0] if close else None
            hint = f"did you mean {near!r}?" if near is not None else f"there are {', '.join(dict.fromkeys(known))}."
            raise IBMInputValueError(f"{where}: the key {key} is unknown; {hint}")


def _distinct(rules: tuple[ValueRule | EventRule, ...], where: str) -> tuple[ValueRule | EventRule, ...]:
    for name, count in Counter(rule.name for rule in rules).items():
        if count > 1:
            raise IBMInputValueError(f"{where}{count} rules are called {name!r}; give each a name of its own.")
    return rules
