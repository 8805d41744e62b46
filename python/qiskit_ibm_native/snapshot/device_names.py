# SPDX-License-Identifier: Apache-2.0
"""Spellings of device names: ``fez`` and ``ibm_fez`` are the same device, and so are ``lima`` and ``ibmq_lima``."""

from __future__ import annotations

from collections.abc import Iterable

#: Prefixes of device names: none, today's, and that of devices before 2021.
_PREFIXES = ("", "ibm_", "ibmq_")


def short_name(name: str) -> str:
    """Return a device name without its prefix, as in ``"fez"`` for ``"ibm_fez"``."""
    for prefix in ("ibm_", "ibmq_"):
        if name.startswith(prefix) and len(name) > len(prefix):
            return name[len(prefix) :]
    return name


def spellings(name: str) -> tuple[str, ...]:
    """Return all names of the device that ``name`` names, ``name`` itself first."""
    short = short_name(name)
    return tuple(dict.fromkeys([name, *(prefix + short for prefix in _PREFIXES)]))


def find_device(name: str, known: Iterable[str]) -> str | None:
    """Return the device of ``known`` that ``name`` names.

    Args:
        name: A name with or without prefix.
        known: Names of devices; ``name`` itself comes first if it is one of them.

    Returns:
        The name as ``known`` spells it; ``None`` if no device has that name.
    """
    names = frozenset(known)
    return next((spelling for spelling in spellings(name) if spelling in names), None)
