# SPDX-License-Identifier: Apache-2.0
"""When which parts of a result were measured: the metadata ``execution_spans`` of a job.

Attributes and methods are those of the official client's classes of these names, which are three here in one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import total_ordering
from typing import overload

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class DataSlice:
    """The part of a circuit's result that a span is about.

    Attributes:
        shape: Shape of the whole data, shots last. With twirling it has an axis of randomizations more.
        rows: The part of the flattened data; of ``shape[:-1]``, flattened, if ``shots`` is given.
        shots: The part of the last axis; ``None`` if ``rows`` is a part of the data with shots.
        randomizations_first: With twirling, whether randomizations are the first axis; otherwise they are the one
            before shots. ``None`` without twirling.
        pub_shots: With twirling, the number of shots that were asked for, if the service tells.

    Examples:
        >>> from qiskit_ibm_native import DataSlice
        >>> part = DataSlice(shape=(2, 1000), rows=slice(0, 1500))  # two sets of parameters with 1000 shots each
        >>> part.size, part.mask().sum(axis=1).tolist()
        (1500, [1000, 500])
    """

    shape: tuple[int, ...]
    rows: slice
    shots: slice | None = None
    randomizations_first: bool | None = None
    pub_shots: int | None = None

    @property
    def size(self) -> int:
        """The number of results in this part."""
        if self.shots is None:
            return len(range(math.prod(self.shape))[self.rows])
        return len(range(math.prod(self.shape[:-1]))[self.rows]) * len(range(self.shape[-1])[self.shots])

    def mask(self) -> npt.NDArray[np.bool_]:
        """Return an array that is true for the results in this part, of the shape of the data, without twirling."""
        mask = np.zeros(self.shape, dtype=np.bool_)
        if self.shots is None:
            mask.reshape(-1)[self.rows] = True
            return mask
        mask.reshape(math.prod(self.shape[:-1]), self.shape[-1])[self.rows, self.shots] = True
        if self.randomizations_first is None:
            return mask
        if self.randomizations_first:
            mask = np.moveaxis(mask, 0, -2)
        return mask.reshape(*mask.shape[:-2], math.prod(mask.shape[-2:]))[..., : self.pub_shots]


@total_ordering
@dataclass(frozen=True)
class ExecutionSpan:
    """A time in which a part of the results of a job was measured. Spans sort by their times.

    Attributes:
        start: The beginning; aware.
        stop: The end; aware.
        data_slices: By the index of a circuit, the part of its result.

    Examples:
        >>> import datetime
        >>> from qiskit_ibm_native import DataSlice, ExecutionSpan
        >>> start = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc)
        >>> span = ExecutionSpan(start, start + datetime.timedelta(seconds=2), {0: DataSlice((1000,), slice(0, 1000))})
        >>> span.duration, span.size  # s, shots
        (2.0, 1000)
    """

    start: datetime
    stop: datetime
    data_slices: Mapping[int, DataSlice]

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: ExecutionSpan) -> bool:
        return (self.start, self.stop) < (other.start, other.stop)

    def __repr__(self) -> str:
        times = f"start='{self.start:%Y-%m-%d %H:%M:%S}', stop='{self.stop:%Y-%m-%d %H:%M:%S}'"
        return f"ExecutionSpan(<{times}, size={self.size}>)"

    @property
    def duration(self) -> float:
        """The duration, in seconds."""
        return (self.stop - self.start).total_seconds()

    @property
    def pub_idxs(self) -> list[int]:
        """The indices of the circuits that have results of this time."""
        return sorted(self.data_slices)

    @property
    def size(self) -> int:
        """The number of results of this time: shots, for samplers."""
        return sum(part.size for part in self.data_slices.values())

    def mask(self, pub_idx: int) -> npt.NDArray[np.bool_]:
        """Return an array that is true for the results of this time, of the shape of a circuit's data.

        Raises:
            KeyError: The circuit has no results of this time.
        """
        if pub_idx not in self.data_slices:
            raise KeyError(f"Circuit {pub_idx} is not in the span, which has {self.pub_idxs}.")
        return self.data_slices[pub_idx].mask()

    def contains_pub(self, pub_idx: int | Iterable[int]) -> bool:
        """Return whether a circuit, or one of several, has results of this time."""
        return not _indices(pub_idx).isdisjoint(self.data_slices)

    def filter_by_pub(self, pub_idx: int | Iterable[int]) -> ExecutionSpan:
        """Return the span of some circuits only."""
        wanted = _indices(pub_idx)
        return ExecutionSpan(
            self.start, self.stop, {index: part for index, part in self.data_slices.items() if index in wanted}
        )


class ExecutionSpans:
    """The spans of a job, as a sequence.

    Args:
        spans: The spans.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMProvider
        >>> circuit = QuantumCircuit(1, 1)
        >>> _ = circuit.measure(0, 0)
        >>> result = IBMProvider(channel="local").get_backend("ibmq_lima").run(circuit, shots=100).result()
        >>> spans = result.metadata["execution"]["execution_spans"]
        >>> len(spans), spans[0].size
        (1, 100)
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, spans: Iterable[ExecutionSpan]) -> None:
        """Create the sequence."""
        self._spans = list(spans)

    def __len__(self) -> int:
        return len(self._spans)

    @overload
    def __getitem__(self, idxs: int) -> ExecutionSpan: ...

    @overload
    def __getitem__(self, idxs: slice | list[int]) -> ExecutionSpans: ...

    def __getitem__(self, idxs: int | slice | list[int]) -> ExecutionSpan | ExecutionSpans:
        if isinstance(idxs, int):
            return self._spans[idxs]
        return ExecutionSpans(self._spans[idxs] if isinstance(idxs, slice) else [self._spans[index] for index in idxs])

    def __iter__(self) -> Iterator[ExecutionSpan]:
        return iter(self._spans)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExecutionSpans) and self._spans == other._spans

    def __repr__(self) -> str:
        return f"ExecutionSpans({self._spans!r})"

    @property
    def pub_idxs(self) -> list[int]:
        """The indices of the circuits that have results of these times."""
        return sorted({index for span in self._spans for index in span.pub_idxs})

    @property
    def start(self) -> datetime:
        """The beginning of the first span; aware.

        Raises:
            ValueError: There is no span.
        """
        return min(span.start for span in self._spans)

    @property
    def stop(self) -> datetime:
        """The end of the last span; aware.

        Raises:
            ValueError: There is no span.
        """
        return max(span.stop for span in self._spans)

    @property
    def duration(self) -> float:
        """The time from beginning to end, in seconds."""
        return (self.stop - self.start).total_seconds()

    def filter_by_pub(self, pub_idx: int | Iterable[int]) -> ExecutionSpans:
        """Return the spans, each of some circuits only."""
        wanted = _indices(pub_idx)
        return ExecutionSpans(span.filter_by_pub(wanted) for span in self._spans)

    def sort(self, inplace: bool = True) -> ExecutionSpans:
        """Sort by beginning; return this sequence, or a sorted copy if not ``inplace``."""
        sorted_spans = self if inplace else ExecutionSpans(self)
        sorted_spans._spans.sort()
        return sorted_spans


def _indices(pub_idx: int | Iterable[int]) -> set[int]:
    return {pub_idx} if isinstance(pub_idx, int) else set(pub_idx)
