# SPDX-License-Identifier: Apache-2.0
"""One circuit of a file, and a circuit as a file: OpenQASM 2, OpenQASM 3 and QPY."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from .._files import write_whole
from .._words import count, listed
from ..exceptions import IBMInputValueError
from ..sweeps.inputs.circuits import is_program, read_circuits

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

_SUFFIXES = (".qasm", ".qpy")
#: Names of circuits that a message lists.
_LISTED = 8


def read_circuit(source: str | os.PathLike[str], which: str | int | None = None) -> QuantumCircuit:
    """Return one circuit of a file or of an OpenQASM program.

    Args:
        source: The path of an OpenQASM 2, OpenQASM 3 or QPY file, or a program.
        which: The name of the circuit, or its number from 0 on, in a file with several circuits.

    Raises:
        FileNotFoundError: There is no such file; the message has the nearest name of its folder.
        IBMInputValueError: The file has no circuit, several circuits of which none is chosen, or none of that name.

    Examples:
        >>> from qiskit_ibm_native.fitting import read_circuit
        >>> read_circuit("OPENQASM 2.0; qreg q[2]; CX q[0], q[1];").size()
        1
    """
    text = os.fspath(source)
    is_text = isinstance(source, str) and is_program(text)
    name = "The program" if is_text else text
    if not is_text:
        _check_that_it_is_there(Path(text))
    circuits = read_circuits(source)
    if not circuits:
        raise IBMInputValueError(f"{name} has no circuit.")
    if which is not None:
        return _chosen(circuits, which, name)
    if len(circuits) > 1:
        raise IBMInputValueError(
            f"{name} has {count(len(circuits), 'circuit')}: choose one by its name or its number from 0 on,"
            f" of {_names(circuits)}."
        )
    return circuits[0]


def _check_that_it_is_there(path: Path) -> None:
    if path.exists():
        return
    folder = path.parent
    names = [each.name for each in folder.iterdir() if each.suffix in _SUFFIXES] if folder.is_dir() else []
    near = difflib.get_close_matches(path.name, names, 1)
    hint = f" Did you mean {folder / near[0]}?" if near else ""
    raise FileNotFoundError(f"There is no file {path}.{hint}")


def _chosen(circuits: list[QuantumCircuit], which: str | int, name: str) -> QuantumCircuit:
    for circuit in circuits:
        if circuit.name == which:
            return circuit
    number = which if isinstance(which, int) else int(which) if which.isdecimal() else -1
    if 0 <= number < len(circuits):
        return circuits[number]
    raise IBMInputValueError(f"{name} has no circuit {which!r}; it has {_names(circuits)}.")


def _names(circuits: list[QuantumCircuit]) -> str:
    names = [repr(circuit.name) for circuit in circuits[:_LISTED]]
    return listed(names if len(circuits) <= _LISTED else [*names, count(len(circuits) - _LISTED, "other")])


def write_circuit(circuit: QuantumCircuit, path: str | os.PathLike[str]) -> str:
    """Write a circuit to a file, which appears under its name when it is complete.

    Args:
        circuit: The circuit.
        path: The file. A name that ends in ``.qpy`` is written as QPY, which keeps the layout; one that ends in
            ``.qasm`` as OpenQASM 2, which every program reads, or as OpenQASM 3 if OpenQASM 2 cannot say it.

    Returns:
        The name of the format.

    Raises:
        IBMInputValueError: The file's name ends in something else, or the format cannot say the circuit.
        OSError: The file cannot be written.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native.fitting import read_circuit, write_circuit
        >>> write_circuit(QuantumCircuit(3), "three.qasm")
        'OpenQASM 2'
        >>> read_circuit("three.qasm").num_qubits
        3
    """
    path = Path(path)
    check_circuit_file(path)
    if path.suffix == ".qpy":
        content, written = _qpy(circuit), "QPY"
    else:
        text, written = circuit_text(circuit)
        content = text.encode()
    write_whole(path, content)
    return written


def check_circuit_file(path: Path) -> None:
    """Refuse a name that says no format, before there is a circuit to write.

    Raises:
        IBMInputValueError: The name ends neither in ``.qasm`` nor in ``.qpy``, or there is no such folder.
    """
    if path.suffix not in _SUFFIXES:
        raise IBMInputValueError(f"{path} does not tell a format: its name must end in {' or '.join(_SUFFIXES)}.")
    if not path.absolute().parent.is_dir():
        raise IBMInputValueError(
            f"{path} cannot be written: there is no folder {path.absolute().parent}; make it first."
        )


def _qpy(circuit: QuantumCircuit) -> bytes:
    from io import BytesIO

    from qiskit import qpy

    file = BytesIO()
    try:
        qpy.dump(circuit, file)
    except Exception as error:
        raise IBMInputValueError(f"Circuit {circuit.name!r} cannot be written as QPY: {error}") from error
    return file.getvalue()


def circuit_text(circuit: QuantumCircuit) -> tuple[str, str]:
    """Return a circuit as OpenQASM, and the name of the format: OpenQASM 2, or OpenQASM 3 if that cannot say it.

    Raises:
        IBMInputValueError: Neither can say it.
    """
    from qiskit import qasm2, qasm3

    try:
        return f"{qasm2.dumps(circuit)}\n", "OpenQASM 2"
    except Exception:
        try:
            return qasm3.dumps(circuit), "OpenQASM 3"
        except Exception as error:
            raise IBMInputValueError(
                f"Circuit {circuit.name!r} cannot be written as OpenQASM: {error} Write a .qpy file."
            ) from error
