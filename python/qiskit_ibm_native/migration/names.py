# SPDX-License-Identifier: Apache-2.0
"""Where names of 2023 are today: those of qiskit-ibm-provider 0.11, and those of Qiskit beside it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import NamedTuple

from .._extras import package_command
from .._former_names import advice_for

OLD, NEW = "qiskit_ibm_provider", "qiskit_ibm_native"

#: Modules that are elsewhere today, with all that is in them.
_MOVED_MODULES = {
    "qiskit.circuit.qpy_serialization": "qiskit.qpy",
    "qiskit.providers.aer": "qiskit_aer",
    "qiskit.tools.visualization": "qiskit.visualization",
    "qiskit_ibm_provider.qpy": "qiskit.qpy",
}
_MOVED_NAMES = {
    "qiskit.Aer": ("qiskit_aer", "Aer"),
    "qiskit.providers.ibmq.IBMQBackend": (NEW, "IBMBackend"),
    "qiskit.providers.ibmq.ibmqbackend.IBMQBackend": (NEW, "IBMBackend"),
    "qiskit.providers.ibmq.job.IBMQJob": (NEW, "IBMJob"),
    "qiskit.providers.ibmq.job.job_monitor": (NEW, "job_monitor"),
    "qiskit.providers.ibmq.job_monitor": (NEW, "job_monitor"),
    "qiskit.providers.ibmq.least_busy": (NEW, "least_busy"),
    "qiskit.qobj.utils.MeasLevel": ("qiskit.result", "MeasLevel"),
    "qiskit.qobj.utils.MeasReturnType": ("qiskit.result", "MeasReturnType"),
    "qiskit.tools.job_monitor": (NEW, "job_monitor"),
    "qiskit.tools.monitor.job_monitor": (NEW, "job_monitor"),
    "qiskit.tools.parallel.parallel_map": ("qiskit.utils", "parallel_map"),
    "qiskit.tools.parallel_map": ("qiskit.utils", "parallel_map"),
    "qiskit_ibm_provider.utils.RuntimeDecoder": ("qiskit_ibm_runtime", "RuntimeDecoder"),
    "qiskit_ibm_provider.utils.RuntimeEncoder": ("qiskit_ibm_runtime", "RuntimeEncoder"),
    "qiskit_ibm_provider.utils.json.RuntimeDecoder": ("qiskit_ibm_runtime", "RuntimeDecoder"),
    "qiskit_ibm_provider.utils.json.RuntimeEncoder": ("qiskit_ibm_runtime", "RuntimeEncoder"),
}
#: Exceptions of Qiskit's IBMQ, whose names have lost a letter.
_IBMQ_EXCEPTIONS = ("qiskit.providers.ibmq.exceptions.IBMQ", "qiskit.providers.ibmq.job.exceptions.IBMQ")
_FAKES = ("qiskit.providers.fake_provider.", "qiskit.test.mock.")

_FAKE_BACKENDS = (
    "qiskit_ibm_runtime.fake_provider has FakeVigoV2, FakeFez and others; Snapshot.load() has devices without Qiskit, and"
    ' IBMProvider(channel="local") runs circuits on them'
)
_PRIMITIVES = "Qiskit's primitives replace it: qiskit.primitives, and SamplerV2 and EstimatorV2 of qiskit_ibm_runtime"
#: Advice, without the full stop, for what is gone with all that is below it.
_GONE = {
    "qiskit.BasicAer": "Use qiskit.providers.basic_provider.BasicProvider, or qiskit_aer.AerSimulator",
    "qiskit.IBMQ": "Use IBMProvider of qiskit_ibm_native",
    "qiskit.algorithms": f"They are a package of their own: {package_command('qiskit-algorithms')}",
    "qiskit.aqua": "Its algorithms are packages of their own, such as qiskit-algorithms and qiskit-optimization",
    "qiskit.assemble": "Qobj is gone from Qiskit: backend.run() takes circuits",
    "qiskit.assembler": "Qobj is gone from Qiskit: backend.run() takes circuits",
    "qiskit.compiler.assemble": "Qobj is gone from Qiskit: backend.run() takes circuits",
    "qiskit.execute": "Use backend.run(transpile(circuits, backend))",
    "qiskit.execute_function": "Use backend.run(transpile(circuits, backend))",
    "qiskit.extensions": "Its gates are in qiskit.circuit.library",
    "qiskit.ignis": "qiskit-experiments replaces it",
    "qiskit.opflow": "Use qiskit.quantum_info.SparsePauliOp",
    "qiskit.providers.BackendV1": "Backends are BackendV2, with target, num_qubits and name as attributes",
    "qiskit.providers.basicaer": "Use qiskit.providers.basic_provider.BasicProvider, or qiskit_aer.AerSimulator",
    "qiskit.providers.ibmq": "Use qiskit_ibm_native, whose IBMProvider, backends and jobs replace it",
    "qiskit.providers.ibmq.managed": (
        "backend.run(circuits, composite=True) makes several jobs of more circuits than a device takes"
    ),
    "qiskit.providers.models": "qiskit_ibm_native has BackendConfiguration, BackendProperties and BackendStatus",
    "qiskit.pulse": (
        "qiskit_ibm_native.pulse has channels, waveforms and the schedules of gates; no device takes programs of pulses"
    ),
    "qiskit.qobj": "Qobj is gone from Qiskit: backend.run() takes circuits",
    "qiskit.schedule": "backend.instruction_schedule_map has the schedules of gates",
    "qiskit.scheduler": "backend.instruction_schedule_map has the schedules of gates",
    "qiskit.test.mock": _FAKE_BACKENDS,
    "qiskit.tools": "Qiskit has no tools any more; job_monitor is in qiskit_ibm_native",
    "qiskit.tools.jupyter": "Notebooks show backends, jobs and statuses as tables by themselves",
    "qiskit.utils.QuantumInstance": _PRIMITIVES,
}


class Home(NamedTuple):
    """Where something is today.

    Attributes:
        module: Its module, or ``None`` if it is gone.
        name: Its name in the module, or ``""`` for the module itself.
        advice: A hint, without the full stop, if it is gone.
    """

    module: str | None
    name: str = ""
    advice: str = ""


def home_of(name: str) -> Home | None:
    """Return where a name of 2023 is today; ``None`` if nothing about it has changed.

    Args:
        name: The name with all of its modules, such as ``qiskit_ibm_provider.job.job_monitor``.
    """
    if name in _MOVED_NAMES:
        return Home(*_MOVED_NAMES[name])
    for former, module in _MOVED_MODULES.items():
        if _is_within(name, former):
            between, _, last = name[len(former) + 1 :].rpartition(".")
            return Home(".".join(filter(None, (module, between))), last)
    if _is_within(name, OLD):
        return _home_of_provider_name(name[len(OLD) + 1 :])
    return _renamed(name) or _gone(name)


def _renamed(name: str) -> Home | None:
    last = name.rpartition(".")[2]
    if name.startswith(_IBMQ_EXCEPTIONS):
        renamed = last.replace("IBMQ", "IBM", 1)
        return Home(NEW, renamed) if renamed in _public_names() else None
    if name.startswith("qiskit.providers.models."):
        return Home(NEW, last) if last in _public_names() else None
    if name.startswith("qiskit.pulse."):
        return Home(f"{NEW}.pulse", last) if last in import_module(f"{NEW}.pulse").__all__ else None
    if name.startswith(_FAKES) and last.startswith("Fake"):
        # Backends of the first version are gone, and their names with them.
        is_kept = last.endswith("V2")
        return Home("qiskit_ibm_runtime.fake_provider", last) if is_kept else Home(None, advice=_FAKE_BACKENDS)
    return None


def _gone(name: str) -> Home | None:
    within = [former for former in _GONE if _is_within(name, former)]
    return Home(None, advice=_GONE[max(within, key=len)]) if within else None


def _home_of_provider_name(name: str) -> Home:
    if not name:
        return Home(NEW)
    advice = advice_for(name)
    if advice is not None:
        return Home(None, advice=advice)
    module, _, last = name.rpartition(".")
    if last in _public_names():
        return Home(NEW, last)
    path = ".".join(filter(None, (NEW, module)))
    if _has(path, last):
        return Home(path, last)
    return Home(None, advice=f"{NEW} has nothing of that name; docs/migrating.md has the names that it has")


def is_module(name: str) -> bool:
    """Return whether a module of this package can be imported."""
    try:
        import_module(name)
    except ImportError:
        return False
    return True


@cache
def _public_names() -> frozenset[str]:
    return frozenset([*import_module(NEW).__all__, "__version__"])


def _has(module: str, name: str) -> bool:
    try:
        return hasattr(import_module(module), name) or is_module(f"{module}.{name}")
    except ImportError:
        return False


def _is_within(name: str, outer: str) -> bool:
    return name == outer or name.startswith(f"{outer}.")
