# SPDX-License-Identifier: Apache-2.0
"""Snapshots of what people hold: names, paths, backends, fake devices and models of the official client, dictionaries.

The official client is recognised by the names of its modules, so that it need not be installed.
"""

from __future__ import annotations

import datetime
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from .._warning import warn
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

    Examples:
        >>> from qiskit_ibm_native import Snapshot, build_target
        >>> class MyDevice:
        ...     def __ibm_snapshot__(self) -> Snapshot:
        ...         return Snapshot.load("lima")
        >>> build_target(MyDevice()).num_qubits
        5
    """

    def __ibm_snapshot__(self) -> Snapshot:
        """Return the device at one time."""
        ...


class Accepted(NamedTuple):
    """The snapshot of a source, and the choice of fractional gates that goes with it."""

    snapshot: Snapshot
    use_fractional_gates: bool | None = None


class KnownPayload(NamedTuple):
    """The payload that a model of the official client was made of.

    Attributes:
        content: The bytes as received.
        name: The device's name in them.
        lacks_gates: Whether the model leaves out gates of the payload: fractional ones that were not asked for.
    """

    content: bytes
    name: str
    lacks_gates: bool


#: Functions that return the payload of a model, if they know it.
_payload_finders: list[Callable[[Any], KnownPayload | None]] = []


def find_payloads_by(finder: Callable[[Any], KnownPayload | None]) -> None:
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
        return Accepted(_given_by(source))
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


def _given_by(source: Any) -> Snapshot:
    given = source.__ibm_snapshot__()
    if not isinstance(given, Snapshot):
        from ..exceptions import IBMInputValueError

        raise IBMInputValueError(
            f"__ibm_snapshot__() of {type(source).__name__} must return a Snapshot, not {type(given).__name__}."
        )
    return given


def _is_official(source: Any, *names: str) -> bool:
    return any(
        str(kind.__module__).startswith(f"{_CLIENT}.") and kind.__name__ in names for kind in type(source).__mro__
    )


def _are_models(configuration: Any, properties: Any) -> bool:
    is_configuration = _is_official(configuration, "QasmBackendConfiguration") or (
        isinstance(configuration, Mapping) and "n_qubits" in configuration
    )
    is_properties = (
        properties is None or _is_official(properties, "BackendProperties") or isinstance(properties, Mapping)
    )
    return is_configuration and is_properties


def _of_backend(backend: Any) -> Accepted:
    if not _is_official(backend, "FakeBackendV2"):
        choice = getattr(backend.options, "use_fractional_gates", None)
        return Accepted(_of_models(backend.configuration(), backend.properties(), has_choice=True), choice)
    # The files have the dates as they were published. The client's fake devices have all of their gates.
    if _has_content_of_its_files(backend):
        return Accepted(Snapshot.from_payloads(*_files_of(backend)))
    return Accepted(_of_models(backend.configuration(), backend.properties() if backend.props_filename else None))


def _files_of(backend: Any) -> tuple[bytes, bytes | None]:
    temporary = vars(backend).get("_tmp_data_dir")
    folder = Path(backend.dirname if temporary is None else temporary.name)
    properties = (folder / backend.props_filename).read_bytes() if backend.props_filename else None
    return (folder / backend.conf_filename).read_bytes(), properties


def _has_content_of_its_files(backend: Any) -> bool:
    """Return whether a fake device reads its files as all of them do, and nobody has changed what it read."""
    readers = ("_load_json", "_get_conf_dict_from_json", "_set_props_dict_from_json", "configuration", "properties")
    base = next(kind for kind in type(backend).__mro__ if kind.__name__ == "FakeBackendV2")
    if any(getattr(type(backend), name) is not getattr(base, name) or name in vars(backend) for name in readers):
        return False
    again = object.__new__(type(backend))
    vars(again).update(vars(backend))
    if again._get_conf_dict_from_json() != backend._conf_dict:
        return False
    if backend._props_dict is None:
        return True
    again._set_props_dict_from_json()
    return bool(again._props_dict == backend._props_dict)


def _of_models(configuration: Any, properties: Any, *, has_choice: bool = False) -> Snapshot:
    """Return the snapshot of models or dictionaries.

    Args:
        configuration: The configuration.
        properties: The properties, or ``None``.
        has_choice: Whether the caller passes on the choice of gates, so that the snapshot may have those left out.
    """
    kept = _payload(configuration)
    if kept is not None and kept.lacks_gates and not has_choice:
        kept = None
    described = None if kept is not None else _configuration_payload(configuration)
    name = kept.name if kept is not None else (described or {}).get("backend_name")
    calibration = None if properties is None else _properties_payload(properties, name)
    return Snapshot.from_payloads(kept.content if kept is not None else _encoded(described), calibration)


def _properties_payload(properties: Any, name: Any) -> bytes:
    kept = _payload(properties)
    if kept is not None and kept.name == name:
        return kept.content
    content = dict(properties if isinstance(properties, Mapping) else properties.to_dict())
    # Fake devices have a name of their own in the configuration alone.
    content["backend_name"] = name
    if not isinstance(properties, Mapping):
        warn(
            f"The dates of {name} are those that the official client shows: it drops the offset from UTC that the device"
            " published, so they may be hours off. Values are exact. Call qiskit_ibm_native.accelerate() before the"
            " backend is made to keep what was published.",
            UserWarning,
        )
    return _encoded(content)


def _payload(model: Any) -> KnownPayload | None:
    return next((payload for finder in _payload_finders if (payload := finder(model)) is not None), None)


def _configuration_payload(model: Any) -> dict[str, Any]:
    """Return the payload of a configuration, from which the values of a model follow bit by bit."""
    if isinstance(model, Mapping):
        return dict(model)
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


def _encoded(content: Any) -> bytes:
    try:
        return json.dumps(content, default=_json_value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        from ..exceptions import IBMInputValueError

        raise IBMInputValueError(f"The content cannot be a payload of a device: {error}.") from error


def _json_value(value: Any) -> Any:
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a payload cannot contain a {type(value).__name__}")
