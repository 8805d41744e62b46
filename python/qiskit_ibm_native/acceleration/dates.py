# SPDX-License-Identifier: Apache-2.0
"""Dates of properties as the official client converts them, each text once.

The client reads every date with ``dateutil``, takes the clock that it shows for UTC, whatever its offset, and converts
that to local time. Payloads repeat their dates, and converting them is most of the client's time for a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dateutil.parser

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator


def decode_dates(properties: dict[str, Any]) -> None:
    """Convert the dates of decoded properties in place, as the client's reader does."""
    _replace(properties, dateutil.parser.isoparse)


def localize_dates(properties: dict[str, Any]) -> None:
    """Convert datetimes of decoded properties to local time in place, as the client's models show them."""
    from qiskit_ibm_runtime.utils.converters import utc_to_local

    _replace(properties, utc_to_local)


def _replace(properties: dict[str, Any], convert: Callable[[Any], datetime.datetime]) -> None:
    known: dict[Any, datetime.datetime] = {}
    for record, key in _dated(properties):
        date = record[key]
        # Equal datetimes of different offsets show different clocks.
        identity = date if isinstance(date, str) else (date.replace(tzinfo=None), date.utcoffset())
        found = known.get(identity)
        if found is None:
            found = known[identity] = convert(date)
        record[key] = found


def _dated(properties: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    yield properties, "last_update_date"
    for qubit in properties["qubits"]:
        for quantity in qubit:
            yield quantity, "date"
    for gate in properties["gates"]:
        for quantity in gate["parameters"]:
            yield quantity, "date"
    for quantity in properties["general"]:
        yield quantity, "date"
