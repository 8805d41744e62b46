# SPDX-License-Identifier: Apache-2.0
"""Seeds of circuits and of their components, from the seed of a job.

Aer seeds shot ``i`` with ``seed + i`` where it simulates shot by shot, and circuit ``k`` of a run with
``seed + 2113 * k``. Seeds that count up would therefore repeat shots. Those here are hashed from the seed of the job,
the index of the circuit and that of the component, each circuit that Aer simulates gets its own, and they are spread
over 2**62: of 10,000 circuits with a million shots each, two share a shot's seed with a probability below 1e-4.
"""

from __future__ import annotations

import numpy as np


def job_seed(seed: int | None) -> np.random.SeedSequence:
    """Return the seeds of a job; fresh ones for ``None``."""
    return np.random.SeedSequence(None if seed is None else abs(seed))


def derived(seed: np.random.SeedSequence, *path: int) -> np.random.SeedSequence:
    """Return the seeds of a part: of a circuit by its index, of a component by its index in the circuit."""
    return np.random.SeedSequence(entropy=seed.entropy, spawn_key=(*seed.spawn_key, *path))


def aer_seed(seed: np.random.SeedSequence) -> int:
    """Return a seed for Aer, which takes 63 bits and counts up from it."""
    # Two bits less than there are leave room for the shots above.
    return int(seed.generate_state(1, np.uint64)[0] >> np.uint64(2))
