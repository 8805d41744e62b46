# SPDX-License-Identifier: Apache-2.0
"""Jobs that are the same although their bytes are not: what of a submission depends on the process that sent it.

Qiskit numbers circuits that have no name (``circuit-88``), draws identifiers of parameters, and writes the registers of a
layout in the order of a set. So the bytes of a circuit (QPY) differ from one run of a program to the next.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from typing import Any

import orjson

#: Bytes of a circuit that are looked at: nobody fills the memory with a few bytes that decompress to many.
_MAX_CIRCUIT = 64 << 20
_NUMBERED = re.compile(rb"circuit-\d+(?:-\d+)*")
#: A circuit's name, and the header before it, which has lengths of the name and of the metadata.
_HEADED = re.compile(rb".{37}circuit-\d+(?:-\d+)*", re.DOTALL)
#: Members of JSON objects that hold encoded circuits, and what belongs to them.
_ENCODED = ("b64_data", "samplex_json")


def with_unnamed_circuits(body: bytes) -> bytes:
    """Return the body of a submission without the numbers by which Qiskit names circuits, for comparison only."""
    return _replaced(body, _digest)


def without_circuits(body: bytes) -> bytes:
    """Return the body of a submission without its circuits, for comparison only; their number stays."""
    return _replaced(body, lambda _: "*")


def _replaced(body: bytes, replacement: Any) -> bytes:
    def walked(value: Any) -> Any:
        if isinstance(value, list):
            return [walked(item) for item in value]
        if not isinstance(value, dict):
            return value
        is_circuit = value.get("__type__") == "QuantumCircuit"
        return {
            name: replacement(item)
            if isinstance(item, str) and (name in _ENCODED or (is_circuit and name == "__value__"))
            else walked(item)
            for name, item in value.items()
        }

    try:
        return orjson.dumps(walked(orjson.loads(body)), option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return body


def _digest(text: str) -> str:
    content = text.encode()
    try:
        content = zlib.decompressobj().decompress(base64.b64decode(text), _MAX_CIRCUIT)
    except (ValueError, zlib.error):
        # It is compared as it is.
        pass
    content = _NUMBERED.sub(b"circuit-*", _HEADED.sub(b"circuit-*", content, count=1))
    return hashlib.sha256(content).hexdigest()
