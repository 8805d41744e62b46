# SPDX-License-Identifier: Apache-2.0
"""Snapshots: one device at one time, made of the payloads that it published."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from . import _native
from .storage import bundled_devices, read_payloads, write_payloads

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable
    from typing import Any

    from ._native import Snapshot as NativeSnapshot
    from .models import BackendConfiguration, BackendProperties
    from .models.defaults import PulseDefaults

    Payload = bytes | bytearray | memoryview | str

__all__ = ["Payloads", "Snapshot", "bundled_devices"]


class Payloads(NamedTuple):
    """The bytes that a snapshot was made of."""

    configuration: bytes
    properties: bytes | None
    defaults: bytes | None


class Snapshot:
    """A device at one time: its configuration and, as far as there are any, properties and pulse defaults.

    A snapshot is made with :meth:`from_payloads`, :meth:`load` or :meth:`parse_many`. It is immutable, may be used by
    any number of threads at once, pickles as its payloads, and equals every snapshot of the same payloads. Making one
    neither imports Qiskit nor holds the interpreter while it parses.
    """

    __slots__ = ("__weakref__", "_configuration", "_defaults", "_native", "_properties")

    _native: NativeSnapshot
    _configuration: BackendConfiguration | None
    _properties: BackendProperties | None
    _defaults: PulseDefaults | None

    def __init__(self) -> None:
        raise TypeError("use Snapshot.from_payloads, Snapshot.load or Snapshot.parse_many")

    @classmethod
    def _of(cls, native: NativeSnapshot) -> Snapshot:
        snapshot = object.__new__(cls)
        put = object.__setattr__
        put(snapshot, "_native", native)
        put(snapshot, "_configuration", None)
        put(snapshot, "_properties", None)
        put(snapshot, "_defaults", None)
        return snapshot

    @classmethod
    def from_payloads(
        cls, configuration: Payload, properties: Payload | None = None, defaults: Payload | None = None
    ) -> Snapshot:
        """Make a snapshot of what a device published.

        Args:
            configuration: The configuration payload: JSON text as bytes-like (``bytes`` are not copied) or ``str``.
            properties: The properties payload. ``{}`` and ``null`` mean that the device has none.
            defaults: The pulse defaults payload, in the same way.

        Returns:
            The snapshot.

        Raises:
            BackendPayloadError: A payload is not JSON, or not what a device publishes, or the two are not of the same
                device. The error tells where.
            TypeError: An argument is neither bytes-like nor ``str``.
        """
        return cls._of(_native.Snapshot(configuration, properties, defaults))

    @classmethod
    def parse_many(
        cls,
        payloads: Iterable[tuple[Payload, Payload | None] | tuple[Payload, Payload | None, Payload | None]],
        threads: int | None = None,
    ) -> list[Snapshot]:
        """Make many snapshots in parallel.

        Args:
            payloads: Tuples ``(configuration, properties)`` or ``(configuration, properties, defaults)``.
            threads: How many threads to use; by default, one for each processor that this process may use.

        Returns:
            The snapshots, in the order of ``payloads``.

        Raises:
            BackendPayloadError: As in :meth:`from_payloads`, for the first of ``payloads`` that is refused.
            ValueError: ``threads`` is below 1.
        """
        if threads is None:
            threads = available_processors()
        if threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        return [cls._of(native) for native in _native.Snapshot.parse_many(list(payloads), threads)]

    @classmethod
    def load(cls, name_or_path: str | os.PathLike[str]) -> Snapshot:
        """Load a bundled device, or what :meth:`save` wrote.

        Args:
            name_or_path: A bundled device, as in ``"fez"`` or ``"ibm_fez"``, or the path of a folder or file. A ``str``
                is taken for a bundled device if there is one of that name.

        Returns:
            The snapshot.

        Raises:
            FileNotFoundError: There is neither such a device nor such a path.
            BackendPayloadError: What was loaded is no snapshot.
        """
        return cls.from_payloads(*read_payloads(name_or_path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the payloads, byte for byte, so that :meth:`load` gives an equal snapshot.

        Args:
            path: Where to. A name that ends in ``.zip`` becomes one file, every other one a folder with a compressed
                file per payload. A snapshot that is there already is replaced when the new one is complete.

        Raises:
            FileExistsError: There is something else at ``path``.
            ValueError: ``path`` is a ``str`` that :meth:`load` would take for a bundled device, such as ``"fez"``.
        """
        write_payloads(path, self.payloads)

    @property
    def name(self) -> str:
        """The device's name, such as ``"ibm_fez"``."""
        return self._native.name

    @property
    def num_qubits(self) -> int:
        """How many qubits the device has."""
        return self._native.num_qubits

    @property
    def last_update(self) -> datetime.datetime | None:
        """When the properties were last updated (aware), if there are any and they tell."""
        return self._native.last_update

    @property
    def digest(self) -> str:
        """SHA-256 of the payloads, in hexadecimal; equal snapshots have equal digests."""
        return self._native.digest

    @property
    def payloads(self) -> Payloads:
        """The exact bytes that the snapshot was made of."""
        return Payloads(*self._native.payloads)

    @property
    def configuration(self) -> BackendConfiguration:
        """What the device is."""
        model = self._configuration
        if model is None:
            from .models import BackendConfiguration

            model = BackendConfiguration._of(self._native)
            object.__setattr__(self, "_configuration", model)
        return model

    @property
    def properties(self) -> BackendProperties | None:
        """What was last measured on the device; ``None`` if there are no properties."""
        model = self._properties
        if model is None and self._native.has_properties:
            from .models import BackendProperties

            model = BackendProperties._of(self._native)
            object.__setattr__(self, "_properties", model)
        return model

    @property
    def defaults(self) -> PulseDefaults | None:
        """The pulses of the device; ``None`` if there are no pulse defaults."""
        model = self._defaults
        if model is None and (native := self._native.defaults) is not None:
            from .models.defaults import PulseDefaults

            model = PulseDefaults._of(native)
            object.__setattr__(self, "_defaults", model)
        return model

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot set {name!r}: a Snapshot is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete {name!r}: a Snapshot is immutable")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Snapshot):
            return NotImplemented
        return self is other or self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __copy__(self) -> Snapshot:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Snapshot:
        return self

    def __reduce__(self) -> tuple[Any, Payloads]:
        return type(self).from_payloads, self.payloads

    def __repr__(self) -> str:
        updated = "no properties" if self.last_update is None else self.last_update.isoformat()
        return f"<Snapshot {self.name}: {self.num_qubits} qubits, {updated}, {self.digest[:12]}>"


def available_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
