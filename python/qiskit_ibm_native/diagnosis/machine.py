# SPDX-License-Identifier: Apache-2.0
"""The machine: its processors and how many of them may be used, its build of the extension, and its linear algebra."""

from __future__ import annotations

import math
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import _native
from .._processes import import_path
from .._threads import available_processors
from .finding import Finding

TOPIC = "machine"
_ROOT = Path("/")
#: Instructions that the extension looks for when it runs, and what is slower without them.
_FEATURES = {"sha_ni": "digests", "sha2": "digests"}
#: Instructions that are told if a processor has them.
_TOLD = ("sse4_2", "avx", "avx2", "avx512f", "sha_ni", "asimd", "sha2", "sve")
_TIMEOUT = 60.0
#: Counts the threads that numpy's library of linear algebra has started.
_THREADS = "import sys; sys.path[:] = {path!r}; import os, numpy; {product}; print(len(os.listdir('/proc/self/task')))"
_PRODUCT = "numpy.ones((600, 600)) @ numpy.ones((600, 600))"


def machine_description() -> dict[str, Any]:
    """Return what times were measured on: processor, number of processors, versions, and the kind of build."""
    import numpy
    import qiskit

    return {
        "processor": processor_name(),
        "machine": platform.machine(),
        "processors": available_processors(),
        "python": platform.python_version(),
        "qiskit": qiskit.__version__,
        "numpy": numpy.__version__,
        "qiskit_ibm_native": _native.__version__,
        "build": _native.build_profile,
    }


def machine_findings(root: Path = _ROOT) -> Iterator[Finding]:
    """Yield findings about the machine.

    Args:
        root: The folder with ``proc`` and ``sys``.
    """
    yield Finding(TOPIC, "system", f"{platform.system()} {platform.release()}, {platform.machine()}")
    yield Finding(TOPIC, "processor", processor_name(root))
    yield _feature_finding(root)
    yield _processor_finding(os.cpu_count() or 1, available_processors(), quota_of(root))
    yield _build_finding(_native.build_profile)
    yield _algebra_finding()


def processor_name(root: Path = _ROOT) -> str:
    """Return the name of the processor."""
    for line in _lines(root / "proc/cpuinfo"):
        name, _, value = line.partition(":")
        if name.strip() in {"model name", "Hardware", "Model"}:
            return value.strip()
    return platform.processor() or platform.machine() or "unknown"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _feature_finding(root: Path) -> Finding:
    flags: set[str] = set()
    for line in _lines(root / "proc/cpuinfo"):
        name, _, value = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            flags.update(value.split())
    if not flags:
        return Finding(TOPIC, "instructions", "the system does not tell")
    told = ", ".join(name for name in _TOLD if name in flags) or "none of those that matter"
    if flags.isdisjoint(_FEATURES):
        return Finding(TOPIC, "instructions", f"{told}; none for SHA-256, so that digests take longer")
    return Finding(TOPIC, "instructions", told)


def quota_of(root: Path = _ROOT) -> float | None:
    """Return the number of processors that the control group of this process may use; ``None`` without a limit.

    Args:
        root: The folder with ``proc`` and ``sys``.
    """
    limits = [limit for limit in (*_quotas_of_version_2(root), _quota_of_version_1(root)) if limit is not None]
    return min(limits, default=None)


def _quotas_of_version_2(root: Path) -> Iterator[float | None]:
    base = root / "sys/fs/cgroup"
    for line in _lines(root / "proc/self/cgroup"):
        if line.startswith("0::"):
            folder = base / line[3:].strip("/")
            # The limit of every group above holds, too. In a container, the path may be that of the machine outside.
            for each in (folder, *folder.parents):
                yield _quota(_lines(each / "cpu.max"))
                if each == base:
                    break
    yield _quota(_lines(base / "cpu.max"))


def _quota_of_version_1(root: Path) -> float | None:
    folder = root / "sys/fs/cgroup/cpu"
    return _quota([" ".join(_lines(folder / f"cpu.cfs_{name}_us")[:1] or ["-1"])[:40] for name in ("quota", "period")])


def _quota(lines: list[str]) -> float | None:
    """Return the quotient of quota and period, which are in one line or in two."""
    words = " ".join(lines).split()
    try:
        quota, period = float(words[0]), float(words[1])
    except (IndexError, ValueError):
        return None
    return quota / period if quota > 0 and period > 0 else None


def _processor_finding(there: int, usable: int, quota: float | None) -> Finding:
    told = f"{usable} of {there} may be used"
    if quota is None:
        return Finding(TOPIC, "processors", told)
    told += f"; the control group has time for {quota:g}"
    if math.ceil(quota) >= usable:
        return Finding(TOPIC, "processors", told)
    advice = f"export PYTHON_CPU_COUNT={math.ceil(quota)}: more workers and threads would wait for each other"
    return Finding(TOPIC, "processors", told, "advice", advice)


def _build_finding(profile: str) -> Finding:
    if profile == "release":
        return Finding(TOPIC, "extension", "release build")
    advice = "install a wheel, or build with `make build`: other builds are many times slower"
    return Finding(TOPIC, "extension", f"{profile} build", "problem", advice)


def _algebra_finding() -> Finding:
    name = _algebra_name()
    threads = _algebra_threads()
    if threads is None:
        return Finding(TOPIC, "linear algebra", name)
    told, usable = f"{name}, {threads} threads" if threads != 1 else f"{name}, 1 thread", available_processors()
    if threads <= usable:
        return Finding(TOPIC, "linear algebra", told)
    advice = f"export OMP_NUM_THREADS={usable} OPENBLAS_NUM_THREADS={usable} MKL_NUM_THREADS={usable}"
    return Finding(TOPIC, "linear algebra", told, "advice", advice)


def _algebra_name() -> str:
    import numpy

    try:
        blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{blas['name']} {blas['version']}"
    except (TypeError, KeyError):
        return "unknown library"


def _algebra_threads() -> int | None:
    """Return the number of threads that a process has after a product of matrices; ``None`` if that cannot be told."""
    program = _THREADS.format(path=import_path(), product=_PRODUCT)
    try:
        done = subprocess.run(  # noqa: S603 (ours)
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=_TIMEOUT, check=True
        )
        return int(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
