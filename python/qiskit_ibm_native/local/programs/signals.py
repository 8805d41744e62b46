# SPDX-License-Identifier: Apache-2.0
"""Complex values of a readout."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..engine import noise

if TYPE_CHECKING:
    from ..devices import Device


def to_signals(
    bits: npt.NDArray[np.bool_], device: Device, has_noise: bool, random: np.random.Generator
) -> npt.NDArray[np.complex128]:
    """Return complex values of a readout: clouds around -1 for 0 and +1 for 1, in arbitrary units.

    Bits have the errors of readout already. The width of the clouds is that at which the threshold 0 gives these
    errors.
    """
    error = 1e-3
    if has_noise and not device.is_simulator:
        error = float(np.clip(np.median(noise.readout_probabilities(device.latest)), 1e-4, 0.4))
    # The tail of a normal distribution beyond 1/width is the error: Abramowitz and Stegun, 26.2.23.
    t = math.sqrt(-2 * math.log(error))
    quantile = t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (
        1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t
    )
    width = 1 / max(quantile, 0.1)
    # A value on the wrong side would be another bit: the noise is folded back to the side of its bit.
    sides = np.where(bits, 1.0, -1.0)
    along = np.abs(1 + width * random.standard_normal(bits.shape))
    return np.asarray(sides * along + 1j * width * random.standard_normal(bits.shape), np.complex128)
