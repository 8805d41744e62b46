# SPDX-License-Identifier: Apache-2.0
"""Jobs that are the same although their bytes are not: what of a submission depends on the process that sent it.

Qiskit numbers circuits that have no name (``circuit-88``), draws identifiers of parameters, and writes the registers of
a layout in the order of a set. So the bytes of a circuit (QPY) differ from one run of a program to the next.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
import zlib
from contextlib import suppress
from typing import Any

import orjson

#: Recordings are not trusted. Circuits that are larger, or so many times larger than their encoding, and registers of
#: more bits, are compared as they are.
_MAX_CIRCUIT, _MAX_RATIO, _MAX_BITS = 32 << 20, 100, 4096
_NUMBERED = re.compile(rb"circuit-\d+(?:-\d+)*")
#: A circuit's name, and the header before it, which has lengths of the name and of the metadata.
_HEADED = re.compile(rb".{37}circuit-\d+(?:-\d+)*", re.DOTALL)
#: Registers that layouts name, and the bytes of an index: type, flag, number of bits, length of the name, a flag (two
#: since QPY 18); then the name, and an index of minus one for each bit.
_REGISTERS = ((struct.Struct(">c?IH?"), 8), (struct.Struct(">c?IH??"), 4))
_NO_INDEXES = b"\xff" * 8 * _MAX_BITS
_REGISTER_START = re.compile(rb"q\x01\x00")
#: Members of JSON objects that hold encoded circuits, and what belongs to them.
_ENCODED = ("b64_data", "samplex_json")


def with_plain_circuits(body: bytes) -> bytes:
    """Return the body of a submission without what differs between runs of a program, for comparison only.

    Circuits have no numbers as names, and registers of layouts are in order. Identifiers of parameters stay.
    """
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
    # Everything but circuits is compared as it is.
    with suppress(ValueError, zlib.error):
        decompressor = zlib.decompressobj()
        circuit = decompressor.decompress(base64.b64decode(text), min(_MAX_CIRCUIT, _MAX_RATIO * len(text)) + 1)
        content = circuit if decompressor.eof else content
    content = _NUMBERED.sub(b"circuit-*", _HEADED.sub(b"circuit-*", content, count=1))
    return hashlib.sha256(_with_sorted_registers(content)).hexdigest()


def _with_sorted_registers(circuit: bytes) -> bytes:
    """Return a circuit in which the registers of its layout are in the order of their names."""
    parts: list[bytes] = []
    done = 0
    while match := _REGISTER_START.search(circuit, done):
        end = match.start()
        registers: list[bytes] = []
        while register := _register(circuit, end):
            registers.append(register)
            end += len(register)
        parts += [circuit[done : match.start()], *sorted(registers)]
        done = max(end, match.end())
        if not registers:
            parts.append(match[0])
    return b"".join([*parts, circuit[done:]])


def _register(circuit: bytes, start: int) -> bytes:
    """Return the bytes of a register at a position, or none if there is no register."""
    for header, width in _REGISTERS:
        if len(circuit) < start + header.size:
            continue
        kind, _, bits, length, *_ = header.unpack_from(circuit, start)
        indexes, size = start + header.size + length, width * bits
        if kind == b"q" and 0 < bits <= _MAX_BITS and circuit.startswith(_NO_INDEXES[:size], indexes):
            return circuit[start : indexes + size]
    return b""
