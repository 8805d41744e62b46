# SPDX-License-Identifier: Apache-2.0
"""The documented attributes of a backend, with defaults for those that a configuration leaves out."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..exceptions import IBMError
from ..models import BackendConfiguration
from ..snapshot import Snapshot

#: Defaults of attributes that the configurations of some devices leave out.
_ABSENT: dict[str, Any] = {
    "acquisition_latency": None, "channel_bandwidth": None, "channels": None, "conditional_latency": None,
    "credits_required": False, "default_rep_delay": None, "dt": None, "dtm": None, "dynamic_reprate_enabled": False,
    "hamiltonian": None, "max_shots": None, "meas_lo_range": None, "memory": True, "n_registers": 0, "n_uchannels": 0,
    "open_pulse": False, "parametric_pulses": [], "processor_type": None, "qubit_lo_range": None, "register_map": None,
    "rep_delay_range": None, "rep_times": None, "sample_name": None, "tags": [], "u_channel_lo": [],
}  # fmt: skip
#: Defaults of attributes that are ``None`` in a configuration whose payload leaves them out.
_EMPTY: dict[str, Any] = {"discriminators": [], "meas_kernels": [], "meas_levels": [2]}

#: Defaults that depend on other attributes.
_DERIVED: dict[str, Callable[[BackendConfiguration], Any]] = {
    "configurable": lambda configuration: configuration.is_simulator,
    "display_name": lambda configuration: configuration.backend_name,
    "supported_instructions": lambda configuration: [*configuration.basis_gates, "measure", "delay", "reset"],
}
#: The names of all documented attributes with defaults.
DOCUMENTED = frozenset({*_ABSENT, *_EMPTY, *_DERIVED})


def attribute_of(configuration: BackendConfiguration, name: str) -> Any:
    """Return an attribute of a configuration, or its default if the configuration leaves it out.

    Raises:
        AttributeError: There is no such attribute.
    """
    value = getattr(configuration, name, _MISSING)
    if value is None and name in _EMPTY:
        return list(_EMPTY[name])
    if value is not _MISSING:
        return value
    if name in _ABSENT:
        return copy.copy(_ABSENT[name])
    if name in _DERIVED:
        return _DERIVED[name](configuration)
    raise AttributeError(name)


_MISSING = object()
#: The owner of the last attribute that failed, and its error.
_FAILED: ContextVar[tuple[weakref.ref[Any], IBMError] | None] = ContextVar("attribute that failed", default=None)


@contextmanager
def attribute_errors(owner: object) -> Iterator[None]:
    """Make errors AttributeErrors too, so that ``hasattr`` and inspection get along with a property that fails."""
    try:
        yield
    except IBMError as error:
        failure = error if isinstance(error, AttributeError) else as_attribute_error(error)
        _FAILED.set((weakref.ref(owner), failure))
        # Another one is raised: the one that is kept must get no traceback.
        raise as_attribute_error(failure) from None
    else:
        _FAILED.set(None)


def failure_of(owner: object, name: str) -> AttributeError | None:
    """Return the error of a property that failed; ``None`` if the class has none of that name, or it did not fail.

    After an AttributeError of a property, Python asks ``__getattr__``, which is not told what happened.
    """
    failed = _FAILED.get()
    if failed is None or failed[0]() is not owner or not hasattr(type(owner), name):
        return None
    failure: Any = as_attribute_error(failed[1])
    return failure  # type: ignore[no-any-return]


def as_attribute_error(error: IBMError) -> IBMError:
    """Return an error of the same class, attributes and message that is an AttributeError, too."""
    error = error._original if isinstance(error, _AttributeFailure) else error
    kind = type(error)
    if kind not in _MIXED:
        _MIXED[kind] = type(kind.__name__, (_AttributeFailure, kind, AttributeError), {"__module__": kind.__module__})
    failure = _MIXED[kind].__new__(_MIXED[kind], *error.args)
    failure.args = error.args
    # A copy has no traceback, and so keeps no frames of the caller.
    failure.__dict__.update(error.__dict__, _original=copy.copy(error))
    return failure


_MIXED: dict[type[IBMError], type[IBMError]] = {}


class _AttributeFailure:
    """An error that is pickled as its original: a class made at run time cannot be imported."""

    _original: IBMError

    def __reduce__(self) -> Any:
        return self._original.__reduce__()


def snapshot_of(configuration: Any) -> Snapshot:
    """Return the snapshot of a configuration: a model, a snapshot, or the content of the payload."""
    if isinstance(configuration, Snapshot):
        return configuration
    if isinstance(configuration, BackendConfiguration):
        return Snapshot.from_payloads(configuration.payload)
    if isinstance(configuration, Mapping):
        return Snapshot.from_payloads(BackendConfiguration.from_dict(configuration).payload)
    if hasattr(configuration, "to_dict"):
        return Snapshot.from_payloads(BackendConfiguration.from_dict(configuration.to_dict()).payload)
    raise TypeError(
        f"configuration must be a BackendConfiguration or its content, not a {type(configuration).__name__}"
    )
