# SPDX-License-Identifier: Apache-2.0
"""Keys of payloads that are attributes of objects: their types and units, for type checkers and editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime

    from .._typing import MaybeNone
    from .configuration import GateConfig


class DeviceAttributes:
    """Keys of configuration payloads that configurations and backends have as attributes.

    There are declarations here and no values: the payload has those. A configuration lacks an attribute that the device
    leaves out; a backend has ``None``, an empty list or ``False`` for it.
    """

    backend_name: str
    """The device's name, such as ``"ibm_fez"``."""
    backend_version: str
    """The version of the configuration."""
    n_qubits: int
    """The number of qubits; the same as ``num_qubits``."""
    basis_gates: list[str]
    """Names of the gates that the device runs."""
    gates: list[GateConfig]
    """The gates, with their parameters and their qubits."""
    supported_instructions: list[str]
    """Names of all instructions that the device runs, those of pulses among them."""
    supported_features: list[str]
    """Names of what else the device can do, such as ``"qasm3"``."""
    simulator: bool
    """Whether the device is a simulator."""
    local: bool
    """Whether the device is on this machine; false for devices of a service."""
    conditional: bool
    """Whether the device runs conditional operations."""
    open_pulse: bool
    """Whether the device publishes pulse defaults."""
    memory: bool
    """Whether results may have single shots."""
    max_shots: int | MaybeNone
    """The largest number of shots of a circuit."""
    max_experiments: int | MaybeNone
    """The largest number of circuits of a job."""
    description: str | MaybeNone
    """A description of the device."""
    display_name: str | MaybeNone
    """The name by which it is shown."""
    sample_name: str | MaybeNone
    """The name of the chip."""
    processor_type: dict[str, Any] | MaybeNone
    """The kind of processor: ``{"family": "Heron", "revision": 2, ...}``."""
    online_date: datetime.datetime | MaybeNone
    """The time (aware) since which the device is online."""
    quantum_volume: int | MaybeNone
    """The quantum volume, if it was measured."""
    coords: list[list[int]]
    """Coordinates of the qubits in a picture of the device: ``[row, column]`` for each."""
    timing_constraints: dict[str, int]
    """Constraints of instructions: ``acquire_alignment``, ``granularity``, ``min_length``, ``pulse_alignment``; dt."""
    rep_delay_range: list[float] | MaybeNone
    """The shortest and the longest delay between shots, s."""
    default_rep_delay: float | MaybeNone
    """The delay between shots unless a job asks for another one, s."""
    rep_times: list[float] | MaybeNone
    """Times that a shot may take, s."""
    dynamic_reprate_enabled: bool
    """Whether a job may choose the delay between shots."""
    meas_levels: list[int] | MaybeNone
    """Levels of results: 1 for complex values, 2 for bits."""
    meas_kernels: list[str] | MaybeNone
    """Names of kernels."""
    discriminators: list[str] | MaybeNone
    """Names of discriminators."""
    qubit_lo_range: list[list[float]] | MaybeNone
    """The lowest and the highest drive frequency of each qubit, Hz: a list of ``[low, high]``."""
    meas_lo_range: list[list[float]] | MaybeNone
    """The lowest and the highest readout frequency of each qubit, Hz: a list of ``[low, high]``."""
    channels: dict[str, dict[str, Any]] | MaybeNone
    """Channels by name, with their type and their qubits."""
    qubit_channel_mapping: list[list[str]]
    """Names of the channels of each qubit."""
    u_channel_lo: list[list[dict[str, Any]]]
    """Frequencies of control channels: for each, qubits ``q`` and complex factors ``scale`` of their frequencies."""
    n_uchannels: int
    """The number of control channels."""
    n_registers: int
    """The number of registers that operations can depend on."""
    hamiltonian: dict[str, Any] | MaybeNone
    """The Hamiltonian of the device, in the words of the payload."""
    parametric_pulses: list[str]
    """Names of the pulse shapes that the device knows."""
    tags: list[str]
    """Tags of the device."""
