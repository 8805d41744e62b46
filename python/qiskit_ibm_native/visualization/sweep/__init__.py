# SPDX-License-Identifier: Apache-2.0
"""Pictures of the results of sweeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..._extras import needed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .content import HasPoints


def plot_sweep(
    results: HasPoints,
    figure: str = "depth",
    *,
    by: str | Sequence[str] | None = None,
    pareto: tuple[str, str] | None = None,
    most: int = 30,
    log: bool | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    dark: bool = False,
    interactive: bool = False,
) -> Figure | Any:
    """Draw how a figure of transpiled circuits is distributed, a row for each device, level or seed; or a Pareto front.

    A row has a dot for each result, or a shape as high as results are many, and a box: quartiles, median, and a line
    from the quantile of 5 % to that of 95 %. Behind it stands how many results there are, and how many tasks failed.

    With ``pareto``, two figures are drawn against each other: results that no other one of their group beats in both
    figures, as :meth:`SweepResults.pareto` finds them, and the ones that these beat.

    Args:
        results: A :class:`SweepResults`, or a :class:`Ledger` for all that it has.
        figure: A figure, such as ``"depth"``, ``"two_qubit_count"``, ``"esp"`` or ``"duration"``, or a metric.
        by: The dimension of rows, or two: of rows, and of the colours within them. Dimensions are ``"device"`` (by
            default), ``"level"``, ``"seed"``, ``"circuit"``, ``"snapshot"``, ``"options"``, and axes with names, such
            as ``"initial_layout"``. With ``pareto``, results that have these in common are compared with each other; by
            default those of a circuit and a snapshot.
        pareto: Two figures, such as ``("depth", "esp")``; ``figure`` does not count then.
        most: The largest number of rows; of more, those with the best medians are drawn.
        log: Whether the scale of the figure is logarithmic; by default it is if values differ by a factor of 100.
        title: The text above; by default, the figure and the dimensions.
        ax: Axes to draw on; by default, those of a new figure.
        dark: Whether colours are those for a dark background.
        interactive: Whether to return a figure of Plotly, which tells circuit, device, level and seed of results.

    Returns:
        The figure, which notebooks show and ``figure.savefig`` writes; or a ``plotly.graph_objects.Figure``.

    Raises:
        IBMInputValueError: There is no such figure or dimension, or an argument makes no sense.
        MissingPackageError: Matplotlib or Plotly is not installed.

    Examples:
        >>> from qiskit_ibm_native import Ledger
        >>> from qiskit_ibm_native.visualization import plot_sweep
        >>> with Ledger() as ledger:
        ...     figure = plot_sweep(ledger, "two_qubit_depth", by=("device", "level"))
    """
    from .content import distribution_of, trade_off_of

    content: Any
    if pareto is None:
        content = distribution_of(results, figure, by, most, log, title, tells=interactive)
    else:
        content = trade_off_of(results, pareto, by, log, title)
    if interactive:
        from ..interactive_figures import refuse_axes

        refuse_axes(ax)
        needed("plotly", "interactive", "Interactive pictures")
        from .interactive import draw_distribution as draw_rows
        from .interactive import draw_trade_off as draw_front

        return draw_rows(content, dark=dark) if pareto is None else draw_front(content, dark=dark)
    needed("matplotlib", "visualization", "Pictures")
    from .distribution import draw_distribution
    from .trade_off import draw_trade_off

    return (draw_distribution if pareto is None else draw_trade_off)(content, ax, dark=dark)
