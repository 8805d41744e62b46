# SPDX-License-Identifier: Apache-2.0
"""The properties of a device: its measured values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, overload

from .. import _native
from .._timestamps import optional_instant
from .._units import si_value
from .view import PayloadView, encode

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping

    from .._native import Snapshot as NativeSnapshot
    from .._typing import MaybeNone

    Value = tuple[float | MaybeNone, datetime.datetime | None]


class Nduv:
    """A quantity as the payload has it: name, date, unit and value.

    Attributes:
        date: The time of the measurement (aware), or ``None``.
        name: The payload name of the quantity, such as ``"T1"``.
        unit: The unit of ``value``, such as ``"us"``.
        value: The value in that unit.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> t1 = Snapshot.load("lima").properties.qubits[0][0]
        >>> t1.name, t1.value, t1.unit
        ('T1', 59.69864328663569, 'us')
    """

    __slots__ = ("date", "name", "unit", "value")

    def __init__(self, date: datetime.datetime | None, name: str, unit: str | None, value: Any) -> None:
        """Create a quantity from its fields."""
        self.date = date
        self.name = name
        self.unit = unit
        self.value = value

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Nduv:
        """Create a quantity from the result of :meth:`to_dict`."""
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {"date": self.date, "name": self.name, "unit": self.unit, "value": self.value}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Nduv) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Nduv({self.date!r}, {self.name}, {self.unit}, {self.value})"


class GateProperties:
    """Measured values of a gate on some qubits.

    Attributes:
        qubits: The qubits.
        gate: The gate's name.
        parameters: A list of :class:`Nduv`.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> gate = Snapshot.load("lima").properties.gates[-1]
        >>> (length,) = gate.parameters
        >>> gate.gate, gate.qubits, length.name, length.value, length.unit
        ('reset', [4], 'gate_length', 5742.222222222222, 'ns')
    """

    def __init__(self, /, qubits: list[int], gate: str, parameters: list[Nduv], **extra: Any) -> None:
        """Create the properties from their fields; ``extra`` become attributes."""
        self.qubits = qubits
        self.gate = gate
        self.parameters = parameters
        vars(self).update(extra)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GateProperties:
        """Create the properties from the result of :meth:`to_dict`."""
        return cls(**{**data, "parameters": [Nduv.from_dict(each) for each in data["parameters"]]})

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {**vars(self), "parameters": [each.to_dict() for each in self.parameters]}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GateProperties) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"GateProperties({self.gate} on {self.qubits}: {self.parameters})"


def _quantity(data: dict[str, Any]) -> dict[str, Any]:
    """Return an element of the payload with its date read and without keys that a quantity does not have."""
    return {
        "date": optional_instant(data.get("date")),
        "name": data["name"],
        "unit": data.get("unit"),
        "value": data["value"],
    }


def _scaled(data: dict[str, Any]) -> Value:
    """Return a quantity's value in its SI unit, and its date."""
    return si_value(data["value"], data["unit"]), data["date"]


def _qubit_table(qubits: list[list[dict[str, Any]]]) -> dict[int, dict[str, Value]]:
    tables = enumerate({each["name"]: _scaled(_quantity(each)) for each in qubit} for qubit in qubits)
    return {qubit: table for qubit, table in tables if table}


def _gate_table(gates: list[dict[str, Any]]) -> dict[str, dict[tuple[int, ...], dict[str, Value]]]:
    tables: dict[str, dict[tuple[int, ...], dict[str, Value]]] = {}
    for gate in gates:
        quantities = {each["name"]: _scaled(_quantity(each)) for each in gate["parameters"]}
        tables.setdefault(gate["gate"], {})[tuple(gate["qubits"])] = quantities
    return tables


class BackendProperties(PayloadView):
    """Measured values of a device.

    Values come from columns that were filled when the snapshot was made; the payload is only decoded for what has no
    column, such as dates.

    Attributes:
        backend_name: The device's name.
        backend_version: The version of its configuration.
        last_update_date: The time of the last update (aware).
        qubits: By qubit, a list of :class:`Nduv`.
        gates: A list of :class:`GateProperties`.
        general: A list of :class:`Nduv`.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> properties = Snapshot.load("lima").properties
        >>> properties.t1(0), properties.gate_length("cx", (0, 1))  # s
        (5.9698643286635694e-05, 3.0577777777777775e-07)
        >>> properties.gate_error("cx", (0, 1))
        0.008339674869236618
        >>> properties.faulty_qubits()
        []
    """

    backend_name: str
    """The device's name."""
    backend_version: str
    """The version of the device's configuration."""
    last_update_date: datetime.datetime
    """The time (aware) of the last update."""
    qubits: list[list[Nduv]]
    """Measured values of each qubit, in the units of the payload."""
    gates: list[GateProperties]
    """Measured values of each gate on each of its qubits, in the units of the payload."""
    general: list[Nduv]
    """Measured values that are of no qubit and no gate, in the units of the payload."""

    _payload_name = "properties"
    _native: NativeSnapshot
    _contents = {
        "gates": lambda gates: [_gate(each) for each in gates],
        "general": lambda general: general and [_quantity(each) for each in general],
        "last_update_date": optional_instant,
        "qubits": lambda qubits: [[_quantity(each) for each in qubit] for qubit in qubits],
    }
    _conversions = {
        "gates": lambda gates: [GateProperties.from_dict(_gate(each)) for each in gates],
        "general": lambda general: [Nduv(**_quantity(each)) for each in general or ()],
        "last_update_date": optional_instant,
        "qubits": lambda qubits: [[Nduv(**_quantity(each)) for each in qubit] for qubit in qubits],
    }

    def __init__(self) -> None:
        raise TypeError("use Snapshot.properties or BackendProperties.from_dict")

    @classmethod
    def _from_native(cls, native: NativeSnapshot, source: str | None = None) -> BackendProperties:
        return cls._view(native, native.payloads[1] or b"", native.properties_members(), source)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BackendProperties:
        """Create properties from the result of :meth:`to_dict`.

        Raises:
            BackendPayloadError: ``data`` is not the content of a properties payload.
        """
        # Properties are read against a configuration; this one allows whatever they list.
        any_device: dict[str, Any] = {
            "backend_name": data.get("backend_name") or "",
            "n_qubits": _num_qubits(data),
            "basis_gates": [],
            "gates": [],
        }
        return cls._from_native(_native.Snapshot(encode(any_device), encode(data)))

    # Lookups by name, for quantities without a column.

    def _tables(self) -> tuple[dict[int, dict[str, Value]], dict[str, dict[tuple[int, ...], dict[str, Value]]]]:
        tables = vars(self).get("_indices")
        if tables is None:
            tables = self._converted("qubits", _qubit_table), self._converted("gates", _gate_table)
            vars(self)["_indices"] = tables
        return tables

    @overload
    def gate_property(self, gate: str) -> dict[tuple[int, ...], dict[str, Value]]: ...

    @overload
    def gate_property(self, gate: str, qubits: int | Iterable[int]) -> dict[str, Value]: ...

    @overload
    def gate_property(self, gate: str, qubits: int | Iterable[int], name: str) -> Value: ...

    @overload
    def gate_property(
        self, gate: str, qubits: int | Iterable[int] | None = None, name: str | None = None
    ) -> dict[tuple[int, ...], dict[str, Value]] | dict[str, Value] | Value: ...

    def gate_property(
        self, gate: str, qubits: int | Iterable[int] | None = None, name: str | None = None
    ) -> dict[tuple[int, ...], dict[str, Value]] | dict[str, Value] | Value:
        """Return measured values of a gate.

        Args:
            gate: The gate's name.
            qubits: The qubits; all qargs of the gate by default.
            name: The payload name of the quantity; all quantities by default.

        Returns:
            ``(value, date)`` of the quantity, in SI units; without ``name``, these by name; without ``qubits``, those
            by qubits.

        Raises:
            BackendPropertyError: There is no such value, or ``name`` is given without ``qubits``.
        """
        result: Any
        try:
            result = self._tables()[1][gate]
            if qubits is not None:
                result = result[(qubits,) if isinstance(qubits, int) else tuple(qubits)]
                if name:
                    result = result[name]
            elif name:
                _refuse(f"Provide qubits to get {name} of {gate}")
        except KeyError:
            _refuse(f"Could not find the desired property for {gate}")
        return result  # type: ignore[no-any-return]

    @overload
    def qubit_property(self, qubit: int) -> dict[str, Value]: ...

    @overload
    def qubit_property(self, qubit: int, name: str) -> Value: ...

    @overload
    def qubit_property(self, qubit: int, name: str | None = None) -> dict[str, Value] | Value: ...

    def qubit_property(self, qubit: int, name: str | None = None) -> dict[str, Value] | Value:
        """Return measured values of a qubit.

        Args:
            qubit: The qubit.
            name: The payload name of the quantity; all quantities by default.

        Returns:
            ``(value, date)`` of the quantity, in SI units; without ``name``, these by name.

        Raises:
            BackendPropertyError: There is no such value.
        """
        result: Any
        try:
            result = self._tables()[0][qubit]
            if name is not None:
                result = result[name]
        except KeyError:
            what = f"property '{name}'" if name else "properties"
            _refuse(f"Couldn't find the {what} for qubit {qubit}.")
        return result  # type: ignore[no-any-return]

    def _qubit_value(self, qubit: int, name: str) -> Any:
        try:
            return self._native.qubit_quantity(name, qubit)
        except (LookupError, OverflowError, TypeError):
            return self.qubit_property(qubit, name)[0]

    def _gate_value(self, gate: str, qubits: int | Iterable[int], name: str) -> Any:
        try:
            return self._native.gate_quantity(name, gate, (qubits,) if isinstance(qubits, int) else qubits)
        except (LookupError, OverflowError, TypeError):
            return self.gate_property(gate, qubits, name)[0]

    def t1(self, qubit: int) -> float:
        """Return the relaxation time T1 of a qubit, in seconds."""
        return self._qubit_value(qubit, "T1")  # type: ignore[no-any-return]

    def t2(self, qubit: int) -> float:
        """Return the dephasing time T2 of a qubit, in seconds."""
        return self._qubit_value(qubit, "T2")  # type: ignore[no-any-return]

    def frequency(self, qubit: int) -> float:
        """Return the frequency of a qubit, in hertz."""
        return self._qubit_value(qubit, "frequency")  # type: ignore[no-any-return]

    def readout_error(self, qubit: int) -> float:
        """Return the assignment error of a qubit, a probability."""
        return self._qubit_value(qubit, "readout_error")  # type: ignore[no-any-return]

    def readout_length(self, qubit: int) -> float:
        """Return the duration of the readout of a qubit, in seconds."""
        return self._qubit_value(qubit, "readout_length")  # type: ignore[no-any-return]

    def gate_error(self, gate: str, qubits: int | Iterable[int]) -> float:
        """Return the error of a gate on some qubits, a probability."""
        return self._gate_value(gate, qubits, "gate_error")  # type: ignore[no-any-return]

    def gate_length(self, gate: str, qubits: int | Iterable[int]) -> float:
        """Return the duration of a gate on some qubits, in seconds."""
        return self._gate_value(gate, qubits, "gate_length")  # type: ignore[no-any-return]

    def is_qubit_operational(self, qubit: int) -> bool:
        """Return whether a qubit may be used; true if the device says nothing."""
        quantities: Any = self.qubit_property(qubit)
        return bool(quantities["operational"][0]) if "operational" in quantities else True

    def is_gate_operational(self, gate: str, qubits: int | Iterable[int] | None = None) -> bool:
        """Return whether a gate may be used on some qubits; true if the device says nothing."""
        quantities: Any = self.gate_property(gate, qubits)
        return bool(quantities["operational"][0]) if "operational" in quantities else True

    def faulty_qubits(self) -> list[int]:
        """Return the qubits that are not operational, ascending."""
        faulty = self._native.faulty_qubits
        if faulty is None:
            return [qubit for qubit in self._tables()[0] if not self.is_qubit_operational(qubit)]
        return faulty

    def faulty_gates(self) -> list[GateProperties]:
        """Return the gates that are not operational, with their qubits, in payload order."""
        if not self._native.has_faulty_gates:
            return []
        return [gate for gate in self.gates if not self.is_gate_operational(gate.gate, gate.qubits)]

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return type(self)._from_native, (self._native,) if self.source is None else (self._native, self.source)

    def __repr__(self) -> str:
        name, date = (getattr(self, key, None) for key in ("backend_name", "last_update_date"))
        return f"<BackendProperties of {name}: {date}>"

    def _repr_html_(self) -> str:
        from .. import _html
        from .._overview import device_panel
        from .._words import count, instant

        updated = self._native.last_update
        listed = len(self._native.gate_names)
        notes = (
            count(self._native.num_qubits, "qubit"),
            count(listed, "gate"),
            f"calibrated {instant(updated)}" if updated else "",
        )
        heading = _html.heading(getattr(self, "backend_name", None), *notes, kind="BackendProperties")
        return device_panel(self._native, heading)


def _num_qubits(data: Mapping[str, Any]) -> int:
    """Return how many qubits a device of these properties has at least; reading them tells what is wrong with them."""
    try:
        listed = [max(gate["qubits"]) + 1 for gate in data["gates"]]
        return int(min(max([len(data["qubits"]), *listed]), 2**16))
    except (KeyError, TypeError, ValueError):
        return 2**16


def _gate(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "parameters": [_quantity(each) for each in data["parameters"]]}


def _refuse(message: str) -> NoReturn:
    from ..exceptions import BackendPropertyError

    raise BackendPropertyError(message)
