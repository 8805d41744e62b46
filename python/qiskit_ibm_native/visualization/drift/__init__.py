# SPDX-License-Identifier: Apache-2.0
"""Pictures of values over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..._extras import needed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..._moments import Span
    from ...archive import ArchiveSeries, ChangePoints, Event
    from ...snapshot.series import CalibrationSeries, GateSeries

#: Shares of the qubits that bands hold by default.
BANDS = (0.5, 0.9)


def plot_drift(
    series: ArchiveSeries | CalibrationSeries | GateSeries,
    quantity: str | None = None,
    *,
    gate: str | None = None,
    qubits: int | Iterable[int] | Iterable[Sequence[int]] | str | None = None,
    events: Iterable[Event] | None = None,
    changes: ChangePoints | bool | None = None,
    bands: Sequence[float] = BANDS,
    gap: Span | None = None,
    log: bool | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    dark: bool = False,
    interactive: bool = False,
) -> Figure | Any:
    """Draw a quantity over time: the median of all qubits, bands that hold shares of them, and single qubits as lines.

    Lines end where no calibration is for long, and go on after that; such times are shaded. Values that are missing
    leave a gap, too. Errors of 1, which mark gates that do not work, are left out, and counted in the legend.

    Args:
        series: ``archive.series(device, quantity)``, a :class:`CalibrationSeries` or one of its gates.
        quantity: The quantity of a :class:`CalibrationSeries`, by default ``"t1"``, or ``"error"`` of a gate. Of
            ``"operational"``, the number of qubits that work is drawn.
        gate: The gate of a :class:`CalibrationSeries`.
        qubits: Qubits with lines of their own: ``3`` or ``[3, 5]``; of a gate, ``(0, 1)`` or ``[(0, 1), (1, 2)]``; or
            ``"all"`` for a thin line each. Events and changes are those of these qubits then.
        events: Events to mark below, such as ``archive.events(device)``. Those that concern neither the device, nor the
            qubits or the gate of the series, are left out.
        changes: Changes of level to mark: ``series.change_points()``, or ``True`` for these.
        bands: Shares of the qubits, in the middle, that bands hold: 0.5 is from the quantile of 25 % to that of 75 %.
        gap: The longest time between calibrations over which lines go, such as ``"2d"``; by default, five times the
            median.
        log: Whether the scale is logarithmic; by default it is for probabilities.
        title: The text above; by default, device and quantity.
        ax: Axes to draw on; by default, those of a new figure.
        dark: Whether colours are those for a dark background.
        interactive: Whether to return a figure of Plotly, whose lines tell their values.

    Returns:
        The figure, which notebooks show and ``figure.savefig`` writes; or a ``plotly.graph_objects.Figure``.

    Raises:
        IBMInputValueError: There is no such qubit, or an argument makes no sense.
        MissingPackageError: Matplotlib or Plotly is not installed.
        ValueError: There is no such quantity.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> from qiskit_ibm_native.snapshot.series import CalibrationSeries
        >>> from qiskit_ibm_native.visualization import plot_drift
        >>> figure = plot_drift(CalibrationSeries([Snapshot.load("fez")]), "t1", qubits=[3])
    """
    from .content import content_of

    content = content_of(series, quantity, gate, qubits, events, changes, bands, gap, log, title)
    if interactive:
        from ..interactive_figures import refuse_axes

        refuse_axes(ax)
        needed("plotly", "interactive", "Interactive pictures")
        from .interactive import draw as draw_interactive

        return draw_interactive(content, dark=dark)
    needed("matplotlib", "visualization", "Pictures")
    from .figure import draw

    return draw(content, ax, dark=dark)
