# SPDX-License-Identifier: Apache-2.0
"""Health checks of this machine and this installation, and a minute's worth of benchmarks.

Examples:
    >>> from qiskit_ibm_native.diagnosis import examine
    >>> [finding.advice for finding in examine() if finding.state == "problem"]
    []
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .benchmark import Benchmark as Benchmark
    from .benchmark import DeviceTiming as DeviceTiming
    from .benchmark import run_benchmark as run_benchmark
    from .doctor import examine as examine
    from .finding import Finding as Finding
    from .instances import InstanceState as InstanceState
    from .instances import instance_states as instance_states
    from .sweep_timing import SweepTiming as SweepTiming
    from .timing import Timing as Timing

#: Modules of public names: the health check does without Qiskit, which the benchmark needs.
_MODULES = {
    "Benchmark": "benchmark",
    "DeviceTiming": "benchmark",
    "Finding": "finding",
    "InstanceState": "instances",
    "SweepTiming": "sweep_timing",
    "Timing": "timing",
    "examine": "doctor",
    "instance_states": "instances",
    "run_benchmark": "benchmark",
}

__all__ = [
    "Benchmark",
    "DeviceTiming",
    "Finding",
    "InstanceState",
    "SweepTiming",
    "Timing",
    "examine",
    "instance_states",
    "run_benchmark",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
