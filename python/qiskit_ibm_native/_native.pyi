# SPDX-License-Identifier: Apache-2.0
"""The native half: payload bytes in, columns and plans within, Python objects out."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Literal, TypeAlias, final

__all__ = [
    "AMPLITUDE_TOLERANCE",
    "BLOCK_FORMAT",
    "PULSE_SHAPES",
    "Array",
    "CommandSchedule",
    "Defaults",
    "Diff",
    "Envelope",
    "ParametricPulse",
    "Planner",
    "ScheduleStep",
    "ScoredCircuit",
    "Snapshot",
    "TargetOperation",
    "TargetPlan",
    "Vocabulary",
    "__version__",
    "block_columns",
    "block_problem",
    "build_profile",
    "check_official_configuration",
    "check_official_properties",
    "count_shots",
    "hex_shots",
    "make_blocks",
    "pack",
    "pack_instructions",
    "parse_instant",
    "read_blocks",
    "stack_snapshots",
    "unpack",
    "unpack_instructions",
]

_Payload: TypeAlias = bytes | bytearray | memoryview | str

AMPLITUDE_TOLERANCE: float
"""Amount by which a sample may be above 1, as rounding makes it so."""

BLOCK_FORMAT: int
"""Number of the format of blocks; those of another one are made anew."""

PULSE_SHAPES: dict[str, tuple[str, tuple[str, ...]]]
"""Display name and parameters besides the duration of each pulse shape, by its name in payloads; as Qiskit has them."""

__version__: str
"""Version of the package, as in Cargo.toml."""

build_profile: str
"""``"release"`` or ``"debug"``; benchmarks refuse the latter."""

@final
class Snapshot:
    """One device at one time. Frozen, thread-safe, pickles as its compact form."""

    def __new__(
        cls, configuration: _Payload, properties: _Payload | None = None, defaults: _Payload | None = None
    ) -> Snapshot:
        """Read payloads, detached from the interpreter.

        Raises:
            BackendPayloadError: A payload is refused.
            TypeError: An argument is neither bytes-like nor ``str``.
        """

    @staticmethod
    def parse_many(payloads: Sequence[Any], threads: int) -> list[Snapshot]:
        """Read many snapshots on ``threads`` threads; elements are tuples of two or three payloads.

        A configuration that is the same object for many is read once.
        """

    @staticmethod
    def from_compact(data: _Payload) -> Snapshot:
        """Read a compact form, detached from the interpreter. Payloads stay compressed until they are asked for.

        Raises:
            CompactFormError: The bytes are no compact form, damaged, of a later version, or have other columns than
                theirs.
        """

    def to_compact(self, payloads: bool) -> bytes:
        """Return the compact form, with or without payloads.

        Raises:
            CompactFormError: Payloads are asked for, and there are none, or one has more than 64 MiB.
        """

    @property
    def has_payloads(self) -> bool:
        """True if there are payloads. Without them, calls that need them raise a CompactFormError."""

    @property
    def name(self) -> str:
        """The device's name."""

    @property
    def num_qubits(self) -> int:
        """Number of qubits."""

    @property
    def last_update(self) -> datetime.datetime | None:
        """Time of the last update of the properties (aware)."""

    @property
    def digest(self) -> str:
        """SHA-256 over the framed payloads, in hexadecimal."""

    @property
    def payloads(self) -> tuple[bytes, bytes | None, bytes | None]:
        """Configuration, properties and defaults, as given."""

    @property
    def has_properties(self) -> bool:
        """True if there are properties that are not empty."""

    @property
    def defaults(self) -> Defaults | None:
        """The pulses, if there are pulse defaults that are not empty."""

    @property
    def faulty_qubits(self) -> list[int] | None:
        """Qubits whose ``operational`` flag is false; ``None`` if the payload lists more qubits than have columns."""

    @property
    def has_faulty_gates(self) -> bool:
        """True if any gate's ``operational`` flag is false."""

    def official_converts(self, listed_qubits: int) -> bool:
        """Return whether the official client converts payloads that it decodes.

        Args:
            listed_qubits: The number that :func:`check_official_properties` returned; ignored without properties.
        """

    def configuration_members(self) -> dict[str, tuple[int, int]]:
        """Return the byte range of each top-level value of the configuration."""

    def properties_members(self) -> dict[str, tuple[int, int]]:
        """Return the byte range of each top-level value of the properties."""

    def qubit_quantity(self, name: str, qubit: int) -> float | None:
        """Return a quantity of a qubit in SI units, an ``int`` if the payload has one; ``None`` for ``null``.

        Raises:
            LookupError: There is no column, no such value, or only the payload has it exactly.
        """

    def gate_quantity(self, name: str, gate: str, qargs: Any) -> float | None:
        """Return ``gate_error`` or ``gate_length`` (seconds) of a gate, as :meth:`qubit_quantity` does.

        Raises:
            LookupError: As in :meth:`qubit_quantity`.
        """

    def qubit_column(self, name: str) -> tuple[Array, Array] | None:
        """Return values (SI units) and mask of a quantity, both of shape ``(num_qubits,)``; ``None`` without any."""

    @property
    def operational_qubits(self) -> Array | None:
        """Mask of the qubits that may be used, shape ``(num_qubits,)``; ``None`` without properties."""

    @property
    def gate_names(self) -> list[str]:
        """Names of the gates that the properties list."""

    def gate_columns(self, name: str) -> dict[str, Array] | None:
        """Return ``qargs`` (``(m, k)``), ``error``, ``duration``, their masks and ``operational`` (``(m,)``) of a gate.

        Raises:
            ValueError: The gate is listed on different numbers of qubits.
        """

    def gate_dates(self, name: str) -> Array | None:
        """Return when each row of a gate was measured, shape ``(m,)``, ``datetime64[us]`` in UTC.

        Raises:
            CompactFormError: There are no payloads.
        """

    def has_other_defaults(self, other: Snapshot) -> bool | None:
        """Return whether the pulse defaults payloads differ; ``None`` if one of the snapshots has no payloads."""

    def diff(self, other: Snapshot, rtol: float, atol: float) -> Diff:
        """Return what changed to another snapshot, where ``|new - old| <= atol + rtol * |old|`` counts as equal."""

@final
class Diff:
    """Differences between two snapshots; false if there are none."""

    @property
    def qubits(self) -> list[tuple[int, str, float | None, float | None]]:
        """Qubit, quantity, old and new value (SI units)."""

    @property
    def gates(self) -> list[tuple[str, list[int], str, float | None, float | None]]:
        """Gate, qubits, quantity, old and new value (SI units)."""

    @property
    def appeared(self) -> list[tuple[str, list[int] | None]]:
        """Operations and qubits where they can be used and could not; ``None`` for everywhere."""

    @property
    def vanished(self) -> list[tuple[str, list[int] | None]]:
        """Operations and qubits where they could be used and cannot; ``None`` for everywhere."""

    @property
    def configuration(self) -> list[str]:
        """Keys of the configuration with other values, as far as they are read."""

    def __bool__(self) -> bool: ...

@final
class ScoredCircuit:
    """A transpiled circuit without control flow: its size and depth, and its worth on snapshots."""

    def __new__(cls, circuit: Any, length_of_delay: Callable[[Any], tuple[float, bool]]) -> ScoredCircuit:
        """Go through a ``QuantumCircuit`` once.

        Args:
            circuit: The circuit.
            length_of_delay: Function of an operation ``delay`` that returns its length, and whether that is in ``dt``;
                else it is in s. Its errors are raised.
        """

    @property
    def size(self) -> int:
        """Number of instructions without directives, as ``QuantumCircuit.size()`` has it."""

    @property
    def depth(self) -> int:
        """Length of the longest path, as ``QuantumCircuit.depth()`` has it."""

    @property
    def two_qubit_count(self) -> int:
        """Number of instructions on two qubits, without directives."""

    @property
    def two_qubit_depth(self) -> int:
        """Length of the longest path in instructions on two qubits, without directives."""

    @property
    def operations(self) -> list[tuple[str, list[tuple[int, ...]]]]:
        """Names of operations but for delays and directives, with their qargs, each once, in the order of first use."""

    def score(self, planner: Planner, snapshots: list[Snapshot], threads: int) -> tuple[Array, Array]:
        """Return estimated success probabilities and durations (s) by snapshot; NaN where the circuit cannot run.

        The probability is the product of ``1 - error`` of gates and readouts, and of
        ``1/2 + exp(-t/T1)/6 + exp(-t/T2)/3`` for every time ``t`` between two instructions of a qubit.
        """

    def score_by_values(
        self,
        values: list[list[tuple[float | None, float | None]]],
        dt: float | None,
        relaxation: list[tuple[float | None, float | None]],
    ) -> tuple[float, float]:
        """Return the estimated success probability and the duration (s) by values that come from no calibration.

        Args:
            values: Duration (s) and error by operation and qargs of :attr:`operations`.
            dt: Unit of delays in ``dt``, s.
            relaxation: ``T1`` and ``T2`` (s) by qubit; others do not relax.

        Returns:
            Both are NaN if ``dt`` is needed and missing, or values are.
        """

@final
class Array:
    """Native memory with numpy's array interface: ``numpy.asarray`` makes a read-only view without a copy."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """The description, version 3."""

def stack_snapshots(snapshots: Sequence[Snapshot], quantity: str, gate: str | None) -> dict[str, Array]:
    """Stack a quantity of qubits (``values`` and ``values_valid``, shape ``(time, num_qubits)``) or a gate.

    A gate gives ``qargs`` (``(m, k)``), ``error``, ``duration``, their masks and ``operational`` (``(time, m)``).

    Raises:
        ValueError: There is no such quantity, the devices or the places differ in their numbers of qubits, or there are
            more than 2^27 cells.
    """

def make_blocks(
    packed: Sequence[tuple[bytes, int]], num_qubits: int, threads: int
) -> tuple[list[tuple[list[int], dict[str, bytes | str]]], dict[int, str]]:
    """Make blocks of compressed properties payloads: all columns of up to 64 calibrations of a device.

    Args:
        packed: Compressed bytes, and their length without compression.
        num_qubits: The number of qubits of the device.
        threads: Number of threads.

    Returns:
        Blocks, and reasons by index for payloads that cannot be read. A block has the indices of its payloads, row by
        row, and its columns by name; a text is the name of another column with the same bytes.

    Raises:
        ValueError: No device has so many qubits.
    """

def block_columns(quantity: str, gate: str | None) -> list[str]:
    """Return the names of the columns of a block that a series needs.

    Args:
        quantity: Of qubits, as payloads call it; of gates ``"error"`` or ``"duration"``; or ``"operational"``.
        gate: The gate.

    Raises:
        ValueError: There is no such quantity.
    """

def read_blocks(
    columns: Sequence[Sequence[bytes | None]],
    picks: Sequence[tuple[int, int]],
    quantity: str,
    gate: str | None,
    num_qubits: int,
) -> dict[str, Array] | list[int]:
    """Read a quantity of some calibrations, which are in the order of time.

    Args:
        columns: For each block, the columns that :func:`block_columns` names; ``None`` for one that is missing.
        picks: For each calibration, the index of its block, and its row.
        quantity: As in :func:`block_columns`.
        gate: As there.
        num_qubits: The number of qubits of the device.

    Returns:
        ``values`` and ``valid``, shape ``(time, num_qubits)``, or for a gate ``(time, m)`` with ``qargs``, ``(m, k)``.
        Flags are 0 and 1. If blocks are damaged, their indices, in place of that.

    Raises:
        ValueError: As in :func:`stack_snapshots`, a pick is of no block, or no device has so many qubits.
    """

def block_problem(
    columns: Mapping[str, bytes],
    rows: Sequence[int],
    packed: Sequence[tuple[bytes, int]],
    num_qubits: int,
    threads: int,
) -> str | None:
    """Compare a block with payloads.

    Args:
        columns: All columns by name.
        rows: Rows of the payloads.
        packed: The payloads, as in :func:`make_blocks`; those that cannot be read are left out.
        num_qubits: The number of qubits of the device.
        threads: Number of threads.

    Returns:
        The first thing that is not what the payloads say; ``None`` if there is nothing.
    """

def pack(payload: bytes, limit: int = ...) -> bytes:
    """Compress a payload (Zstandard), or what else has at most ``limit`` bytes, 64 MiB by default.

    Raises:
        ValueError: There are more.
    """

def unpack(packed: bytes, length: int, limit: int = ...) -> bytes:
    """Decompress the result of :func:`pack`. Memory is asked for as bytes come out, and never for a length alone.

    Args:
        packed: A Zstandard frame, from whomever.
        length: Number of bytes without compression.
        limit: Largest number of bytes, 64 MiB by default.

    Raises:
        ValueError: It is something else, damaged, or longer.
    """

@final
class Defaults:
    """The pulses of one device. Frozen, thread-safe, pickles as its payload. Times are in dt."""

    @staticmethod
    def read(payload: _Payload) -> Defaults | None:
        """Read a pulse defaults payload, detached from the interpreter; ``None`` for ``{}`` and ``null``.

        Raises:
            BackendPayloadError: The payload is refused.
            TypeError: It is neither bytes-like nor ``str``.
        """

    @property
    def payload(self) -> bytes:
        """The payload, as given."""

    @property
    def frequencies(self) -> tuple[list[float], list[float]]:
        """Estimated frequencies of qubits and of readouts, in the unit of the payload: GHz, as a rule."""

    @property
    def instructions(self) -> list[str]:
        """The names of commands, in order of first appearance."""

    @property
    def waveforms(self) -> list[tuple[str, int, int]]:
        """The name of each waveform of the library, and where its samples start and end among all."""

    def members(self) -> dict[str, tuple[int, int]]:
        """Return the byte range of each top-level value."""

    def qubits_of(self, name: str) -> list[tuple[int, ...]]:
        """Return the qubits of each command of a name, in payload order."""

    def find(self, name: str, qubits: Sequence[int]) -> int | None:
        """Return the index of the command of a name on these qubits, the last one if there are several."""

    def commands(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return the name and the qubits of each command, in payload order."""

    def schedule(self, command: int) -> CommandSchedule:
        """Return the schedule of a command.

        Raises:
            BackendPayloadError: An instruction makes no sense, or two overlap.
            LookupError: There is no such command.
        """

    def channels(self, command: int) -> list[tuple[str, int]]:
        """Return kind and index of each channel of a command, in the order in which its instructions name them.

        Kinds are ``"drive"``, ``"measure"``, ``"control"``, ``"acquire"``, ``"memory"`` and ``"register"``.

        Raises:
            LookupError: There is no such command.
        """

    def acquisition(self, index: int) -> tuple[int, list[tuple[int, int, int | None]], str | None, str | None]:
        """Return duration, slots and options of an acquisition.

        Slots are ``(qubit, memory slot, register slot)``, by the names of their channels; options are the JSON texts of
        kernels and discriminators.

        Raises:
            LookupError: There is no such acquisition.
        """

    def expression(self, index: int) -> tuple[str, Any]:
        """Return an expression as text and as a tree: a number, the name of a parameter, ``(operator, *operands)``.

        Raises:
            LookupError: There is no such expression.
        """

    def parametric(self, index: int) -> list[tuple[str, Any]]:
        """Return the parameters of a parametric pulse as the payload has them.

        Raises:
            LookupError: There is no such pulse.
        """

    def is_rounded_above_one(self, waveform: int) -> bool:
        """Return whether samples of a waveform are above 1 by rounding.

        Raises:
            LookupError: There is no such waveform.
        """

    def samples(self) -> bytes:
        """Return the samples of all waveforms as ``complex128`` in native byte order."""

    def __reduce__(self) -> tuple[Any, tuple[bytes]]: ...

@final
class CommandSchedule:
    """The schedule of a command."""

    @property
    def steps(self) -> list[ScheduleStep]:
        """Steps by start, duration and names of channels."""

    @property
    def duration(self) -> int:
        """End of the last step, dt."""

@final
class ScheduleStep:
    """One instruction of a schedule, or all acquisitions of one."""

    @property
    def start(self) -> int:
        """Start, dt."""

    @property
    def kind(self) -> Literal["parametric_pulse", "waveform", "fc", "setp", "shiftf", "setf", "delay", "acquire"]:
        """Kind of the instruction as payloads have it; ``"waveform"`` plays a waveform of the library."""

    @property
    def channel(self) -> tuple[str, int] | None:
        """Kind and index of the channel, as :meth:`Defaults.channels` has them; ``None`` for an acquisition."""

    @property
    def operand(self) -> Any:
        """Operand, which depends on the kind.

        * ``"parametric_pulse"``: a :class:`ParametricPulse`.
        * ``"waveform"``: the index of a waveform.
        * ``"fc"``, ``"setp"`` (rad), ``"shiftf"``, ``"setf"`` (Hz): a ``float``, or the index of an expression as
          ``int``.
        * ``"delay"``: a duration, dt.
        * ``"acquire"``: the index of an acquisition and a position in its slots, or ``None`` for all of its slots.
        """

@final
class ParametricPulse:
    """A parametric pulse of a payload, checked."""

    @property
    def index(self) -> int:
        """Index of the pulse in the payload."""

    @property
    def shape(self) -> str:
        """Name of the shape in payloads."""

    @property
    def label(self) -> str | None:
        """Label, if the payload has one."""

    @property
    def duration(self) -> int:
        """Number of samples."""

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters that the shape needs, in the order of :data:`PULSE_SHAPES`; the same ``dict`` each time."""

@final
class Envelope:
    """A parametric pulse that can be sampled."""

    def __new__(
        cls,
        shape: str,
        duration: int,
        amp: float,
        angle: float,
        parameters: Mapping[str, float],
        limit_amplitude: bool,
    ) -> Envelope:
        """Check the parameters of a shape.

        Raises:
            ValueError: There is no such shape, or its parameters make no sense.
            OverflowError: The duration is negative, or above 32 bits.
        """

    def samples(self) -> bytes:
        """Return its samples as ``complex128`` in native byte order."""

@final
class Vocabulary:
    """Meaning of names, independent of configurations."""

    def __new__(cls, num_qubits: Mapping[str, int | None], fractional: AbstractSet[str]) -> Vocabulary:
        """Take the number of qubits of each name (``None`` if it varies), and the names of fractional gates."""

@final
class TargetPlan:
    """The parts of a ``Target``, in its order."""

    @property
    def constructor(self) -> dict[str, Any]:
        """Keyword arguments of ``Target``."""

    @property
    def operations(self) -> list[TargetOperation]:
        """Operations in order."""

    @property
    def unknown(self) -> list[str]:
        """Names of the device that nothing defines; they are left out."""

@final
class TargetOperation:
    """An operation of a target."""

    @property
    def name(self) -> str:
        """Name of the operation."""

    @property
    def kind(self) -> Literal["control_flow", "known", "gate", "instruction"]:
        """Definition: control flow, a name of the table of gates, or a gate or instruction of the device alone."""

    @property
    def num_qubits(self) -> int | None:
        """Number of qubits; ``None`` if it varies."""

    @property
    def num_clbits(self) -> int | None:
        """Number of classical bits of an instruction; ``None`` for other kinds."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters of a gate or an instruction; empty for other kinds."""

    @property
    def properties(self) -> dict[tuple[int, ...], Any] | None:
        """Instances of the class of instruction properties, or ``None``, by qargs; ``None`` for everywhere."""

@final
class Planner:
    """Makes the objects that Qiskit's constructors take, with the choices of :func:`qiskit_ibm_native.build_target`."""

    def __new__(
        cls,
        vocabulary: Vocabulary,
        *,
        use_fractional_gates: bool,
        include_control_flow: bool,
        add_delay: bool,
        filter_faulty: bool,
    ) -> Planner:
        """Take the choices."""

    def target(self, snapshot: Snapshot, instruction_properties: type, qubit_properties: type) -> TargetPlan:
        """Return the plan of a ``Target``."""

    def durations(
        self, snapshot: Snapshot
    ) -> tuple[dict[tuple[str, tuple[int, ...]], tuple[float, str]], float | None]:
        """Return ``(seconds, "s")`` by operation and qubits, and ``dt`` in seconds."""

    def coupling(self, snapshot: Snapshot, instruction_properties: type, graph: Any) -> bool:
        """Fill an empty graph with qubits and edges; return false, leaving it empty, if nothing restricts couplings."""

def check_official_configuration(payload: bytes) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """Check that the official client decodes a configuration without an error, and converts it as this package does.

    The check is stricter than the client.

    Returns:
        The byte range of each top-level value, and the names of gates whose parameters are ``null``, which is an error
        in the client unless Qiskit knows the gate.

    Raises:
        BackendPayloadError: The client may refuse the payload, or convert it in another way.
    """

def check_official_properties(payload: bytes) -> tuple[dict[str, tuple[int, int]], int]:
    """Check that the official client decodes properties without an error; stricter than the client.

    Returns:
        The byte range of each top-level value, and the number of qubits with values.

    Raises:
        BackendPayloadError: The client may refuse the payload, or convert it in another way.
    """

def parse_instant(text: str) -> datetime.datetime:
    """Return the aware datetime that a text in ISO 8601 means; without an offset, it is in UTC.

    Raises:
        ValueError: The text is no date.
    """

def count_shots(words: bytes, width: int) -> dict[str, int]:
    """Count words, detached from the interpreter.

    Args:
        words: One word after the other, each a big-endian number of ``width`` bytes.
        width: Number of bytes of a word.

    Returns:
        Number of occurrences of each word by its hexadecimal text, such as ``"0x1f"``, in the order of first
        occurrence.

    Raises:
        ValueError: The number of bytes is not a multiple of ``width``.
    """

def hex_shots(words: bytes, width: int) -> list[str]:
    """Return each word's hexadecimal text, such as ``"0x1f"``.

    Args:
        words: One word after the other, each a big-endian number of ``width`` bytes.
        width: Number of bytes of a word.

    Raises:
        ValueError: The number of bytes is not a multiple of ``width``.
    """

def pack_instructions(circuit: Any, classes: dict[str, type]) -> bytes | None:
    """Return the instructions of a ``QuantumCircuit`` as bytes, each with all that there is to it.

    Args:
        circuit: The circuit.
        classes: Classes by name of operations other than standard gates that are taken, such as ``measure``.

    Returns:
        The bytes; ``None`` if an instruction has more than a name, bits and numbers (a label, a definition of its own,
        symbolic parameters), or there are more than 255 kinds of them.
    """

def unpack_instructions(
    packed: bytes,
) -> tuple[list[tuple[str, int]], list[tuple[int, tuple[int, ...], tuple[int, ...], tuple[float, ...]]]]:
    """Return what :func:`pack_instructions` wrote.

    Returns:
        Kinds, as name and number of parameters; by instruction the index of its kind, the indices of its qubits and of
        its classical bits, and its parameters.

    Raises:
        ValueError: The bytes are something else.
    """
