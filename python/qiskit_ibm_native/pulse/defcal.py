# SPDX-License-Identifier: Apache-2.0
"""Schedules as definitions of gates: OpenQASM 3 with OpenPulse."""

from __future__ import annotations

import cmath
import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from . import qasm
from .channels import AcquireChannel, Channel, DriveChannel, MeasureChannel, PulseChannel
from .errors import pulse_error
from .instructions import Acquire, Delay, Instruction, Play, SetFrequency, SetPhase, ShiftFrequency, ShiftPhase
from .schedule import Schedule
from .waveforms import SymbolicPulse

if TYPE_CHECKING:
    from .schedule import Timed

    Qubits = int | Iterable[int]

#: Qubits as keys of mappings, which take no type but the one that they have.
_Of = TypeVar("_Of", bound="Qubits")
#: Waveforms of OpenPulse and their parameters, in OpenPulse's order; other shapes are written as samples.
_TEMPLATES = {
    "constant": ("constant", ("amp", "duration")),
    "drag": ("drag", ("amp", "duration", "sigma", "beta")),
    "gaussian": ("gaussian", ("amp", "duration", "sigma")),
    "gaussian_square": ("gaussian_square", ("amp", "duration", "width", "sigma")),
}
_TYPES = {"amp": "complex[float[64]]", "beta": "float[64]"}
#: Statements that change a frame, and the number that they take.
_CHANGES: dict[type[Instruction], tuple[str, str]] = {
    ShiftPhase: ("shift_phase", "phase"),
    SetPhase: ("set_phase", "phase"),
    ShiftFrequency: ("shift_frequency", "frequency"),
    SetFrequency: ("set_frequency", "frequency"),
}
_CAPTURE = "capture_v2"
_RESULT = "result"


def to_defcal(
    schedule: Schedule,
    name: str,
    qubits: Qubits,
    samples: bool = False,
    frequencies: Mapping[Channel, float] | None = None,
) -> str:
    """Return a schedule as an OpenQASM 3 program that defines a gate; see :func:`to_defcals`.

    Args:
        schedule: The content of the gate.
        name: The gate.
        qubits: A physical qubit, or several.
        samples: Whether to write all waveforms as samples.
        frequencies: The frequencies of frames by channel, Hz.

    Raises:
        PulseError: As in :func:`to_defcals`.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> from qiskit_ibm_native.pulse import to_defcal
        >>> defaults = Snapshot.load("lima").defaults
        >>> x = defaults.instruction_schedule_map.get("x", 0)
        >>> print(to_defcal(x, "x", 0, frequencies=defaults.frequencies))
        OPENQASM 3.0;
        defcalgrammar "openpulse";
        cal {
            extern drag(complex[float[64]], duration, duration, float[64]) -> waveform;
            port d0;
            frame d0_frame = newframe(d0, 5029685549.923759, 0.0);
            waveform wave_0 = drag(0.12418567946483217 + 0.0im, 160dt, 40dt, 0.5786581700523524);
        }
        defcal x $0 {
            play(d0_frame, wave_0);
        }
    """
    return _program([_gate(name, qubits, schedule)], samples, frequencies)


def to_defcals(
    schedules: Mapping[tuple[str, _Of], Schedule],
    samples: bool = False,
    frequencies: Mapping[Channel, float] | None = None,
) -> str:
    """Return schedules as an OpenQASM 3 program that defines gates: a ``cal`` block that all share, and their defcals.

    Ports and frames are named after channels: ``d0`` and ``d0_frame``. Times are in dt. A gate returns a bit for each
    of its qubits whose signal it records, in the order of the qubits: ``bit`` for one, ``bit[n]`` for more. Recordings
    of other qubits are left out, because those are not the gate's to touch.

    Args:
        schedules: Schedules by gate and qubits, such as ``{("x", 0): x, ("cx", (0, 1)): cx}``. Parameters that are not
            bound become those of the gate, sorted by name.
        samples: Whether to write all waveforms as samples. Otherwise those that OpenPulse has names for are calls of
            these. OpenPulse leaves open how they are lifted to 0; samples leave nothing open.
        frequencies: The frequencies of frames by channel, Hz, such as :attr:`PulseDefaults.frequencies`. Without them,
            the program asks for each as an ``input``: ``d0_frequency``.

    Raises:
        PulseError: A name means nothing or something else in OpenQASM, qubits are none or not those that the schedule
            plays on, a measurement does not record a qubit, a pulse or a duration is not bound, the frequency of a
            channel is missing, or a number is not finite.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> from qiskit_ibm_native.pulse import to_defcals
        >>> defaults = Snapshot.load("lima").defaults
        >>> gates = {("x", qubit): defaults.instruction_schedule_map.get("x", qubit) for qubit in range(2)}
        >>> to_defcals(gates, frequencies=defaults.frequencies).count("defcal x")
        2
    """
    gates = []
    for key, schedule in schedules.items():
        if not isinstance(key, tuple) or len(key) != 2:
            raise pulse_error(f"Schedules are given by gate and qubits, such as ('x', 0), not by {key!r}.")
        gates.append(_gate(*key, schedule))
    known = {(gate.name, gate.qubits) for gate in gates}
    if len(known) < len(gates):
        raise pulse_error(f"A gate is given more than once; gates are {', '.join(map(str, gates))}.")
    return _program(gates, samples, frequencies)


class _Gate(NamedTuple):
    """A gate to define, of which everything but numbers is known to make sense."""

    name: str
    qubits: tuple[int, ...]
    parameters: tuple[str, ...]
    #: Instructions on the channels of the gate.
    timed: tuple[Timed, ...]
    #: The qubits whose bits the gate returns.
    recorded: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name} on {', '.join(f'${qubit}' for qubit in self.qubits)}"


def _gate(name: str, qubits: Qubits, schedule: Schedule) -> _Gate:
    name = qasm.gate_name(name)
    operands = _operands(name, qubits)
    if not isinstance(schedule, Schedule | Instruction):
        raise pulse_error(f"{name} needs a schedule, not {schedule!r}.")
    parameters = [one.name for one in schedule.parameters]
    if len(set(parameters)) < len(parameters):
        raise pulse_error(
            f"{name} has different parameters of the same name; assign one of them: {sorted(parameters)}."
        )
    timed = tuple(each for each in schedule.instructions if _is_of(each[1].channel, operands))
    acquired = {it.channel.index for _, it in schedule.instructions if isinstance(it, Acquire)}
    gate = _Gate(
        name, operands, tuple(sorted(map(qasm.parameter_name, parameters))), timed,
        tuple(qubit for qubit in operands if qubit in acquired),
    )  # fmt: skip
    strange = [it.name for it in schedule.channels if isinstance(it, DriveChannel | MeasureChannel)
               and it.index not in operands]  # fmt: skip
    if strange:
        raise pulse_error(f"{gate} is given a schedule of other qubits, which has {', '.join(sorted(strange))}.")
    missing = set(operands) - acquired if name == "measure" else set()
    if missing or (acquired and not gate.recorded):
        left_out = ", ".join(f"${qubit}" for qubit in sorted(missing or operands))
        raise pulse_error(f"{gate} is given a schedule that records no signal of {left_out}.")
    return gate


def _operands(name: str, qubits: Any) -> tuple[int, ...]:
    given = tuple(qubits) if isinstance(qubits, Iterable) and not isinstance(qubits, str) else (qubits,)
    try:
        operands = tuple(-1 if isinstance(qubit, bool) else operator.index(qubit) for qubit in given)
    except TypeError:
        operands = ()
    if not operands or min(operands) < 0 or len(set(operands)) < len(operands):
        raise pulse_error(f"{name} needs one or more different qubits, which are whole numbers from 0, not {qubits!r}.")
    return operands


def _is_of(channel: Channel, qubits: tuple[int, ...]) -> bool:
    """Return whether a frame of a gate stands for a channel: not if that is a slot, or records another qubit."""
    return isinstance(channel, PulseChannel) or (isinstance(channel, AcquireChannel) and channel.index in qubits)


def _program(gates: list[_Gate], samples: bool, frequencies: Mapping[Channel, float] | None) -> str:
    block = _CalibrationBlock(samples, frequencies)
    definitions = [line for gate in gates for line in _definition(gate, block)]
    inputs, declarations = list(block.inputs()), list(block.declarations())
    names = block.names
    for gate in gates:
        for parameter in {*gate.parameters} & names:
            raise pulse_error(
                f"{gate} has a parameter {parameter!r}, which is the name of something else in the program; assign"
                " another parameter in its place."
            )
        if f"input float[64] {gate.name};" in inputs:
            raise pulse_error(f"{gate} has the name of an input of the program; give frequencies, or another name.")
    head = ["OPENQASM 3.0;", 'defcalgrammar "openpulse";', *inputs]
    return "\n".join([*head, "cal {", *(f"    {line}" for line in declarations), "}", *definitions, ""])


def _definition(gate: _Gate, block: _CalibrationBlock) -> Iterator[str]:
    arguments = f"({', '.join(f'float[64] {one}' for one in gate.parameters)})" if gate.parameters else ""
    bits = "bit" if len(gate.recorded) == 1 else f"bit[{len(gate.recorded)}]"
    yield (
        f"defcal {gate.name}{arguments} {', '.join(f'${qubit}' for qubit in gate.qubits)}"
        f"{f' -> {bits}' if gate.recorded else ''} {{"
    )
    if gate.recorded:
        yield f"    {bits} {_RESULT};"
    for line in _statements(gate, block):
        yield f"    {line}"
    if gate.recorded:
        yield f"    return {_RESULT};"
    yield "}"


def _statements(gate: _Gate, block: _CalibrationBlock) -> Iterator[str]:
    """Yield the statements of a gate. Each frame has a clock of its own, which delays move on from 0."""
    clocks: dict[Channel, int] = {}
    for start, instruction in gate.timed:
        channel, duration = instruction.channel, _length(instruction)
        frame, now = block.frame(channel), clocks.get(channel, 0)
        # An explicit delay is no other than the time until what comes next.
        idle = start - now + (duration if isinstance(instruction, Delay) else 0)
        if idle:
            yield f"delay[{qasm.duration(idle)}] {frame};"
        clocks[channel] = start + duration
        if isinstance(instruction, Play) and duration:
            yield f"play({frame}, {block.waveform(instruction.pulse)});"
        elif isinstance(instruction, Acquire):
            bit = _RESULT if len(gate.recorded) == 1 else f"{_RESULT}[{gate.recorded.index(channel.index)}]"
            yield f"{bit} = {block.capture()}({frame}, {qasm.duration(duration)});"
        elif isinstance(instruction, tuple(_CHANGES)):
            function, operand = _CHANGES[type(instruction)]
            yield f"{function}({frame}, {qasm.real(getattr(instruction, operand))});"


def _length(instruction: Instruction) -> int:
    if getattr(instruction.duration, "parameters", None):
        raise pulse_error(f"The duration of {instruction!r} is not bound; assign its parameters first.")
    return int(instruction.duration)


class _CalibrationBlock:
    """The declarations that gates share: it hands out their names, and remembers what it was asked for."""

    def __init__(self, samples: bool, frequencies: Mapping[Channel, float] | None) -> None:
        self._samples = samples
        self._frequencies = frequencies
        self._channels: set[Channel] = set()
        #: Types of functions by their names.
        self._functions: dict[str, str] = {}
        #: Numbers of waveforms by their texts: what is nearly the same is not the same.
        self._waveforms: dict[str, int] = {}

    @property
    def names(self) -> set[str]:
        """All names that are in use within the block and the bodies of gates."""
        channels = {f"{channel.name}{end}" for channel in self._channels for end in ("", "_frame", "_frequency")}
        waves = {f"wave_{number}" for number in self._waveforms.values()}
        changes = {function for function, _ in _CHANGES.values()}
        return {*channels, *waves, *changes, *self._functions, "newframe", "play", _RESULT}

    def frame(self, channel: Channel) -> str:
        self._channels.add(channel)
        return f"{channel.name}_frame"

    def capture(self) -> str:
        self._functions[_CAPTURE] = "(frame, duration) -> bit"
        return _CAPTURE

    def waveform(self, pulse: Any) -> str:
        if pulse.is_parameterized():
            raise pulse_error(f"{pulse!r} is not bound; assign its parameters first.")
        return f"wave_{self._waveforms.setdefault(self._shape(pulse), len(self._waveforms))}"

    def _shape(self, pulse: Any) -> str:
        if self._samples or not isinstance(pulse, SymbolicPulse) or pulse.shape not in _TEMPLATES:
            return f"{{{', '.join(map(qasm.complex_number, pulse.samples.tolist()))}}}"
        function, keys = _TEMPLATES[pulse.shape]
        types = ", ".join(_TYPES.get(key, "duration") for key in keys)
        self._functions[function] = f"({types}) -> waveform"
        return f"{function}({', '.join(_argument(pulse, key) for key in keys)})"

    def inputs(self) -> Iterator[str]:
        """Yield what the program asks for: the frequencies, if there are none."""
        if self._frequencies is None:
            for channel in sorted(self._channels):
                yield f"input float[64] {channel.name}_frequency;"

    def declarations(self) -> Iterator[str]:
        for name, types in self._functions.items():
            yield f"extern {name}{types};"
        for channel in sorted(self._channels):
            yield f"port {channel.name};"
            yield f"frame {channel.name}_frame = newframe({channel.name}, {self._frequency(channel)}, 0.0);"
        for text, number in self._waveforms.items():
            yield f"waveform wave_{number} = {text};"

    def _frequency(self, channel: Channel) -> str:
        if self._frequencies is None:
            return f"{channel.name}_frequency"
        if channel not in self._frequencies:
            raise pulse_error(
                f"The frequency of {channel.name} is not among the frequencies that were given; those of the"
                " defaults of a snapshot or of a backend have all channels, control channels included."
            )
        return qasm.real(self._frequencies[channel])


def _argument(pulse: SymbolicPulse, key: str) -> str:
    if key == "amp":
        return qasm.complex_number(cmath.rect(pulse.amp, pulse.angle))
    value = pulse.parameters[key]
    return qasm.real(value) if key == "beta" else qasm.duration(value)
