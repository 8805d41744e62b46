# SPDX-License-Identifier: Apache-2.0
"""The schedules of a device by gate and qubits."""

from __future__ import annotations

import copy
import inspect
import threading
import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .._warning import warn
from .commands import CommandBook
from .errors import pulse_error
from .schedule import CalibrationPublisher, Schedule

if TYPE_CHECKING:
    from .._native import Defaults as NativeDefaults
    from .._typing import MaybeNone

    Qubits = int | Iterable[int]
    #: Indices of commands, and calibrations of users, by gate and qubits.
    _Table = dict[str, dict[tuple[int, ...], "int | _UserEntry"]]


class InstructionScheduleMap:
    """The schedules of a device by gate and qubits.

    A schedule is made when it is first asked for, and kept. :meth:`add`, :meth:`remove` and :meth:`pop` change this map
    only; the payload, and other maps of it, stay as they are.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> schedules = Snapshot.load("lima").defaults.instruction_schedule_map
        >>> schedules.instructions
        ['cx', 'id', 'measure', 'rz', 'sx', 'u1', 'u2', 'u3', 'x']
        >>> schedules.get("cx", (0, 1)).duration  # dt
        1376
    """

    def __init__(self, native: NativeDefaults | None = None) -> None:
        """Create an empty map; maps of devices come from :attr:`PulseDefaults.instruction_schedule_map`."""
        self._native = native
        self._book = None if native is None else CommandBook(native)
        #: Schedules of commands; ``None`` for those that cannot be made.
        self._made: dict[int, Schedule | None] = {}
        #: The entries of a map that was changed: indices of commands, and calibrations of users.
        self._table: _Table | None = {} if native is None else None
        self._lock = threading.Lock()

    # Looking up

    @property
    def instructions(self) -> list[str]:
        """The names of all gates, in the order in which they came in."""
        if self._native is not None and self._table is None:
            return list(self._native.instructions)
        return list(self._own_table())

    def qubits_with_instruction(self, instruction: Any) -> list[int | tuple[int, ...]]:
        """Return on which qubits there is a gate, sorted: an ``int`` for one qubit, a tuple for more."""
        return [qubits[0] if len(qubits) == 1 else qubits for qubits in sorted(self._qubits_of(_name(instruction)))]

    def qubit_instructions(self, qubits: Qubits) -> list[str]:
        """Return which gates there are on exactly these qubits."""
        wanted = _tuple(qubits)
        return [name for name in self.instructions if self._entry(name, wanted) is not None]

    def has(self, instruction: Any, qubits: Qubits) -> bool:
        """Return whether there is a gate on these qubits."""
        return self._entry(_name(instruction), _tuple(qubits)) is not None

    def assert_has(self, instruction: Any, qubits: Qubits) -> None:
        """Make sure that there is a gate on these qubits.

        Raises:
            PulseError: There is none.
        """
        self._entry_or_raise(instruction, qubits)

    def get(self, instruction: Any, qubits: Qubits, *params: Any, **kwparams: Any) -> Schedule | MaybeNone:
        """Return the schedule of a gate.

        Args:
            instruction: A name, or one of Qiskit's instructions.
            qubits: A qubit, or several.
            params: Values of the gate's parameters, in the order of their names; fewer leave the others unbound.
            kwparams: The same by name.

        Returns:
            The schedule. ``None``, with a warning that says why, if the payload has a command that makes no sense;
            :meth:`assert_buildable` raises what is wrong with it.

        Raises:
            PulseError: There is no such gate on these qubits, or it has other parameters.
        """
        entry = self._entry_or_raise(instruction, qubits)
        if isinstance(entry, _UserEntry):
            return entry.schedule(*params, **kwparams)
        schedule = self._schedule(_name(instruction), _tuple(qubits), entry)
        if schedule is None or not (params or kwparams):
            return schedule
        return _assigned(schedule, _parameter_names(schedule), params, kwparams)

    def get_parameters(self, instruction: Any, qubits: Qubits) -> tuple[str, ...]:
        """Return the names of the parameters of a gate, in the order in which :meth:`get` takes values.

        Raises:
            PulseError: There is no such gate on these qubits.
        """
        entry = self._entry_or_raise(instruction, qubits)
        if isinstance(entry, _UserEntry):
            return entry.parameters
        schedule = self._schedule(_name(instruction), _tuple(qubits), entry)
        return () if schedule is None else _parameter_names(schedule)

    def assert_buildable(self, instruction: Any, qubits: Qubits) -> None:
        """Make sure that :meth:`get` has a schedule to return.

        Raises:
            PulseError: There is no such gate on these qubits.
            BackendPayloadError: The payload's command makes no sense; the error tells where and why.
        """
        entry = self._entry_or_raise(instruction, qubits)
        if not isinstance(entry, _UserEntry) and self._book is not None:
            self._book.schedule(_name(instruction), entry)

    def has_custom_gate(self) -> bool:
        """Return whether something was added."""
        table = self._table or {}
        return any(isinstance(entry, _UserEntry) for entries in table.values() for entry in entries.values())

    # Changing

    def add(
        self,
        instruction: Any,
        qubits: Qubits,
        schedule: Schedule | Callable[..., Schedule],
        arguments: list[str] | None = None,
    ) -> None:
        """Add a gate, or replace one.

        Args:
            instruction: A name, or one of Qiskit's instructions.
            qubits: A qubit, or several.
            schedule: A schedule, or a function that returns one.
            arguments: The names of the schedule's parameters in the order in which :meth:`get` takes values, if that is
                not the order of their names.

        Raises:
            PulseError: There is no qubit, the schedule is none, or its parameters are not ``arguments``.
        """
        name, where = _name(instruction), _tuple(qubits)
        if not where:
            raise pulse_error(f"{name} needs at least one qubit.")
        entry = _UserEntry(schedule, arguments)
        table = self._own_table()
        with self._lock:
            table.setdefault(name, {})[where] = entry

    def remove(self, instruction: Any, qubits: Qubits) -> None:
        """Remove a gate.

        Raises:
            PulseError: There is no such gate on these qubits.
        """
        self._entry_or_raise(instruction, qubits)
        name, table = _name(instruction), self._own_table()
        with self._lock:
            del table[name][_tuple(qubits)]
            if not table[name]:
                del table[name]

    def pop(self, instruction: Any, qubits: Qubits, *params: Any, **kwparams: Any) -> Schedule | MaybeNone:
        """Remove a gate and return its schedule; see :meth:`get`."""
        schedule = self.get(instruction, qubits, *params, **kwparams)
        self.remove(instruction, qubits)
        return schedule

    # Within

    def _own_table(self) -> _Table:
        with self._lock:
            if self._table is None:
                table: _Table = {}
                for index, (name, qubits) in enumerate(self._native.commands() if self._native is not None else ()):
                    table.setdefault(name, {})[qubits] = index
                self._table = table
            return self._table

    def _qubits_of(self, name: str) -> Iterable[tuple[int, ...]]:
        if self._native is not None and self._table is None:
            return set(self._native.qubits_of(name))
        return self._own_table().get(name, ())

    def _entry(self, name: str, qubits: tuple[int, ...]) -> int | _UserEntry | None:
        if self._native is not None and self._table is None:
            try:
                return self._native.find(name, qubits)
            except (OverflowError, TypeError):
                return None
        return self._own_table().get(name, {}).get(qubits)

    def _entry_or_raise(self, instruction: Any, qubits: Qubits) -> int | _UserEntry:
        name = _name(instruction)
        entry = self._entry(name, _tuple(qubits))
        if entry is not None:
            return entry
        if name in self.instructions:
            raise pulse_error(
                f"Operation '{name}' exists, but is only defined for qubits {self.qubits_with_instruction(name)}."
            )
        raise pulse_error(f"Operation '{name}' is not defined for this system.")

    def _schedule(self, name: str, qubits: tuple[int, ...], command: int) -> Schedule | None:
        if command not in self._made and self._book is not None:
            try:
                self._made[command] = self._book.schedule(name, command)
            except Exception as error:
                # Importing the class imports Qiskit, which most do without.
                from ..exceptions import IBMError

                if not isinstance(error, IBMError):
                    raise
                self._made[command] = None
                message = f"Pulse calibration cannot be built and the entry is ignored: {name} on {qubits}: {error}"
                warn(message)
        return self._made.get(command)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, InstructionScheduleMap):
            return NotImplemented
        natives = (self._native, other._native)
        if self._table is None is other._table and None not in natives:
            payloads = {it.payload for it in natives if it is not None}
            if len(payloads) == 1:
                return True
        gates = {(name, qubits) for name in self.instructions for qubits in self._qubits_of(name)}
        if gates != {(name, qubits) for name in other.instructions for qubits in other._qubits_of(name)}:
            return False
        return all(self._content(*gate) == other._content(*gate) for gate in gates)

    __hash__ = None  # type: ignore[assignment]

    def _content(self, name: str, qubits: tuple[int, ...]) -> Any:
        entry = self._entry(name, qubits)
        if isinstance(entry, _UserEntry):
            return entry.definition
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return self.get(name, qubits)

    def __copy__(self) -> InstructionScheduleMap:
        other = InstructionScheduleMap(self._native)
        if self._table is not None:
            other._table = {name: dict(entries) for name, entries in self._table.items()}
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> InstructionScheduleMap:
        return copy.copy(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._native, self._table)

    def __repr__(self) -> str:
        gates = ", ".join(f"{name} on {len(self.qubits_with_instruction(name))}" for name in self.instructions)
        return f"<InstructionScheduleMap: {gates or 'empty'}>"


def _restored(native: NativeDefaults | None, table: Any) -> InstructionScheduleMap:
    schedules = InstructionScheduleMap(native)
    schedules._table = table
    return schedules


class _UserEntry:
    """A calibration that somebody added: a schedule, or a function that makes one."""

    def __init__(self, definition: Any, arguments: list[str] | None) -> None:
        self.definition = definition
        if isinstance(definition, Schedule):
            names = _parameter_names(definition)
            if arguments and set(arguments) != set(names):
                raise pulse_error(f"The schedule has the parameters {', '.join(names) or 'none'}, not {arguments}.")
            self.parameters = tuple(arguments or names)
        elif callable(definition):
            if arguments:
                warn(
                    "`arguments` is ignored, because a function tells the names of its arguments itself.",
                )
            self.parameters = tuple(inspect.signature(definition).parameters)
        else:
            raise pulse_error(f"Expected a schedule, or a function that returns one, got {definition!r}.")

    def schedule(self, *params: Any, **kwparams: Any) -> Schedule:
        if isinstance(self.definition, Schedule):
            made = (
                _assigned(self.definition, self.parameters, params, kwparams) if params or kwparams else self.definition
            )
        else:
            try:
                inspect.signature(self.definition).bind(*params, **kwparams)
            except TypeError as error:
                raise pulse_error(f"The values do not fit the arguments of the function: {error}") from None
            made = self.definition(*params, **kwparams)
            if not isinstance(made, Schedule):
                raise pulse_error(f"The function should return a schedule, not {made!r}.")
        metadata = {"publisher": CalibrationPublisher.QISKIT, **made.metadata}
        return Schedule._of(made.name, made.instructions, made.duration, lambda: made.channels, metadata)


def _assigned(schedule: Schedule, names: tuple[str, ...], params: Any, kwparams: dict[str, Any]) -> Schedule:
    values = dict(zip(names, params, strict=False))
    if len(params) > len(names) or not kwparams.keys() <= set(names) - values.keys():
        raise pulse_error(
            "Assigned parameter doesn't match with schedule parameters: "
            f"{[*params, *kwparams.items()]} for {', '.join(names) or 'none'}."
        )
    return schedule.assign_parameters({**values, **kwparams})


def _parameter_names(schedule: Schedule) -> tuple[str, ...]:
    return tuple(sorted({one.name for one in schedule.parameters}))


def _tuple(qubits: Qubits) -> tuple[int, ...]:
    return tuple(qubits) if isinstance(qubits, Iterable) else (qubits,)


def _name(instruction: Any) -> str:
    name = instruction if isinstance(instruction, str) else getattr(instruction, "name", None)
    if not isinstance(name, str):
        raise pulse_error(f"Expected the name of an instruction, or an instruction, got {instruction!r}.")
    return name
