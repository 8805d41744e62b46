# SPDX-License-Identifier: Apache-2.0
"""Limits of the service: bytes, time and number of requests and connections, memory of jobs, and the store's size.

Imported before everything else, to start a simulator as early as possible: it imports next to nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Share of the machine's memory that all jobs together may have; the service and other programs need the rest.
_JOB_SHARE = 0.75


#: Types of the values of limits.
_KINDS: dict[str, Any] = {
    "body": int, "unknown_body": int, "seconds": (int, float), "connections": int, "job_memory": int,
    "store_days": (int, float), "store_bytes": (int, float),
}  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """Limits of requests, of jobs and of the store of jobs.

    Attributes:
        body: Size of the body of a request with a good access token, in bytes.
        unknown_body: Size of the body of a request for an access token, in bytes. Other bodies without a token are not
            read.
        seconds: Time until a request has to have arrived, with one second more for each 64 KiB.
        connections: Number of connections at once; half of the files that the process may open if that is less.
        job_memory: Bytes that a job may allocate. By default, all jobs together may have three quarters of the
            machine's memory.
        store_days: Days for which jobs are kept after they are done; ``math.inf`` for ever. By default 30, or what
            ``QISKIT_IBM_NATIVE_LOCAL_STORE_DAYS`` says.
        store_bytes: Bytes that the store may have before the oldest jobs that are done are deleted, all but the
            newest one; ``math.inf`` for any number. By default 1 GiB, or what
            ``QISKIT_IBM_NATIVE_LOCAL_STORE_BYTES`` says.

    Examples:
        >>> from qiskit_ibm_native.local import Limits, LocalService
        >>> with LocalService(devices="lima", limits=Limits(job_memory=2 << 30, store_days=1)) as service:
        ...     service.url
        'http://127.0.0.1:...'
    """

    body: int = 64 << 20
    unknown_body: int = 64 << 10
    seconds: float = 20.0
    connections: int = 512
    job_memory: int | None = None
    store_days: float = field(default_factory=lambda: _from_environment("QISKIT_IBM_NATIVE_LOCAL_STORE_DAYS", 30.0))
    store_bytes: float = field(
        default_factory=lambda: _from_environment("QISKIT_IBM_NATIVE_LOCAL_STORE_BYTES", float(1 << 30))
    )

    def __post_init__(self) -> None:
        """Check the values."""
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            is_missing = value is None and name == "job_memory"
            if not is_missing and (isinstance(value, bool) or not isinstance(value, kind)):
                words = "a whole number" if kind is int else "a number"
                raise _bad_value(f"{name} is {value!r}; it must be {words}.")
        for name in ("body", "unknown_body", "seconds", "connections", "store_days", "store_bytes"):
            if not getattr(self, name) > 0:
                raise _bad_value(f"{name} is {getattr(self, name)!r}; it must be more than 0.")
        if self.job_memory is not None and not self.job_memory > 0:
            raise _bad_value(f"job_memory is {self.job_memory!r}; it must be more than 0, or None.")

    def memory_of_a_job(self, workers: int) -> int:
        """Return the bytes that each of so many jobs may allocate."""
        return self.job_memory or int(_JOB_SHARE * _memory()) // workers

    def max_connections(self) -> int:
        """Return the number of connections that there may be at once in this process."""
        with suppress(ImportError):
            import resource

            files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            if files != resource.RLIM_INFINITY:
                return max(min(self.connections, files // 2), 1)
        return self.connections


def _from_environment(name: str, default: float) -> float:
    text = os.environ.get(name, "")
    try:
        return float(text) if text else default
    except ValueError:
        raise _bad_value(f"{name} is {text!r}; it must be a number.") from None


def _bad_value(text: str) -> Exception:
    # Imports Qiskit.
    from ...exceptions import IBMInputValueError

    return IBMInputValueError(text)


def _memory() -> int:
    """Return the memory of the machine, or of the container, in bytes."""
    sizes = [1 << 33]
    with suppress(AttributeError, OSError, ValueError):
        sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError, ValueError):
        sizes.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(sizes)
