# SPDX-License-Identifier: Apache-2.0
"""Digests of circuits, options and functions: the same for the same content, in every process and on every machine.

Pickles and QPY are of no use for that: both depend on which objects are shared, and write identifiers that are drawn
anew in every process.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from .function_sources import imported_modules, is_installed, named_values

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import Operation

#: Names that Qiskit makes up: a counter of circuits, behind which forked processes add their identifier.
_AUTOMATIC = re.compile(r"circuit-\d+(-\d+)?")
_PLAIN = (type(None), type(Ellipsis), bool, int, float, complex, str, bytes)
#: Packages whose code is known by their versions.
_KNOWN_PACKAGES = frozenset({"None", "builtins", "functools", "collections", "numpy", "qiskit", "qiskit_ibm_native"})
#: Methods of circuits that iterate over their variables.
_VARIABLES = (
    "iter_input_vars", "iter_captured_vars", "iter_declared_vars", "iter_captured_stretches", "iter_declared_stretches",
)  # fmt: skip
#: Attributes of instructions that are written by name, or that are caches.
_INSTRUCTION_STATE = frozenset({
    "_base_name", "_condition", "_ctrl_state", "_definition", "_duration", "_hash", "_label", "_name", "_num_clbits",
    "_num_qubits", "_params", "_unit", "base_gate", "params",
})  # fmt: skip


def has_automatic_name(circuit: QuantumCircuit) -> bool:
    """Return whether Qiskit made up the circuit's name."""
    return circuit.name is None or _AUTOMATIC.fullmatch(circuit.name) is not None


def circuit_fingerprint(circuit: QuantumCircuit) -> bytes:
    """Return the SHA-256 of everything in a circuit on which its transpilation depends, name and metadata included.

    Raises:
        TypeError: The circuit has an object whose content cannot be read.
    """
    name = None if has_automatic_name(circuit) else circuit.name
    return fingerprint(name, circuit.metadata or None, circuit)


def fingerprint(*values: Any) -> bytes:
    """Return the SHA-256 of the content of some values.

    Raises:
        TypeError: There is an object whose content cannot be read.
    """
    parts: list[str] = []
    writer = _Writer(parts)
    for value in values:
        writer.write(value)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


class _Writer:
    """Writes values as texts, each behind its kind and length, so that different values never read the same."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts
        self._open: set[int] = set()
        #: Digests of definitions by identity, each with the object of that identity.
        self._definitions: dict[int, tuple[Any, bytes]] = {}
        #: Classical bits of the circuit that is being written.
        self._clbits: dict[Any, int] = {}

    def write(self, value: Any) -> None:
        if type(value) in _PLAIN:
            self._parts.append(f"{type(value).__name__} {value!r}")
            return
        if id(value) in self._open:
            raise TypeError(f"a {type(value).__name__} contains itself")
        self._open.add(id(value))
        try:
            self._write_object(value)
        finally:
            self._open.discard(id(value))

    def _write_object(self, value: Any) -> None:
        if isinstance(value, Mapping):
            self._write_all("mapping", sorted(((fingerprint(key), item) for key, item in value.items()), key=_first))
        elif isinstance(value, AbstractSet):
            self._write_all("set", sorted(fingerprint(item) for item in value))
        elif isinstance(value, list | tuple):
            self._write_all("tuple" if isinstance(value, tuple) else "list", value)
        elif isinstance(value, range):
            self._write_all("range", (value.start, value.stop, value.step))
        elif isinstance(value, type):
            self._write_class(value)
        elif isinstance(value, functools.partial):
            self._write_all("partial", (value.func, value.args, value.keywords))
        elif isinstance(value, FunctionType | BuiltinFunctionType | MethodType):
            self._write_function(value)
        else:
            self._write_foreign(value)

    def _write_all(self, kind: str, values: Any) -> None:
        items = list(values)
        self._parts.append(f"{kind} {len(items)}")
        for item in items:
            self.write(item)

    def _write_class(self, kind: type) -> None:
        """Write the name of a class, and its source unless its package is known by version."""
        self._parts.append(f"class {kind.__module__}.{kind.__qualname__}")
        if str(kind.__module__).partition(".")[0] not in _KNOWN_PACKAGES:
            try:
                self.write(inspect.getsource(kind))
            except (OSError, TypeError):
                methods = {name: value for name, value in vars(kind).items() if isinstance(value, FunctionType)}
                self._write_all("methods", [(name, self._code(methods[name].__code__)) for name in sorted(methods)])

    def _write_function(self, function: Callable[..., Any]) -> None:
        """Write the name of a function, and its source or byte code, on which results depend."""
        try:
            text: Any = inspect.getsource(function)
        except (OSError, TypeError):
            text = self._code(getattr(function, "__code__", None))
        if isinstance(function, FunctionType) and isinstance(text, str) and text.count("lambda") > 1:
            # Lambdas that begin in one line have the same source.
            text = text, self._code(function.__code__)
        name = getattr(function, "__qualname__", repr(type(function)))
        self._write_all("function", (str(function.__module__), name, text))
        if isinstance(function, MethodType):
            self.write(function.__self__)
        elif isinstance(function, FunctionType):
            cells = [cell.cell_contents for cell in function.__closure__ or ()]
            self._write_all("closure", (function.__defaults__, function.__kwdefaults__, cells))
            if not is_installed(str(function.__module__)):
                self._write_needs(function)

    def _write_needs(self, function: FunctionType) -> None:
        """Write what a function of a user needs beside its own code: values and functions that it names, modules."""
        for name, value in named_values(function):
            if isinstance(value, ModuleType) or id(value) in self._open:
                continue
            if isinstance(value, FunctionType | type) and is_installed(str(value.__module__)):
                continue
            self._parts.append(f"name {name}")
            # A name may stand for something that has no content, such as a lock.
            with suppress(Exception):
                self._parts.append(fingerprint(value).hex() if not isinstance(value, FunctionType) else "")
            if isinstance(value, FunctionType):
                self.write(value)
        self._write_all("modules", imported_modules(function).items())

    def _code(self, code: CodeType | None) -> Any:
        if code is None:
            return None
        constants = [
            self._code(constant) if isinstance(constant, CodeType) else constant for constant in code.co_consts
        ]
        return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars

    def _write_foreign(self, value: Any) -> None:
        """Write an object of numpy or Qiskit by its content, any other by its ``__reduce_ex__``, as pickles have it."""
        import numpy as np
        from qiskit import QuantumCircuit
        from qiskit.circuit import Bit, Operation, Parameter, ParameterExpression, Register
        from qiskit.circuit.classical import expr

        if isinstance(value, np.ndarray | np.generic):
            self._write_all("array", (value.dtype.str, value.shape, value.tolist()))
        elif isinstance(value, QuantumCircuit):
            self.write_circuit(value)
        elif isinstance(value, Operation):
            self._write_operation(value)
        elif isinstance(value, Parameter):
            self._parts.append(f"parameter {value.name}")
        elif isinstance(value, ParameterExpression):
            self._parts.append(f"expression {value}")
        elif isinstance(value, expr.Var | expr.Stretch):
            # Not by its identifier, which is drawn anew in each process.
            bits = value.var if isinstance(value, expr.Var) and not value.standalone else None
            self._write_all("variable", (value.name, repr(value.type), bits))
        elif isinstance(value, Register):
            self._parts.append(f"register {value.name} {value.size}")
        elif isinstance(value, Bit):
            self._parts.append(f"clbit {self._clbits[value]}")
        else:
            self._write_reduced(value)

    def _write_reduced(self, value: Any) -> None:
        if value.__class__.__module__ in {"datetime", "decimal", "fractions", "uuid", "pathlib"}:
            self._parts.append(repr(value))
            return
        reduced = value.__reduce_ex__(4)
        if isinstance(reduced, str):
            self._parts.append(f"global {reduced}")
            return
        made, arguments, *rest = reduced
        self._write_all(
            "object", (made, arguments, *(list(part) if hasattr(part, "__next__") else part for part in rest))
        )

    def write_circuit(self, circuit: QuantumCircuit) -> None:
        """Write a circuit without its name, which Qiskit makes up for subroutines and bodies."""
        qubits = {bit: number for number, bit in enumerate(circuit.qubits)}
        clbits = {bit: number for number, bit in enumerate(circuit.clbits)}
        parts = self._parts
        parts.append(f"circuit {len(qubits)} {len(clbits)}")
        self.write(circuit.global_phase)
        for register in (*circuit.qregs, *circuit.cregs):
            index = qubits if register in circuit.qregs else clbits
            parts.append(f"register {register.name} {[index[bit] for bit in register]}")
        # Most circuits have none, and asking for each kind takes half of the time.
        for kind in _VARIABLES if circuit.num_vars or getattr(circuit, "num_stretches", 0) else ():
            found: Iterable[Any] = getattr(circuit, kind, tuple)()
            self._write_all(kind, sorted((variable.name, repr(variable.type)) for variable in found))
        parts.append(f"instructions {len(circuit.data)}")
        outer, self._clbits = self._clbits, clbits
        for instruction in circuit.data:
            qargs = [qubits[bit] for bit in instruction.qubits]
            if instruction.is_standard_gate():
                parts.append(f"{instruction.name} {qargs} {instruction.label or ''}")
                for parameter in instruction.params:
                    self.write(parameter)
            else:
                parts.append(f"operation {qargs} {[clbits[bit] for bit in instruction.clbits]}")
                self.write(instruction.operation)
        self._clbits = outer

    def _write_operation(self, operation: Operation) -> None:
        from qiskit.circuit import ControlledGate, Gate, Instruction

        # Standard gates without parameters have classes of singletons.
        kind = getattr(operation, "base_class", type(operation))
        self.write(kind)
        attributes = (
            "num_qubits",
            "num_clbits",
            "label",
            "ctrl_state",
            "unit",
            "base_gate",
            "params",
            "condition",
            "target",
        )
        # Subroutines made of circuits without a name have names that Qiskit made up, and so have their inverses and
        # powers.
        has_definition = kind in {Gate, Instruction, ControlledGate} or not kind.__module__.startswith("qiskit.")
        self.write(_AUTOMATIC.sub("circuit", operation.name) if has_definition else operation.name)
        for name in attributes:
            if (value := getattr(operation, name, None)) is not None:
                self._parts.append(name)
                # Copies of a circuit turn the 1 that a bit is compared with into True.
                self.write((value[0], int(value[1])) if name == "condition" and isinstance(value, tuple) else value)
        state = getattr(operation, "__dict__", {})
        self.write(
            {name: value for name, value in state.items() if name not in _INSTRUCTION_STATE and value is not None}
        )
        if has_definition:
            self._write_definition(operation)

    def _write_definition(self, operation: Operation) -> None:
        definition = getattr(operation, "definition", None)
        if definition is None:
            self._parts.append("opaque")
            return
        # A subroutine that is called many times is one object as a rule. Others are made when they are asked for; they
        # are kept, so that no other one gets their identity.
        known = self._definitions.setdefault(id(definition), (definition, b""))
        if not known[1]:
            known = self._definitions[id(definition)] = definition, fingerprint(definition)
        self.write(known[1])


def _first(pair: tuple[bytes, Any]) -> bytes:
    return pair[0]
