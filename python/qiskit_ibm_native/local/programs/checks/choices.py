# SPDX-License-Identifier: Apache-2.0
"""Values that options may have, and limits of jobs, for checks and for programs."""

from __future__ import annotations

#: Circuits of a job.
MAX_CIRCUITS = 10_000
#: Circuits that a job may come to by its sets of values, bases, noise factors and randomizations.
MAX_RUNS = 500_000
#: The largest seed: generators of random numbers, and stores, take 63 bits.
MAX_SEED = 2**63 - 1
MEAS_TYPES = ("classified", "kerneled", "avg_kerneled")
#: Which qubits are twirled with a layer: those of its gates, of all instructions up to it, of all instructions, all.
STRATEGIES = ("active", "active-accum", "active-circuit", "all")
SEQUENCES = ("XX", "XpXm", "XY4")
SLACK = ("middle", "edges")
SCHEDULING = ("alap", "asap")
#: Ways to amplify noise; those by folding with the gates that are folded once more if not all are.
FOLDING = {"gate_folding": "random", "gate_folding_front": "front", "gate_folding_back": "back"}
AMPLIFIERS = (*FOLDING, "pea")
#: Functions that are fitted to values by noise factor, with the noise factors that these need.
EXTRAPOLATORS = {"linear": 2, "exponential": 2, "double_exponential": 4, "fallback": 1} | {
    f"polynomial_degree_{degree}": degree + 1 for degree in range(1, 8)
}
NOISE_FACTORS = (1.0, 3.0, 5.0)
DEFAULT_EXTRAPOLATORS = ("exponential", "linear")
