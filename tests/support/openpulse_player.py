# SPDX-License-Identifier: Apache-2.0
"""A player of OpenQASM 3 programs with OpenPulse, which knows the language and nothing of the code that writes them.

It takes the syntax tree of the package ``openpulse``, declares what the ``cal`` block declares, and runs the statements
of a ``defcal`` with a clock, a frequency and a phase for each frame. Waveforms that OpenPulse has names for are sampled
by formulas of its own, lifted as Qiskit lifts them.
"""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import openpulse
from openpulse import ast


class Played(NamedTuple):
    """A waveform on a port: from ``start``, dt, with the frequency (Hz) and the phase (rad) that its frame has then."""

    start: int
    samples: np.ndarray
    frequency: float
    phase: float


class Captured(NamedTuple):
    """A recording on a port, dt, with the frequency (Hz) of its frame."""

    start: int
    duration: int
    frequency: float


@dataclass
class Playback:
    """The content of a gate: events by port, the clocks of frames by port at the end, and the bits that it returns."""

    events: dict[str, list[Played | Captured]]
    clocks: dict[str, int]
    #: Frequency and phase of each frame at the end, by port.
    frames: dict[str, tuple[float, float]]
    returned: list[int] | None


class Duration(float):
    """A number of dt."""


@dataclass
class _Frame:
    port: str
    frequency: float
    phase: float
    clock: int = 0


@dataclass
class _Bits:
    values: list[int | None]


@dataclass
class _Run:
    names: dict[str, Any]
    capture: Callable[[str], int]
    events: dict[str, list[Played | Captured]] = field(default_factory=dict)
    returned: list[int] | None = None


def _divided(one: Any, two: Any) -> Any:
    """Divide as OpenQASM does: integers by integers give integers."""
    return int(one / two) if isinstance(one, int) and isinstance(two, int) else one / two


_BINARY = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divided, "**": operator.pow}
_FUNCTIONS = {
    "arccos": math.acos, "arcsin": math.asin, "arctan": math.atan, "cos": math.cos, "exp": math.exp, "log": math.log,
    "sin": math.sin, "sqrt": math.sqrt, "tan": math.tan,
}  # fmt: skip


def _lifted(t: np.ndarray, middle: float, end: float, sigma: float) -> np.ndarray:
    low = math.exp(-(((end - middle) / sigma) ** 2) / 2)
    return (np.exp(-(((t - middle) / sigma) ** 2) / 2) - low) / (1 - low)


def _gaussian(amp: complex, duration: int, sigma: float) -> np.ndarray:
    t = np.arange(duration) + 0.5
    return amp * _lifted(t, duration / 2, duration + 1, sigma)


def _drag(amp: complex, duration: int, sigma: float, beta: float) -> np.ndarray:
    t = np.arange(duration) + 0.5
    return _gaussian(amp, duration, sigma) * (1 - 1j * beta * (t - duration / 2) / sigma**2)


def _gaussian_square(amp: complex, duration: int, width: float, sigma: float) -> np.ndarray:
    t = np.arange(duration) + 0.5
    start, end = (duration - width) / 2, (duration + width) / 2
    rise, fall = _lifted(t, start, -1, sigma), _lifted(t, end, duration + 1, sigma)
    return amp * np.where(t <= start, rise, np.where(t >= end, fall, 1.0))


def _constant(amp: complex, duration: int) -> np.ndarray:
    return np.full(duration, amp)


_WAVEFORMS = {"constant": _constant, "drag": _drag, "gaussian": _gaussian, "gaussian_square": _gaussian_square}


class Player:
    """Plays the gates that a program defines."""

    def __init__(self, text: str, inputs: dict[str, float] | None = None) -> None:
        """Parse a program and declare what it declares; ``inputs`` are the values that it asks for."""
        self._names: dict[str, Any] = {"newframe": _Frame}
        self._gates: dict[tuple[str, tuple[int, ...]], ast.CalibrationDefinition] = {}
        program, missing = openpulse.parse(text), dict(inputs or {})
        assert program.version == "3.0"
        for statement in program.statements:
            if isinstance(statement, ast.IODeclaration):
                assert statement.io_identifier == ast.IOKeyword.input
                self._declare(self._names, statement.identifier.name, missing.pop(statement.identifier.name))
            elif isinstance(statement, ast.CalibrationGrammarDeclaration):
                assert statement.name == "openpulse"
            elif isinstance(statement, ast.CalibrationStatement):
                for declaration in statement.body:
                    self._declaration(declaration)
            else:
                assert isinstance(statement, ast.CalibrationDefinition), statement
                qubits = tuple(int(qubit.name.removeprefix("$")) for qubit in statement.qubits)
                assert (statement.name.name, qubits) not in self._gates
                self._gates[statement.name.name, qubits] = statement
        assert not missing

    @property
    def gates(self) -> list[tuple[str, tuple[int, ...]]]:
        """The gates that are defined, with their qubits."""
        return list(self._gates)

    def parameters(self, name: str, qubits: tuple[int, ...]) -> list[str]:
        """Return the names of the parameters of a gate."""
        return [argument.name.name for argument in self._gates[name, qubits].arguments]

    def play(
        self,
        name: str,
        qubits: tuple[int, ...],
        arguments: Sequence[float] = (),
        capture: Callable[[str], int] = lambda port: 0,
    ) -> Playback:
        """Run a gate from 0, with frames as they are declared; ``capture`` gives the bit that a port records."""
        gate = self._gates[name, qubits]
        frames = {key: _Frame(one.port, one.frequency, one.phase) for key, one in self._names.items()
                  if isinstance(one, _Frame)}  # fmt: skip
        run = _Run({**self._names, **frames}, capture)
        assert len(gate.arguments) == len(arguments)
        for argument, value in zip(gate.arguments, arguments):
            self._declare(run.names, argument.name.name, value)
        for statement in gate.body:
            assert run.returned is None, "a statement behind the return"
            self._run(run, statement)
        if gate.return_type is not None:
            assert isinstance(gate.return_type, ast.BitType)
            size = 1 if gate.return_type.size is None else gate.return_type.size.value
            assert run.returned is not None
            assert len(run.returned) == size
        used = [frame for frame in frames.values() if frame.clock or frame.port in run.events]
        return Playback(
            run.events,
            {frame.port: frame.clock for frame in used},
            {frame.port: (frame.frequency, frame.phase) for frame in frames.values()},
            run.returned,
        )

    @staticmethod
    def _declare(names: dict[str, Any], name: str, value: Any) -> None:
        assert name not in names, f"{name} is declared twice"
        names[name] = value

    def _declaration(self, statement: Any) -> None:
        if isinstance(statement, ast.ExternDeclaration):
            self._declare(self._names, statement.name.name, _WAVEFORMS.get(statement.name.name, statement))
            return
        assert isinstance(statement, ast.ClassicalDeclaration), statement
        name, kind = statement.identifier.name, statement.type
        if isinstance(kind, ast.PortType):
            self._declare(self._names, name, name)
        elif isinstance(kind, ast.FrameType):
            port, frequency, phase = self._arguments(self._names, statement.init_expression, "newframe")
            assert isinstance(port, str)
            self._declare(self._names, name, _Frame(port, frequency, phase))
        else:
            assert isinstance(kind, ast.WaveformType)
            self._declare(self._names, name, np.asarray(self._value(self._names, statement.init_expression)))

    def _arguments(self, names: dict[str, Any], call: Any, function: str) -> list[Any]:
        assert isinstance(call, ast.FunctionCall)
        assert call.name.name == function
        return [self._value(names, argument) for argument in call.arguments]

    def _run(self, run: _Run, statement: Any) -> None:
        if isinstance(statement, ast.ExpressionStatement):
            self._call(run, statement.expression)
        elif isinstance(statement, ast.DelayInstruction):
            duration = self._value(run.names, statement.duration)
            assert isinstance(duration, Duration)
            assert duration > 0
            for frame in statement.qubits:
                self._frame(self._value(run.names, frame)).clock += int(duration)
        elif isinstance(statement, ast.ClassicalDeclaration):
            assert isinstance(statement.type, ast.BitType)
            size = 1 if statement.type.size is None else statement.type.size.value
            self._declare(run.names, statement.identifier.name, _Bits([None] * size))
        elif isinstance(statement, ast.ClassicalAssignment):
            self._assign(run, statement)
        else:
            assert isinstance(statement, ast.ReturnStatement), statement
            bits = self._value(run.names, statement.expression)
            assert None not in bits.values, "a bit that is returned was never recorded"
            run.returned = bits.values

    def _assign(self, run: _Run, statement: Any) -> None:
        target, index = statement.lvalue, 0
        if isinstance(target, ast.IndexedIdentifier):
            ((position,),) = target.indices
            target, index = target.name, position.value
        bits = run.names[target.name]
        assert isinstance(bits, _Bits)
        assert isinstance(target, ast.Identifier)
        assert isinstance(statement.lvalue, ast.IndexedIdentifier) == (len(bits.values) > 1)
        frame, duration = self._arguments(run.names, statement.rvalue, "capture_v2")
        assert isinstance(run.names["capture_v2"], ast.ExternDeclaration)
        assert isinstance(duration, Duration)
        frame = self._frame(frame)
        run.events.setdefault(frame.port, []).append(Captured(frame.clock, int(duration), frame.frequency))
        frame.clock += int(duration)
        bits.values[index] = run.capture(frame.port)

    @staticmethod
    def _frame(frame: Any) -> _Frame:
        assert isinstance(frame, _Frame), f"{frame} is no frame"
        return frame

    def _call(self, run: _Run, call: Any) -> None:
        function = call.name.name
        frame, value = self._arguments(run.names, call, function)
        frame = self._frame(frame)
        if function == "play":
            assert isinstance(value, np.ndarray)
            played = Played(frame.clock, value, frame.frequency, frame.phase)
            run.events.setdefault(frame.port, []).append(played)
            frame.clock += len(value)
        elif function == "shift_phase":
            frame.phase += value
        elif function == "set_phase":
            frame.phase = value
        elif function == "shift_frequency":
            frame.frequency += value
        else:
            assert function == "set_frequency", function
            frame.frequency = value

    def _value(self, names: dict[str, Any], node: Any) -> Any:
        if isinstance(node, ast.Identifier):
            return names[node.name]
        if isinstance(node, ast.DurationLiteral):
            assert node.unit == ast.TimeUnit.dt
            return Duration(node.value)
        if isinstance(node, ast.IntegerLiteral | ast.FloatLiteral):
            return node.value
        if isinstance(node, ast.ImaginaryLiteral):
            return 1j * node.value
        if isinstance(node, ast.UnaryExpression):
            assert node.op.name == "-"
            return -self._value(names, node.expression)
        if isinstance(node, ast.BinaryExpression):
            return _BINARY[node.op.name](self._value(names, node.lhs), self._value(names, node.rhs))
        if isinstance(node, ast.ArrayLiteral):
            return np.array([self._value(names, one) for one in node.values], dtype=complex)
        assert isinstance(node, ast.FunctionCall), node
        arguments = [self._value(names, argument) for argument in node.arguments]
        if node.name.name in _FUNCTIONS:
            return _FUNCTIONS[node.name.name](*arguments)
        return self._sampled(names[node.name.name], arguments)

    @staticmethod
    def _sampled(function: Callable[..., np.ndarray], arguments: list[Any]) -> np.ndarray:
        amp, duration, *rest = arguments
        assert isinstance(amp, complex)
        assert cmath.isfinite(amp)
        assert isinstance(duration, Duration)
        assert duration == int(duration)
        assert all(isinstance(one, Duration) for one in rest if function is not _drag)
        return function(amp, int(duration), *map(float, rest))
