# SPDX-License-Identifier: Apache-2.0
"""Snapshots: one device at one time, made from the payloads that it published."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .. import _native
from .._threads import chosen_threads
from .._words import count, instant
from .storage import COMPACT, bundled_devices, read_compact, read_payloads, write_compact, write_payloads

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable
    from typing import Any

    from .._moments import Time
    from .._native import Snapshot as NativeSnapshot
    from .._typing import MaybeNone
    from ..models import BackendConfiguration, BackendProperties
    from ..models.defaults import PulseDefaults
    from .columns import SnapshotColumns
    from .diff import SnapshotDiff
    from .overrides import Provenance

    Payload = bytes | bytearray | memoryview | str

__all__ = ["Payloads", "Snapshot", "bundled_devices"]

#: The source of answers about the past that may not be the last ones of that time.
NEAREST = "archive-nearest"


class Payloads(NamedTuple):
    """The bytes that a snapshot was made of.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> configuration, properties, defaults = Snapshot.load("lima").payloads
        >>> Snapshot.from_payloads(configuration, properties, defaults) == Snapshot.load("lima")
        True
    """

    configuration: bytes
    properties: bytes | MaybeNone
    defaults: bytes | MaybeNone


class Snapshot:
    """A device at one time: its configuration and, as far as there are any, properties and pulse defaults.

    A snapshot is made with :meth:`from_payloads`, :meth:`load` or :meth:`parse_many`. It is immutable, may be used by
    any number of threads at once, pickles as its compact form, and equals every snapshot of the same payloads. Making
    one neither imports Qiskit nor holds the interpreter while it parses.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> lima = Snapshot.load("lima")
        >>> lima.properties.t1(0)  # s; lima.columns.t1 has those of all qubits
        5.9698643286635694e-05
        >>> lima.diff(lima.with_overrides(t1={0: 80e-6})).qubits
        [QubitChange(qubit=0, quantity='t1', old=5.9698643286635694e-05, new=8e-05)]
        >>> lima.save("lima.zip")
    """

    __slots__ = ("__weakref__", "_columns", "_configuration", "_defaults", "_native", "_properties", "_source")

    _native: NativeSnapshot
    _configuration: BackendConfiguration | None
    _properties: BackendProperties | None
    _defaults: PulseDefaults | None
    _columns: SnapshotColumns | None
    _source: str | None

    def __init__(self) -> None:
        raise TypeError("Use Snapshot.from_payloads, Snapshot.load or Snapshot.parse_many")

    @classmethod
    def _from_native(cls, native: NativeSnapshot, source: str | None = None) -> Snapshot:
        snapshot = object.__new__(cls)
        put = object.__setattr__
        put(snapshot, "_native", native)
        put(snapshot, "_source", source)
        for made_later in ("_columns", "_configuration", "_defaults", "_properties"):
            put(snapshot, made_later, None)
        return snapshot

    @classmethod
    def from_payloads(
        cls, configuration: Payload, properties: Payload | None = None, defaults: Payload | None = None
    ) -> Snapshot:
        """Make a snapshot from the payloads of a device.

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
        return cls._from_native(_native.Snapshot(configuration, properties, defaults))

    @classmethod
    def parse_many(
        cls,
        payloads: Iterable[tuple[Payload, Payload | None] | tuple[Payload, Payload | None, Payload | None]],
        threads: int | None = None,
    ) -> list[Snapshot]:
        """Make many snapshots in parallel.

        Args:
            payloads: Tuples ``(configuration, properties)`` or ``(configuration, properties, defaults)``.
            threads: The number of threads; by default, one for each processor that this process may use.

        Returns:
            The snapshots, in the order of ``payloads``.

        Raises:
            BackendPayloadError: As in :meth:`from_payloads`, for the first of ``payloads`` that is refused.
            ValueError: ``threads`` is below 1.
        """
        return [
            cls._from_native(native) for native in _native.Snapshot.parse_many(list(payloads), chosen_threads(threads))
        ]

    @classmethod
    def of(cls, source: Any, properties: Any = None, /) -> Snapshot:
        """Return the snapshot of whatever describes a device.

        Backends and fake devices of ``qiskit-ibm-runtime`` that are accelerated, and fake devices in any case, give the
        bytes that were published. Of other models of that client, the payloads are written anew: values are the same
        bit by bit, and a warning tells that dates lack their offset from UTC.

        Args:
            source: A snapshot, the name of a bundled device, a path, a folder of a fake device (``conf_*.json`` and
                ``props_*.json``), a backend of this package, a backend or fake device of the official client, its
                configuration as a model or as a decoded dictionary, or an object with ``__ibm_snapshot__()``
                (:class:`SnapshotSource`).
            properties: The properties, as a model or a dictionary, that belong to such a configuration.

        Raises:
            IBMInputValueError: There is no snapshot of the source.
            FileNotFoundError: No bundled device or path has that name.
            BackendPayloadError: The content describes no device.
        """
        from .acceptance import snapshot_of

        return snapshot_of(source if properties is None else (source, properties))

    @classmethod
    def load(cls, name_or_path: str | os.PathLike[str]) -> Snapshot:
        """Load a bundled device, or a snapshot that :meth:`save` wrote.

        Args:
            name_or_path: A bundled device, as in ``"fez"`` or ``"ibm_fez"``, or the path of a folder or file. A ``str``
                is taken for a bundled device if there is one of that name. The folder of a fake device of the official
                client, with ``conf_*.json`` and ``props_*.json``, is one of these, too. A file whose name ends in
                ``.bin`` has the compact form, :meth:`to_bytes`.

        Returns:
            The snapshot.

        Raises:
            FileNotFoundError: There is neither such a device nor such a path.
            BackendPayloadError: The files are damaged, or no snapshot.
            CompactFormError: A file ``.bin`` is damaged, or no compact form.
        """
        compact = read_compact(name_or_path)
        if compact is None:
            return cls.from_payloads(*read_payloads(name_or_path))
        try:
            return cls.from_bytes(compact)
        except ValueError as error:
            # CompactFormError, of which the core knows no file.
            raise type(error)(f"{os.fspath(name_or_path)}: {error}") from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the payloads, byte for byte, so that :meth:`load` gives an equal snapshot.

        Args:
            path: The folder or file. A name that ends in ``.zip`` becomes one file, and so does one in ``.bin``, of the
                compact form; every other one becomes a folder with a compressed file per payload. A snapshot that is
                there already is replaced when the new one is complete.

        Raises:
            FileExistsError: There is something else at ``path``.
            ValueError: ``path`` is a ``str`` that :meth:`load` would take for a bundled device, such as ``"fez"``.
        """
        if Path(path).suffix == COMPACT:
            write_compact(path, self.to_bytes(payloads=self.has_payloads))
        else:
            write_payloads(path, self.payloads)

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview) -> Snapshot:
        """Make a snapshot from its compact form, in less time than from its payloads.

        Args:
            data: The bytes that :meth:`to_bytes` returned. Columns are read at once; payloads are decompressed on first
                access.

        Raises:
            CompactFormError: The bytes are no compact form, damaged, of a later version, or of a build that was never
                released, with other columns.
            TypeError: The argument is not bytes-like.
        """
        return cls._from_native(_native.Snapshot.from_compact(data))

    def to_bytes(self, *, payloads: bool = True) -> bytes:
        """Return the compact form, for caches and networks; pickles are made of it, too.

        Args:
            payloads: Whether to add the payloads, compressed. Without them, the form is a third as large; targets,
                durations, couplings, columns and differences can be made of it, but whatever else is in the payloads,
                such as dates, pulses and most attributes of models, is a CompactFormError.

        Raises:
            CompactFormError: This snapshot was made without payloads itself, or a payload has more than 64 MiB.
        """
        return self._native.to_compact(payloads)

    @property
    def has_payloads(self) -> bool:
        """Whether the snapshot has payloads; false if it was made from a compact form without them."""
        return self._native.has_payloads

    @property
    def source(self) -> str | None:
        """The source from which a backend or a :class:`CalibrationArchive` got the snapshot; ``None`` for all others.

        ========================  ==========================================================================
        ``"service"``             the service sent it
        ``"archive"``             an archive has it; as the answer of a backend about an earlier time, it is
                                  certain that the service had published no later one by then
        ``"archive-nearest"``     an archive has it, as the last one before that time that it knows: the
                                  service did not answer, and may have published a later one
        ========================  ==========================================================================

        Pickles and copies keep it. A snapshot that is made of another one, such as by :meth:`with_overrides`, has none.
        """
        return self._source

    def _from_source(self, source: str) -> Snapshot:
        """Return the same snapshot from another source."""
        return self._from_native(self._native, source)

    @property
    def columns(self) -> SnapshotColumns:
        """The measured values, as numpy arrays."""
        columns = self._columns
        if columns is None:
            from .columns import SnapshotColumns

            columns = SnapshotColumns(self._native)
            object.__setattr__(self, "_columns", columns)
        return columns

    def diff(self, other: Any, rtol: float = 0.0, atol: float = 0.0) -> SnapshotDiff:
        """Return the differences from this snapshot to another one.

        Args:
            other: The later snapshot, as a rule of the same device, or whatever :meth:`of` takes.
            rtol: Relative tolerance: values count as equal if ``abs(new - old) <= atol + rtol * abs(old)``.
            atol: Absolute tolerance, in SI units.

        Raises:
            IBMInputValueError: There is no snapshot of ``other``.
            ValueError: A tolerance is negative or no number.
        """
        from .diff import SnapshotDiff, checked_tolerance

        other = Snapshot.of(other)
        tolerances = checked_tolerance("rtol", rtol), checked_tolerance("atol", atol)
        has_other_defaults = self._native.has_other_defaults(other._native)
        return SnapshotDiff(self._native, other._native, *tolerances, has_other_defaults=has_other_defaults)

    def with_overrides(self, table: Any = None, /, *, date: Time | None = None, **values: Any) -> Snapshot:
        """Return a snapshot with other measured values, from which everything is built as from any other.

        Values are in SI units. The payload of the new snapshot has them instead of the device's, and a note of what was
        overridden, which :attr:`provenance` returns.

        Args:
            table: Measured values by column: a mapping of columns, a structured array, or whatever gives columns by
                name, such as a data frame. There is a column ``qubit`` beside those of quantities of qubits, or columns
                ``gate`` and ``qubits`` beside those of gates. ``nan`` and what is missing leave a value as it is.
            date: The time of the measurement, in a form that :meth:`CalibrationArchive.between` takes. The snapshot is
                of then: it is :attr:`last_update`, and the date of all overridden values; others keep theirs. Alone,
                without values, it moves the calibration in time. Without it the snapshot takes the place of this one:
                the time and all dates stay.
            **values: Quantities of qubits (``t1``, ``t2``, ``frequency``, ``anharmonicity``, ``readout_error``,
                ``readout_length``, ``prob_meas0_prep1``, ``prob_meas1_prep0``, ``operational``), each a mapping from
                qubit to value, or as many values as there are qubits, where ``nan`` leaves one as it is; quantities of
                gates (``error``, ``duration``, ``operational``), each a mapping from ``(gate, qubits)`` to value.
                Payload names (``T1``, ``gate_error``) are accepted, too.
                ``None`` means that there is no value.

        Raises:
            IBMInputValueError: There is no such quantity, qubit or gate, or a value makes no sense.
            CompactFormError: This snapshot was made without payloads.
        """
        from .overrides import overridden

        configuration, properties, defaults = self.payloads
        changed = overridden(self, properties, table, date, values)
        return self if changed is None else type(self).from_payloads(configuration, changed, defaults)

    @property
    def provenance(self) -> Provenance | MaybeNone:
        """The overrides of :meth:`with_overrides`, and the digest of the snapshot that the device published.

        ``None`` if the payloads are as published.
        """
        from .overrides import provenance_of

        return provenance_of(self.properties)

    @property
    def name(self) -> str:
        """The device's name, such as ``"ibm_fez"``."""
        return self._native.name

    @property
    def num_qubits(self) -> int:
        """The number of qubits of the device."""
        return self._native.num_qubits

    @property
    def last_update(self) -> datetime.datetime | MaybeNone:
        """The time (aware) of the last update of the properties; ``None`` if there is none."""
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
        """The configuration of the device."""
        model = self._configuration
        if model is None:
            from ..models import BackendConfiguration

            model = BackendConfiguration._from_native(self._native)
            object.__setattr__(self, "_configuration", model)
        return model

    @property
    def properties(self) -> BackendProperties | MaybeNone:
        """The properties, measured values of the device; ``None`` if there are none."""
        model = self._properties
        if model is None and self._native.has_properties:
            from ..models import BackendProperties

            model = BackendProperties._from_native(self._native, self._source)
            object.__setattr__(self, "_properties", model)
        return model

    @property
    def defaults(self) -> PulseDefaults | MaybeNone:
        """The pulse defaults of the device; ``None`` if there are none."""
        model = self._defaults
        if model is None and (native := self._native.defaults) is not None:
            from ..models.defaults import PulseDefaults

            model = PulseDefaults._from_native(native, self._source, self.configuration)
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

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        data = self.to_bytes(payloads=self.has_payloads)
        return (type(self).from_bytes, (data,)) if self._source is None else (_unpickled, (data, self._source))

    def __repr__(self) -> str:
        updated = "no properties" if self.last_update is None else self.last_update.isoformat()
        return f"<Snapshot {self.name}: {count(self.num_qubits, 'qubit')}, {updated}, {self.digest[:12]}>"

    def _repr_html_(self) -> str:
        from .. import _html
        from .._overview import device_panel

        updated = "no properties" if self.last_update is None else f"calibrated {instant(self.last_update)}"
        digest = self.digest[:12]
        badges = [] if not self.has_payloads or self.provenance is None else [_html.badge("with overrides", "waiting")]
        notes = (count(self.num_qubits, "qubit"), updated, f"from {self.source}" if self.source else "", digest)
        return device_panel(self._native, _html.heading(self.name, *notes, kind="Snapshot", badges=badges))


def _unpickled(data: bytes, source: str) -> Snapshot:
    return Snapshot.from_bytes(data)._from_source(source)
