# SPDX-License-Identifier: Apache-2.0
"""Circuits of a sweep, kept as bytes: in memory, or in a temporary file if there are many."""

from __future__ import annotations

import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from .fingerprint import circuit_fingerprint, has_automatic_name
from .layouts import NO_LAYOUT, LayoutChoice, check_names
from .qpy_codec import encode_transfer

if TYPE_CHECKING:
    from typing import TypeAlias

    from qiskit import QuantumCircuit

    CircuitSource: TypeAlias = QuantumCircuit | str | os.PathLike[str]

#: Bytes that are kept in memory before a file is used: some ten thousand circuits of 100 gates.
_IN_MEMORY = 32 << 20
#: Bytes of a digest.
_DIGEST = 32
#: Suffixes of files that are read.
_FILES = (".qasm", ".qpy")


class CircuitEntry(NamedTuple):
    """A circuit of a sweep: its digest, its name, and the physical qubits on which it begins, if those were given.

    ``layout_name`` is the name of these qubits, if the sweep has initial layouts.
    """

    digest: bytes
    name: str
    layout: tuple[int, ...] | None
    layout_name: str | None


class CircuitStore:
    """Circuits as bytes, in the order in which they came; all of them for the first layout, then for the next one."""

    def __init__(
        self, circuits: CircuitSource | Iterable[CircuitSource], layouts: Sequence[LayoutChoice] = NO_LAYOUT
    ) -> None:
        """Read circuits.

        Args:
            circuits: One source or an iterable of sources, which may be nested.
            layouts: Layouts for all circuits, or mappings from their names to layouts.

        Raises:
            IBMInputValueError: A source is no circuit, or a layout is none of its circuit.
            FileNotFoundError: There is no such file.
        """
        #: Names and circuits one after the other; if there is a file, those that it does not have.
        self._content = bytearray()
        self._file: BinaryIO | None = None
        self._starts = array("Q", [0])
        self._names = array("Q", [0])
        self._digests = bytearray()
        self._choices = layouts
        #: The layouts of each circuit, by choice.
        self._layouts: list[list[tuple[int, ...] | None]] = [[] for _ in layouts]
        for circuit in _circuits(circuits):
            self._add(circuit)
        if self._file is not None:
            self._spill()
        check_names(self._choices)

    def _add(self, circuit: QuantumCircuit) -> None:
        from ...exceptions import IBMInputValueError

        try:
            digest = circuit_fingerprint(circuit)
            layouts = [choice.layout_of(circuit) for choice in self._choices]
            sent = digest
            if has_automatic_name(circuit):
                # Results carry the name, which has to be the same in every process.
                circuit = circuit.copy(f"circuit-{digest.hex()[:12]}")
                sent = circuit_fingerprint(circuit)
            name, blob = circuit.name.encode(), encode_transfer(circuit, sent)
        except (TypeError, ValueError, LookupError, RecursionError) as error:
            if isinstance(error, IBMInputValueError):
                raise
            raise IBMInputValueError(f"Circuit {circuit.name!r} cannot be sent to workers: {error}") from error
        for layout, known in zip(layouts, self._layouts, strict=True):
            known.append(layout)
        self._digests += digest
        self._content += name
        self._content += blob
        self._names.append(self._starts[-1] + len(name))
        self._starts.append(self._names[-1] + len(blob))
        if len(self._content) > _IN_MEMORY:
            self._spill()

    def __len__(self) -> int:
        return (len(self._names) - 1) * len(self._choices)

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the store)
            # Files complain when the interpreter ends before they are closed.
            weakref.finalize(self, self._file.close)
        self._file.write(self._content)
        self._file.flush()
        self._content.clear()

    def _read(self, start: int, end: int) -> bytes:
        if self._file is None:
            return bytes(self._content[start:end])
        # pread has no position, which threads and forked processes would share.
        return os.pread(self._file.fileno(), end - start, start)

    def entry(self, number: int) -> CircuitEntry:
        """Return digest, name and layout of a circuit."""
        choice, number = divmod(number, len(self._names) - 1)
        name = self._read(self._starts[number], self._names[number + 1]).decode()
        digest = bytes(self._digests[number * _DIGEST : (number + 1) * _DIGEST])
        layout = self._layouts[choice][number]
        return CircuitEntry(digest, name, layout, self._choices[choice].name_of(layout))

    def blob(self, number: int) -> bytes:
        """Return a circuit as bytes, see :func:`encode_transfer`."""
        number %= len(self._names) - 1
        return self._read(self._names[number + 1], self._starts[number + 1])


def is_program(source: str) -> bool:
    """Return whether a text is an OpenQASM program, and not a path, which may have ``OPENQASM`` in a folder's name."""
    return "\n" in source or ("OPENQASM" in source and ";" in source)


def read_circuits(source: CircuitSource | Iterable[CircuitSource]) -> list[QuantumCircuit]:
    """Return circuits, those of OpenQASM programs, and those of OpenQASM or QPY files and folders.

    Args:
        source: One source or an iterable of sources, which may be nested.

    Raises:
        IBMInputValueError: A source is no circuit.
        FileNotFoundError: There is no such file.
    """
    return list(_circuits(source))


def _circuits(source: Any) -> Iterator[QuantumCircuit]:
    from qiskit import QuantumCircuit

    from ...exceptions import IBMInputValueError

    if isinstance(source, QuantumCircuit):
        yield source
    elif isinstance(source, str) and is_program(source):
        yield _program(source, "circuits")
    elif isinstance(source, str | os.PathLike):
        yield from _files(Path(source))
    elif isinstance(source, Iterable) and not isinstance(source, Mapping | bytes):
        for item in source:
            yield from _circuits(item)
    else:
        raise IBMInputValueError(
            "Circuits are QuantumCircuit objects, OpenQASM programs, or paths of OpenQASM or QPY files, not"
            f" {type(source).__name__}."
        )


def _files(path: Path) -> Iterator[QuantumCircuit]:
    from qiskit import qpy

    from ...exceptions import IBMInputValueError

    if path.exists() and not path.is_file() and not path.is_dir():
        raise IBMInputValueError(f"{path} is not a regular file, and was not read.")
    if path.is_dir():
        for file in sorted(found for found in path.rglob("*") if found.suffix in _FILES):
            yield from _files(file)
    elif path.suffix == ".qpy":
        try:
            with path.open("rb") as content:
                circuits = qpy.load(content)
        except FileNotFoundError:
            raise
        except Exception as error:
            raise IBMInputValueError(f"{path} is not a QPY file: {error}") from error
        yield from circuits
    elif path.suffix == ".qasm":
        circuit = _program(path.read_text(encoding="utf-8", errors="replace"), str(path))
        circuit.name = path.stem
        yield circuit
    else:
        raise IBMInputValueError(f"{path} is not a circuit: names of files end in {' or '.join(_FILES)}.")


def _program(text: str, name: str) -> QuantumCircuit:
    from qiskit import qasm2, qasm3
    from qiskit.exceptions import MissingOptionalLibraryError

    from ...exceptions import IBMInputValueError

    try:
        if "OPENQASM 3" in text:
            return qasm3.loads(text)
        # As QuantumCircuit.from_qasm_str does, so that gates of Qiskit 0 are known.
        return qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    except MissingOptionalLibraryError as error:
        raise IBMInputValueError(f"{name} is OpenQASM 3: {error}") from error
    except Exception as error:
        raise IBMInputValueError(f"{name} is not OpenQASM that Qiskit can read: {error}") from error
