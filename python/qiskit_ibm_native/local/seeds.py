# SPDX-License-Identifier: Apache-2.0
"""Seeds of jobs that have none of their own, derived from one seed of the service."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import orjson


class JobSeeds:
    """Gives each job of a service the seed of its number, so that a program that runs twice gets the same results.

    The service itself does without numpy, so its seeds are hashes rather than children of a ``SeedSequence``: different
    and unrelated for all seeds and numbers alike.
    """

    def __init__(self, seed: int) -> None:
        """Derive seeds from one.

        Raises:
            IBMInputValueError: The seed is no whole number from 0.
        """
        if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
            from ..exceptions import IBMInputValueError

            raise IBMInputValueError(f"seed is {seed!r}; it must be a whole number from 0.")
        self._seed = seed
        self._lock = threading.Lock()
        self.restart()

    def restart(self) -> None:
        """Let the next job be the first one."""
        with self._lock:
            self._numbers: dict[str, int] = {}
            self._count = 0

    def number(self, job_id: str) -> None:
        """Give a job that was submitted its number."""
        with self._lock:
            self._numbers[job_id] = self._count
            self._count += 1

    def seeded(self, job_id: str, params: bytes) -> bytes:
        """Return the ``params`` of a job, with its seed unless they have one."""
        with self._lock:
            number = self._numbers.pop(job_id, None)
        if number is None:
            return params
        digest = hashlib.sha256(f"{self._seed}/{number}".encode()).digest()
        content = orjson.loads(params)
        # Aer's seeds are positive and have 31 bits.
        return orjson.dumps(content) if _insert(content, int.from_bytes(digest[:4], "big") >> 1) else params


def _insert(params: dict[str, Any], seed: int) -> bool:
    """Add a seed to the options of the simulator, wherever a program has these; return whether it had none."""
    options = _object(params, "options")
    if options is None or options.get("seed_estimator") is not None:
        return False
    experimental = options.get("experimental")
    # The executor has no other options than experimental ones.
    if "quantum_program" in params or (isinstance(experimental, dict) and "simulator" in experimental):
        options = _object(options, "experimental")
    simulator = None if options is None else _object(options, "simulator")
    if simulator is None or simulator.get("seed_simulator") is not None:
        return False
    simulator["seed_simulator"] = seed
    return True


def _object(parent: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return a member that is an object, which is made if there is none; ``None`` if it is something else."""
    if parent.get(name) is None:
        parent[name] = {}
    member = parent[name]
    return member if isinstance(member, dict) else None
