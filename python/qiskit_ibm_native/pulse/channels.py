# SPDX-License-Identifier: Apache-2.0
"""Signal lines, and where measured signals go: values with a kind and an index."""

from __future__ import annotations

import operator
from typing import Any, ClassVar

from .errors import pulse_error


class Channel:
    """A line or a slot of a device.

    Channels of the same kind and index are equal and have equal hashes. They sort by the letter of their kind, then by
    index.

    Examples:
        >>> from qiskit_ibm_native.pulse import Channel, DriveChannel
        >>> channel = DriveChannel(3)
        >>> channel.name, channel.index, isinstance(channel, Channel)
        ('d3', 3, True)
    """

    __slots__ = ("_index",)

    #: The letter in front of the index in the name of a channel; ``None`` for kinds that are only groups of others.
    prefix: ClassVar[str | None] = None

    def __init__(self, index: int) -> None:
        """Create a channel.

        Args:
            index: Which one, from 0.

        Raises:
            PulseError: ``index`` is no integer from 0, or the class is only a group of others.
        """
        if self.prefix is None:
            raise pulse_error(f"{type(self).__name__} is a group of channels; use one of its subclasses.")
        try:
            number = operator.index(index)
        except TypeError:
            number = -1
        if number < 0:
            raise pulse_error(f"Channel index must be a nonnegative integer, not {index!r}.")
        self._index = number

    @property
    def index(self) -> int:
        """The index among channels of its kind."""
        return self._index

    @property
    def name(self) -> str:
        """The letter of its kind with the index, such as ``"d0"``."""
        return f"{self.prefix}{self._index}"

    @property
    def parameters(self) -> set[Any]:
        """Always empty: an index is a number."""
        return set()

    def is_parameterized(self) -> bool:
        """Return ``False``: an index is a number."""
        return False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._index})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Channel):
            return NotImplemented
        return type(self) is type(other) and self._index == other._index

    def __hash__(self) -> int:
        return hash((type(self), self._index))

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Channel):
            return NotImplemented
        return self._key < other._key

    def __le__(self, other: object) -> bool:
        return self == other or self < other

    def __gt__(self, other: object) -> bool:
        if not isinstance(other, Channel):
            return NotImplemented
        return self._key > other._key

    def __ge__(self, other: object) -> bool:
        return self == other or self > other

    @property
    def _key(self) -> tuple[str, str, int]:
        return str(self.prefix), type(self).__name__, self._index

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._index,)


class PulseChannel(Channel):
    """A line on which pulses can be played.

    Examples:
        >>> from qiskit_ibm_native.pulse import ControlChannel, MemorySlot, PulseChannel
        >>> isinstance(ControlChannel(0), PulseChannel), isinstance(MemorySlot(0), PulseChannel)
        (True, False)
    """

    __slots__ = ()


class ClassicalIOChannel(Channel):
    """A place for classical data.

    Examples:
        >>> from qiskit_ibm_native.pulse import ClassicalIOChannel, MemorySlot
        >>> isinstance(MemorySlot(0), ClassicalIOChannel)
        True
    """

    __slots__ = ()


class DriveChannel(PulseChannel):
    """Drives the qubit of the same index.

    Examples:
        >>> from qiskit_ibm_native.pulse import DriveChannel
        >>> DriveChannel(0).name
        'd0'
    """

    __slots__ = ()
    prefix = "d"


class MeasureChannel(PulseChannel):
    """Stimulates the readout of the qubit of the same index.

    Examples:
        >>> from qiskit_ibm_native.pulse import MeasureChannel
        >>> MeasureChannel(0).name
        'm0'
    """

    __slots__ = ()
    prefix = "m"


class ControlChannel(PulseChannel):
    """Drives a pair of qubits; the device's configuration tells which.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> Snapshot.load("lima").configuration.control((0, 1))
        [ControlChannel(0)]
    """

    __slots__ = ()
    prefix = "u"


class AcquireChannel(Channel):
    """Records the readout signal of the qubit of the same index.

    Examples:
        >>> from qiskit_ibm_native.pulse import AcquireChannel
        >>> AcquireChannel(0).name
        'a0'
    """

    __slots__ = ()
    prefix = "a"


class MemorySlot(ClassicalIOChannel):
    """The memory slot that a measured bit is stored in.

    Examples:
        >>> from qiskit_ibm_native.pulse import Acquire, AcquireChannel, MemorySlot
        >>> Acquire(1000, AcquireChannel(0), MemorySlot(0)).duration  # dt
        1000
    """

    __slots__ = ()
    prefix = "m"


class RegisterSlot(ClassicalIOChannel):
    """A bit of the fast memory that instructions can depend on.

    Examples:
        >>> from qiskit_ibm_native.pulse import Acquire, AcquireChannel, RegisterSlot
        >>> Acquire(1000, AcquireChannel(0), reg_slot=RegisterSlot(0)).reg_slot
        RegisterSlot(0)
    """

    __slots__ = ()
    prefix = "c"
