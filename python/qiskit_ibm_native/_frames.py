# SPDX-License-Identifier: Apache-2.0
"""Tables for the tools of analysts: Arrow, pandas, polars and xarray, by the same methods everywhere.

Arrays of floats, integers and times become Arrow's without a copy; missing values are null, and not NaN, which
payloads may have. pyarrow makes the tables: a stream of our own would need callbacks into the interpreter, which
those who hold the memory may call when the interpreter is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _extras

if TYPE_CHECKING:
    import numpy as np
    import pandas
    import polars
    import pyarrow
    import xarray
    from numpy.typing import NDArray


#: The purposes of packages, as errors say them.
_PURPOSES = {"pyarrow": "Arrow tables", "xarray": "Labelled arrays"}
#: Types of pandas for which a value may be missing, by those of Arrow.
_NULLABLE = {"uint32": "UInt32Dtype", "int64": "Int64Dtype", "bool": "BooleanDtype"}


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: The name; a number for a qubit in wide tables, which is a text in Arrow and polars.
        values: An array ``(rows,)`` of floats, integers, flags or times (UTC).
        valid: The mask of values that are present, an array ``(rows,)``; ``None`` if all are.
        unit: The SI unit; empty if there is none.
        labels: Texts of which ``values`` are indices.
    """

    name: str | int
    values: Any
    valid: Any = None
    unit: str = ""
    labels: Sequence[str] | None = None


@dataclass(frozen=True)
class Table:
    """Columns of the same length.

    Attributes:
        columns: The columns.
        notes: Facts about the whole table, such as the device: metadata of Arrow's schema, ``attrs`` of pandas.
        index: The column that is the index in pandas, if there is one.
        axis: The name of the axis that the other columns are on, such as ``"qubit"``, in pandas.
    """

    columns: Sequence[Column]
    notes: Mapping[str, str] = field(default_factory=dict)
    index: str | None = None
    axis: str | None = None


class Tabular:
    """An object with a table, which all tools take that know Arrow's interface, such as ``polars.DataFrame(it)``."""

    __slots__ = ()

    def _table(self, *, wide: bool = False) -> Table:
        """Return the table of the object."""
        raise AssertionError(wide)

    def table(self, *, wide: bool = False) -> pyarrow.Table:
        """Return the values as a ``pyarrow.Table``; units are in the metadata of its fields.

        Args:
            wide: Whether to have a column for each qubit, or for each qargs of a gate, and a row for each time. By
                default there is a row for each value.

        Raises:
            MissingPackageError: pyarrow is not installed.
            IBMInputValueError: There is no wide table.
        """
        return arrow_table(self._table(wide=wide))

    def to_pandas(self, *, wide: bool = False) -> pandas.DataFrame:
        """Return the values as a ``pandas.DataFrame``; ``attrs["units"]`` has the units.

        Args:
            wide: As in :meth:`table`; then the index is the time, in UTC.

        Raises:
            MissingPackageError: pyarrow or pandas is not installed.
            IBMInputValueError: There is no wide table.
        """
        pandas = needed("pandas")
        return _pandas_frame(pandas, self._table(wide=wide))

    def to_polars(self, *, wide: bool = False) -> polars.DataFrame:
        """Return the values as a ``polars.DataFrame``.

        Args:
            wide: As in :meth:`table`.

        Raises:
            MissingPackageError: pyarrow or polars is not installed.
            IBMInputValueError: There is no wide table.
        """
        return polars_frame(lambda: self.table(wide=wide))

    def to_xarray(self) -> xarray.Dataset:
        """Return the values as an ``xarray.Dataset`` with the dimension ``row``; units are attributes.

        Raises:
            MissingPackageError: xarray is not installed.
        """
        table = self._table()
        variables = {}
        for column in table.columns:
            values = _plain(column)
            # Units of times and texts are taken by those who write files.
            notes = (
                TIME_NOTES if values.dtype.kind == "M" else {} if values.dtype.kind == "O" else {"units": column.unit}
            )
            variables[str(column.name)] = ("row", values, notes)
        return data_set(variables, {}, table.notes)

    def _shown(self) -> Sequence[int] | None:
        """Return the rows of the table in the order in which notebooks show them; ``None`` for their own order."""
        return None

    def _repr_html_(self) -> str:
        from . import _html

        return _html.panel(_html.heading_of(self), _html.columns_table(self._table().columns, self._shown()))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return Arrow's stream of the long table."""
        return self.table().__arrow_c_stream__(requested_schema)


def refuse_wide(wide: bool, owner: object) -> None:
    """Refuse a wide table of what has more than one quantity.

    Raises:
        IBMInputValueError: ``wide`` is true.
    """
    if wide:
        from .exceptions import IBMInputValueError

        raise IBMInputValueError(f"{owner!r} has no wide table, because it has more than one quantity; a series has.")


def needed(package: str) -> Any:
    """Import and return a package of the extra ``dataframes``.

    Raises:
        MissingPackageError: It is not installed.
    """
    return _extras.needed(package, "dataframes", _PURPOSES.get(package, "Data frames"))


def pandas_frame(read: Callable[[], Any]) -> Any:
    """Return the table that ``read`` returns, a ``pyarrow.Table``, as a ``pandas.DataFrame``.

    Raises:
        MissingPackageError: pandas is not installed.
    """
    needed("pandas")
    return read().to_pandas()


def polars_frame(read: Callable[[], Any]) -> Any:
    """Return the table that ``read`` returns, a ``pyarrow.Table``, as a ``polars.DataFrame``.

    Raises:
        MissingPackageError: polars is not installed.
    """
    polars = needed("polars")
    return polars.from_arrow(read())


def arrow_table(table: Table) -> Any:
    """Return a table as a ``pyarrow.Table``."""
    pa = needed("pyarrow")
    arrays = [arrow_array(pa, column) for column in table.columns]
    fields = [
        pa.field(str(column.name), array.type, metadata={"unit": column.unit} if column.unit else None)
        for column, array in zip(table.columns, arrays, strict=True)
    ]
    return pa.table(arrays, schema=pa.schema(fields, metadata=dict(table.notes)))


def arrow_array(pa: Any, column: Column) -> Any:
    """Return a column as an array of pyarrow, with the same memory if it has no labels and no flags."""
    import numpy as np

    values, mask = column.values, None
    if column.valid is not None and not column.valid.all():
        mask = ~column.valid
    if column.labels is not None:
        codes = pa.array(np.asarray(values, dtype=np.int32), mask=mask)
        return pa.DictionaryArray.from_arrays(codes, pa.array(column.labels, pa.string()))
    kind = pa.timestamp("us", tz="UTC") if values.dtype.kind == "M" else None
    return pa.array(values, kind, mask=mask)


def labelled_frame(pandas: Any, arrow: Any) -> Any:
    """Return a ``pyarrow.Table`` as a ``pandas.DataFrame``, with the metadata and the units in ``attrs``."""
    frame = arrow.to_pandas()
    for name, column in zip(arrow.column_names, arrow.columns, strict=True):
        # Integers and flags of which some are missing would be floats and objects.
        if column.null_count and str(column.type) in _NULLABLE:
            frame[name] = column.to_pandas(types_mapper=lambda kind: getattr(pandas, _NULLABLE[str(kind)])())
    notes = {key.decode(): text.decode() for key, text in (arrow.schema.metadata or {}).items()}
    units = {kind.name: (kind.metadata or {}).get(b"unit", b"").decode() for kind in arrow.schema}
    frame.attrs = {**notes, "units": {name: unit for name, unit in units.items() if unit}}
    return frame


def _pandas_frame(pandas: Any, table: Table) -> Any:
    frame = labelled_frame(pandas, arrow_table(table))
    if table.index is not None:
        frame.columns = [column.name for column in table.columns]
        frame = frame.set_index(table.index)
        frame.columns = pandas.Index(frame.columns, name=table.axis)
        frame.attrs["units"] = {column.name: column.unit for column in table.columns if column.unit}
    return frame


def _plain(column: Column) -> NDArray[Any]:
    """Return a column as an array in which missing values are ``nan``, ``NaT``, or ``None`` among texts."""
    import numpy as np

    valid = np.ones(len(column.values), dtype=bool) if column.valid is None else column.valid
    if column.labels is not None:
        labels = np.array([*column.labels, None], dtype=object)
        return np.asarray(labels[np.where(valid, column.values, len(column.labels))])
    if valid.all():
        return np.asarray(column.values)
    missing = np.datetime64("NaT") if column.values.dtype.kind == "M" else np.nan
    return np.where(valid, column.values, missing)


def qubit_column(qubits: NDArray[np.uint32], repeats: int = 1) -> list[Column]:
    """Return the column of qubits of a long table, in which they follow each other ``repeats`` times."""
    import numpy as np

    return [Column("qubit", np.tile(np.asarray(qubits, dtype=np.uint32), repeats))]


def qargs_columns(qargs: NDArray[np.uint32], repeats: int = 1) -> list[Column]:
    """Return the columns of qargs, an array ``(m, k)``: a label such as ``"0-1"``, and ``k`` columns of qubits."""
    import numpy as np

    # Rows may repeat qargs, labels may not.
    labels = qargs_labels(qargs)
    code = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    codes = np.tile(np.array([code[label] for label in labels], dtype=np.int32), repeats)
    qubits = [Column(f"qubit_{index}", np.tile(column, repeats)) for index, column in enumerate(qargs.T)]
    return [Column("qargs", codes, labels=list(code)), *qubits]


def qargs_labels(qargs: NDArray[np.uint32]) -> list[str]:
    """Return labels such as ``"0-1"`` of qargs, an array ``(m, k)``."""
    return ["-".join(map(str, qubits)) for qubits in qargs.tolist()]


def data_set(variables: Mapping[str, tuple[Any, Any, Any]], coords: Mapping[str, Any], notes: Mapping[str, str]) -> Any:
    """Return an ``xarray.Dataset``.

    Args:
        variables: Dimensions, values and attributes by name.
        coords: Coordinates, as xarray takes them.
        notes: Attributes of the whole.

    Raises:
        MissingPackageError: xarray is not installed.
    """
    return needed("xarray").Dataset(dict(variables), dict(coords), dict(notes))


def place_coords(qubits: NDArray[np.uint32]) -> tuple[str, dict[str, Any]]:
    """Return the dimension of qubits, an array ``(m,)``, or of qargs, ``(m, k)``, and its coordinates."""
    if qubits.ndim == 1:
        return "qubit", {"qubit": qubits}
    of_qubits = {f"qubit_{index}": ("qargs", column) for index, column in enumerate(qubits.T)}
    return "qargs", {"qargs": qargs_labels(qubits), **of_qubits}


#: The attributes of times, which have no time zone in xarray.
TIME_NOTES = {"time_zone": "UTC", "long_name": "last update of the calibration"}
