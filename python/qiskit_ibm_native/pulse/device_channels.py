# SPDX-License-Identifier: Apache-2.0
"""The channels that drive, read out and couple the qubits of a device."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .channels import AcquireChannel, Channel, ControlChannel, DriveChannel, MeasureChannel

if TYPE_CHECKING:
    from ..exceptions import BackendConfigurationError

_KINDS: dict[str, type[Channel]] = {
    "acquire": AcquireChannel,
    "d": DriveChannel,
    "m": MeasureChannel,
    "u": ControlChannel,
}


class DeviceChannels:
    """The channels of a device.

    They are listed in its configuration, under ``channels``. Where that is missing, control channels are worked out:
    ``u_channel_lo`` tells at which qubit's frequency one drives, which is the second of its pair, and
    ``qubit_channel_mapping`` which other qubit it belongs to.

    Examples:
        >>> from qiskit_ibm_native.pulse import DeviceChannels
        >>> channels = DeviceChannels(2)  # those of a device are in its configuration: configuration.drive(0)
        >>> channels.drive(0), channels.acquire(1)
        (DriveChannel(0), AcquireChannel(1))
    """

    def __init__(
        self,
        num_qubits: int,
        channels: Mapping[str, Any] | None = None,
        qubit_channel_mapping: Sequence[Sequence[str]] | None = None,
        u_channel_lo: Sequence[Sequence[Mapping[str, Any]]] | None = None,
    ) -> None:
        """Take over what a configuration says; the arguments are its keys."""
        self._num_qubits = num_qubits
        self._is_listed = channels is not None
        self._frequencies = u_channel_lo or ()
        #: Channels by the qubits that they are listed for, and the other way round.
        self._by_qubits: dict[tuple[int, ...], list[Channel]] = {}
        self._by_channel: dict[Channel, list[int]] = {}
        for name, entry in (channels or {}).items():
            self._take(name, tuple(entry["operates"]["qubits"]))
        if channels is None:
            self._control = _worked_out(qubit_channel_mapping or (), self._frequencies)
        else:
            self._control = {
                qubits: controls
                for qubits, listed in self._by_qubits.items()
                if (controls := [it for it in listed if isinstance(it, ControlChannel)])
            }

    def _take(self, name: str, qubits: tuple[int, ...]) -> None:
        channel = parsed(name)
        if channel is None:
            raise _error(f"Invalid channel name - {name} found. Names are such as d0, m0, a0 and u0.")
        self._by_qubits.setdefault(qubits, []).append(channel)
        self._by_channel.setdefault(channel, []).extend(qubits)

    @property
    def control_channels(self) -> dict[tuple[int, ...], list[ControlChannel]]:
        """Control channels by the qubits that they act on, the control first."""
        return {qubits: list(channels) for qubits, channels in self._control.items()}

    def drive(self, qubit: int) -> DriveChannel:
        """Return the channel that drives a qubit.

        Raises:
            BackendConfigurationError: The device has no such qubit.
        """
        return DriveChannel(self._checked(qubit))

    def measure(self, qubit: int) -> MeasureChannel:
        """Return the channel that stimulates the readout of a qubit.

        Raises:
            BackendConfigurationError: The device has no such qubit.
        """
        return MeasureChannel(self._checked(qubit))

    def acquire(self, qubit: int) -> AcquireChannel:
        """Return the channel that records the readout of a qubit.

        Raises:
            BackendConfigurationError: The device has no such qubit.
        """
        return AcquireChannel(self._checked(qubit))

    def control(self, qubits: Iterable[int] | None = None) -> list[ControlChannel]:
        """Return the channels that drive qubits together.

        Args:
            qubits: ``(control, target)``.

        Returns:
            The channels. Devices that do not list their channels have none for qubits that are not coupled.

        Raises:
            BackendConfigurationError: The device lists its channels, and none of them is for these qubits.
        """
        key = tuple(qubits) if isinstance(qubits, Iterable) else None
        if key in self._control:
            return list(self._control[key])
        if not self._is_listed:
            return []
        raise _error(
            f"Couldn't find the ControlChannel operating on qubits {qubits} on {self._num_qubits}-qubit system. "
            "The ControlChannel information is retrieved from the backend."
        )

    def get_channel_qubits(self, channel: Channel) -> list[int]:
        """Return the qubits of a channel.

        Raises:
            BackendConfigurationError: The device does not list this channel, or none at all.
        """
        self._needs_list()
        if channel not in self._by_channel:
            raise _error(f"Couldn't find the Channel - {channel}.")
        return list(self._by_channel[channel])

    def get_qubit_channels(self, qubit: int | Iterable[int]) -> list[Channel]:
        """Return the channels of a qubit, alone or with others; or the channels of exactly some qubits.

        Raises:
            BackendConfigurationError: The device lists none for them, or none at all.
        """
        self._needs_list()
        if isinstance(qubit, Iterable):
            found = self._by_qubits.get(tuple(qubit), [])
        else:
            found = [it for qubits, channels in self._by_qubits.items() if qubit in qubits for it in channels]
        if not found:
            raise _error(f"Couldn't find the qubit - {qubit}.")
        return list(dict.fromkeys(found))

    def describe(self, channel: ControlChannel) -> dict[DriveChannel, complex]:
        """Return at which drive channels' frequencies a control channel drives, with a factor each.

        Raises:
            BackendConfigurationError: It is no control channel.
            IndexError: The device has no such channel.
        """
        if not isinstance(channel, ControlChannel):
            raise _error("Can only describe ControlChannels.")
        return {DriveChannel(term["q"]): term["scale"] for term in self._frequencies[channel.index]}

    def control_frequencies(self, drives: Mapping[Channel, float]) -> dict[Channel, float]:
        """Return the frequency of each control channel, Hz: the sum of those that :meth:`describe` names.

        Args:
            drives: Frequencies of drive channels, Hz. Control channels that need others are left out.
        """
        described = {channel: self.describe(channel) for channel in map(ControlChannel, range(len(self._frequencies)))}
        return {
            channel: sum((factor * drives[drive]).real for drive, factor in terms.items())
            for channel, terms in described.items()
            if terms and terms.keys() <= drives.keys()
        }

    def _checked(self, qubit: int) -> int:
        if not 0 <= qubit < self._num_qubits:
            raise _error(f"Invalid index for {qubit}-qubit system: the device has {self._num_qubits} qubits.")
        return qubit

    def _needs_list(self) -> None:
        if not self._is_listed:
            raise _error("This backend does not provide channel information.")


def parsed(name: str) -> Channel | None:
    """Return the channel that configurations call ``name``, such as ``"acquire3"``."""
    match = re.match(r"([a-z]+)(\d+)", name)
    kind = _KINDS.get(match.group(1)) if match else None
    return None if kind is None or match is None else kind(int(match.group(2)))


def _worked_out(
    mapping: Sequence[Sequence[str]], frequencies: Sequence[Sequence[Mapping[str, Any]]]
) -> dict[tuple[int, ...], list[ControlChannel]]:
    owners: dict[str, list[int]] = {}
    for qubit, names in enumerate(mapping):
        for name in names:
            owners.setdefault(name, []).append(qubit)
    control: dict[tuple[int, ...], list[ControlChannel]] = {}
    for index, terms in enumerate(frequencies):
        targets = [term["q"] for term in terms]
        others = [qubit for qubit in owners.get(f"u{index}", []) if qubit not in targets]
        if len(targets) == len(others) == 1:
            control.setdefault((others[0], targets[0]), []).append(ControlChannel(index))
    return control


def _error(message: str) -> BackendConfigurationError:
    from ..exceptions import BackendConfigurationError

    return BackendConfigurationError(message)
