# SPDX-License-Identifier: Apache-2.0
"""Snapshots of what people hold: names, paths, backends, fake devices and models of the official client, dictionaries.

The official client is recognised by the names of its modules, so that it need not be installed.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from .snapshot import Snapshot

_CLIENT = "qiskit_ibm_runtime"
#: SI units by the keys of configurations that the client's models scale.
_SCALES = {
    "dt": 1e-9, "dtm": 1e-9, "rep_delay_range": 1e-6, "default_rep_delay": 1e-6, "rep_times": 1e-6,
    "qubit_lo_range": 1e9, "meas_lo_range": 1e9,
}  # fmt: skip


@runtime_checkable
class SnapshotSource(Protocol):
    """An object that gives its snapshot to whatever takes one: builders, sweeps, scores, archives, :meth:`Snapshot.of`.

    A class of your own needs no more than this method; it need not inherit from the protocol.
    """

    def __ibm_snapshot__(self) -> Snapshot:
        """Return the device at one time."""
        ...


class Accepted(NamedTuple):
    """The snapshot of a source, and the choice of fractional gates that goes with it."""

    snapshot: Snapshot
    use_fractional_gates: bool | None = None


#: Functions that return the payload that a model of the official client was made of, if they know it.
_payload_finders: list[Callable[[Any], bytes | None]] = []


def find_payloads_by(finder: Callable[[Any], bytes | None]) -> None:
    """Ask ``finder`` for the payload of each model of the official client from now on."""
    _payload_finders.append(finder)


def accept(source: Any) -> Accepted | None:
    """Return the snapshot of a source; ``None`` if it is no source of a snapshot.

    Raises:
        FileNotFoundError: No bundled device or path has a given name.
        BackendPayloadError: The payloads make no device.
    """
    if isinstance(source, Snapshot):
        return Accepted(source)
    if isinstance(source, str | os.PathLike):
        return Accepted(Snapshot.load(source))
    if hasattr(type(source), "__ibm_snapshot__"):
        return Accepted(source.__ibm_snapshot__())
    if _is_official(source, "IBMBackend", "FakeBackendV2"):
        return _of_backend(source)
    models = source if isinstance(source, tuple) and len(source) == 2 else (source, None)
    if _are_models(*models):
        return Accepted(_of_models(*models))
    # Only now: attributes of the official client's backends ask the service.
    taken = getattr(source, "snapshot", None)
    return Accepted(taken, getattr(source, "use_fractional_gates", None)) if isinstance(taken, Snapshot) else None


def snapshot_of(source: Any) -> Snapshot:
    """Return the snapshot of a source, see :meth:`Snapshot.of`."""
    accepted = accept(source)
    if accepted is None:
        from ..exceptions import IBMInputValueError

        raise IBMInputValueError(
            f"There is no snapshot of {source!r:.80}. Give a Snapshot, the name of a bundled device, a path, a backend or"
            " fake device, its models, (configuration, properties) as models or dictionaries, or an object with"
            " __ibm_snapshot__()."
        )
    return accepted.snapshot


def _is_official(source: Any, *names: str) -> bool:
    return any(kind.__module__.startswith(f"{_CLIENT}.") and kind.__name__ in names for kind in type(source).__mro__)


def _are_models(configuration: Any, properties: Any) -> bool:
    is_configuration = _is_official(configuration, "QasmBackendConfiguration") or (
        isinstance(configuration, Mapping) and "n_qubits" in configuration
    )
    is_properties = (
        properties is None or _is_official(properties, "BackendProperties") or isinstance(properties, Mapping)
    )
    return is_configuration and is_properties


def _of_backend(backend: Any) -> Accepted:
    if _is_official(backend, "FakeBackendV2"):
        # The files have the dates as they were published. The client's fake devices have all of their gates.
        files = _files_of(backend)
        if files is not None:
            return Accepted(Snapshot.load(files))
        return Accepted(_of_models(backend.configuration(), backend.properties()))
    properties = backend.properties()
    return Accepted(_of_models(backend.configuration(), properties), backend.options.use_fractional_gates)


def _files_of(backend: Any) -> Path | None:
    """Return the folder of a fake device; ``None`` if it has none, or content that is not that of its files."""
    temporary = vars(backend).get("_tmp_data_dir")
    folder = getattr(backend, "dirname", None) if temporary is None else temporary.name
    names = (backend.conf_filename, backend.props_filename)
    if folder is None or not all(names) or not all((Path(folder) / name).exists() for name in names):
        return None
    readers = ("_load_json", "_get_conf_dict_from_json", "_set_props_dict_from_json", "configuration", "properties")
    base = next(kind for kind in type(backend).__mro__ if kind.__name__ == "FakeBackendV2")
    is_plain = all(getattr(type(backend), reader) is getattr(base, reader) for reader in readers)
    return Path(folder) if is_plain else None


def _of_models(configuration: Any, properties: Any) -> Snapshot:
    kept, kept_properties = _payload(configuration), None if properties is None else _payload(properties)
    if kept is not None and (properties is None or kept_properties is not None):
        return Snapshot.from_payloads(kept, kept_properties)
    described = dict(configuration) if isinstance(configuration, Mapping) else _configuration_payload(configuration)
    calibration = None
    if properties is not None:
        calibration = dict(properties if isinstance(properties, Mapping) else properties.to_dict())
        # Fake devices have a name of their own in the configuration alone.
        calibration["backend_name"] = described.get("backend_name")
        if not isinstance(properties, Mapping):
            warnings.warn(
                f"The dates of {described.get('backend_name')} are those that the official client shows: it drops the"
                " offset from UTC that the device published, so they may be hours off. Values are exact. Call"
                " qiskit_ibm_native.accelerate() before the backend is made to keep what was published.",
                UserWarning,
                stacklevel=_frames_to_user(),
            )
    return Snapshot.from_payloads(_encoded(described), None if calibration is None else _encoded(calibration))


def _frames_to_user() -> int:
    """Return the level of the first frame outside this package, for warnings."""
    import inspect

    package = __name__.partition(".")[0]
    frame, level = inspect.currentframe(), 0
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame, level = frame.f_back, level + 1
    return level


def _payload(model: Any) -> bytes | None:
    return next((payload for finder in _payload_finders if (payload := finder(model)) is not None), None)


def _configuration_payload(model: Any) -> dict[str, Any]:
    """Return the payload of a configuration, from which the values of the model follow bit by bit."""
    content: dict[str, Any] = model.to_dict()
    for key, scale in _SCALES.items():
        if key in content and content[key] is not None:
            content[key] = _unscaled(getattr(model, key), scale)
    return content


def _unscaled(value: Any, scale: float) -> Any:
    if isinstance(value, list | tuple):
        return [_unscaled(item, scale) for item in value]
    # Scaling rounds, and so does the way back. One of the neighbours is the number that was scaled.
    return next((number for number in _neighbours(value / scale) if number * scale == value), value / scale)


def _neighbours(number: float) -> Iterator[float]:
    below = above = number
    yield number
    for _ in range(4):
        below, above = math.nextafter(below, -math.inf), math.nextafter(above, math.inf)
        yield below
        yield above


def _encoded(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, default=_json_value).encode()


def _json_value(value: Any) -> Any:
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a payload cannot contain a {type(value).__name__}")
