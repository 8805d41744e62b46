# SPDX-License-Identifier: Apache-2.0
"""Devices that have no payload: a ``Target``, or a backend of which nothing but the target is taken.

A target is pickled once, and named by a digest of its content, because pickles of equal targets differ.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ... import _native
from .fingerprint import fingerprint
from .pickling import Pickled, pickled, unpickled

if TYPE_CHECKING:
    from qiskit.transpiler import InstructionProperties, Target

#: Bytes of the largest pickle of a target: of some half a million qubits, at 836 bytes for one with nine entries.
_MAX_PICKLE = 512 << 20
#: Characters of the longest name that becomes the value of a column.
_MAX_NAME = 64
#: Attributes of targets that are numbers, or lists of those.
_PLAIN = (
    "num_qubits", "granularity", "min_length", "pulse_alignment", "acquire_alignment", "concurrent_measurements",
)  # fmt: skip


class TargetDevice(NamedTuple):
    """A target as a sweep keeps it."""

    digest: bytes
    name: str
    #: For :func:`decode_target`.
    blob: bytes


def target_device(source: Any) -> TargetDevice | None:
    """Return the target of a source for workers; ``None`` if the source is neither a target nor a backend.

    Raises:
        IBMInputValueError: A backend has no target, or the target cannot be named or sent.
    """
    from qiskit.providers import BackendV2
    from qiskit.transpiler import Target

    if isinstance(source, Target):
        return _device(source, source.description)
    if isinstance(source, BackendV2):
        target = _target_of(source)
        return _device(target, source.name or target.description)
    return None


def _target_of(backend: Any) -> Target:
    from qiskit.transpiler import Target

    from ...exceptions import IBMInputValueError

    try:
        target = backend.target
    except Exception as error:
        raise IBMInputValueError(f"Backend {backend.name!r} cannot give its target: {error}") from error
    if not isinstance(target, Target):
        raise IBMInputValueError(f"Backend {backend.name!r} has no Target, but {target!r:.80}, and no snapshot.")
    return target


def _device(target: Target, name: Any) -> TargetDevice:
    from ...exceptions import IBMInputValueError

    chosen = _short(name)
    what = f"Target {chosen!r}" if chosen else "A target without a description"
    content = _content_digest(target, what)
    found = pickled(target, what)
    try:
        is_kept = target_fingerprint(unpickled(found)) == content
    except Exception as error:
        raise IBMInputValueError(f"{what} cannot be sent to workers: its pickle cannot be read: {error}") from error
    if not is_kept:
        raise IBMInputValueError(f"{what} cannot be sent to workers: its pickle is another target.")
    chosen = chosen or f"target-{content.hex()[:12]}"
    return TargetDevice(fingerprint("target", chosen, content), chosen, _packed(found, what))


def _short(name: Any) -> str:
    """Return a name as one short line; empty if there is none."""
    # Names of files may have surrogates, which UTF-8 cannot write.
    line = " ".join(str(name or "").split()).encode("utf-8", "replace").decode()
    return line if len(line) <= _MAX_NAME else f"{line[: _MAX_NAME - 3]}..."


def _content_digest(target: Target, what: str) -> bytes:
    from ...exceptions import IBMInputValueError

    try:
        return target_fingerprint(target)
    except Exception as error:
        raise IBMInputValueError(f"{what} cannot be named by its content: {error}") from error


def _packed(found: Pickled, what: str) -> bytes:
    from ...exceptions import IBMInputValueError

    try:
        packed = _native.pack(found.content, _MAX_PICKLE)
    except ValueError as error:
        raise IBMInputValueError(f"{what} cannot be sent to workers: {error}") from error
    return pickle.dumps((packed, len(found.content), found.main), protocol=5)


def decode_target(blob: bytes) -> Target:
    """Return the target of a :class:`TargetDevice`, from its blob."""
    packed, length, main = pickle.loads(blob)  # noqa: S301 (from our own driver)
    target: Target = unpickled(Pickled(_native.unpack(packed, length, _MAX_PICKLE), main))
    if "rzz" in target and target.gate_has_angle_bounds("rzz"):
        # As build_target does in the driver's process.
        from ...target.angle_folding import register

        register()
    return target


def target_fingerprint(target: Target) -> bytes:
    """Return the SHA-256 of everything in a target on which transpilation depends; its description is left out.

    The order of operations does not count: Qiskit asks for them by qubits, from tables without an order, and simulators
    list them in another order in each process. The order of pairs of qubits does, because the coupling map has it.

    Raises:
        TypeError: The target has an object whose content cannot be read.
    """
    from qiskit.transpiler import Target

    from ...target import HistoricalTarget

    names = list(target.operation_names)
    bounds = angle_bounds(target, names)
    operations = [
        (name, bounds.get(name), fingerprint(target.operation_from_name(name)), _entries(target[name]))
        for name in sorted(names)
    ]
    qubits = [
        None if properties is None else (*_floats(properties, "t1", "t2", "frequency"), *_additions(properties))
        for properties in target.qubit_properties or ()
    ]
    plain = [getattr(target, name) for name in _PLAIN]
    # A subclass of others may answer otherwise; ours say where they are from.
    is_plain = type(target) is Target or isinstance(target, HistoricalTarget)
    kind = None if is_plain else (type(target), *_additions(target))
    return fingerprint(kind, plain, _float(target.dt), qubits, operations, _edges(target, names))


def _entries(properties: Mapping[Any, InstructionProperties | None] | None) -> bytes:
    """Return a digest of the qargs of an operation and their properties, in the order of the qargs."""
    if properties is None:
        return b""
    rows = sorted(
        (() if qargs is None else tuple(map(int, qargs)), qargs is None, *_entry(entry))
        for qargs, entry in properties.items()
    )
    return hashlib.sha256(repr(rows).encode()).digest()


def _entry(entry: InstructionProperties | None) -> tuple[str, ...]:
    if entry is None:
        return ("-",)
    return repr(_floats(entry, "duration", "error")), *(digest.hex() for digest in _additions(entry))


def _additions(value: Any) -> Iterator[bytes]:
    """Yield a digest of what an object of a subclass has besides the attributes of Qiskit's own."""
    if state := getattr(value, "__dict__", None):
        yield fingerprint(state)


def _floats(value: Any, *names: str) -> tuple[float | None, ...]:
    return tuple(_float(getattr(value, name)) for name in names)


def _float(value: Any) -> float | None:
    """Return a number as Python's own, whose representation has all of its bits."""
    return None if value is None else float(value)


def _edges(target: Target, names: list[str]) -> bytes:
    """Return a digest of the pairs of qubits in the order of the coupling map."""
    pairs = dict.fromkeys(
        tuple(map(int, qargs))
        for name in names
        for qargs in target[name] or ()
        if qargs is not None and len(qargs) == 2
    )
    return hashlib.sha256(repr(list(pairs)).encode()).digest()


def angle_bounds(target: Target, names: list[str]) -> dict[str, Any]:
    """Return the bounds of angles by operation, which targets tell to nobody but their pickles.

    Raises:
        TypeError: This version of Qiskit writes them otherwise.
    """
    from qiskit.transpiler import Target

    bounded = [name for name in names if target.gate_has_angle_bounds(name)]
    if not bounded:
        return {}
    state = Target.__getstate__(target)["base"]
    # Qiskit 2.2 has them beside the operations, later versions within.
    beside = state.get("angle_bounds")
    found = {name: state["gate_map"][name].get("angle_bounds") if beside is None else beside[name] for name in bounded}
    if None in found.values():
        raise TypeError(f"this version of Qiskit does not tell the bounds of angles of {bounded}")
    return found
