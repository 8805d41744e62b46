# SPDX-License-Identifier: Apache-2.0
"""Running circuits: Qiskit Aer with the noise of a device, or without."""

from .simulate import BoundCircuit as BoundCircuit
from .simulate import MeasuredBits as MeasuredBits
from .simulate import SimulationOptions as SimulationOptions
from .simulate import metadata as metadata
from .simulate import run as run
