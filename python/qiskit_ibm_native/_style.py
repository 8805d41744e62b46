# SPDX-License-Identifier: Apache-2.0
"""The one style of all pictures: a light and a dark theme, maps of colours, and figures that show themselves.

This module imports matplotlib, and is imported when something is drawn. Schedules draw themselves, below the room of
pictures, so that the style lies below both. Nothing here changes matplotlib's settings or needs pyplot: colours and
sizes are given to each artist, so that pictures look the same in every program.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from ._themes import LIGHT, Theme, lightness_of, stops, theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

__all__ = [
    "LIGHT", "PADS", "SMALL", "TEXT", "TITLE", "Picture", "Theme", "axes_for", "checked_axes", "diverging", "dress", "figure_of",
    "frame_legend", "ink_on", "legend_columns", "lightness", "new_picture", "sequential", "theme", "write_title",
]  # fmt: skip

#: Sizes of text in points, for figures about ten inches wide, which are legible when they fill a slide.
TITLE, TEXT, SMALL = 17.0, 13.0, 11.0
#: Dots in an inch of pictures in notebooks, which show them half as large, so that they are sharp on every screen.
_NOTEBOOK_DPI, _SCREEN_DPI = 160, 80
#: Room around everything in a figure with the constrained layout, inches.
PADS = {"w_pad": 0.12, "h_pad": 0.12}
#: Width of the mark of an entry of a legend with the room around it, in sizes of the font.
_HANDLE = 4.0
#: Identifiers in SVG files are made from this, so that the same picture gives the same file.
_SALT = "qiskit-ibm-native"
#: Dates that files of a format have unless they are ``None``.
_DATES = {"svg": "Date", "svgz": "Date", "pdf": "CreationDate", "ps": "CreationDate", "eps": "CreationDate"}


def sequential(*, dark: bool) -> Colormap:
    """Return the colours from low to high values: lightness falls evenly in the light theme and rises in the dark."""
    return _map_of("sequential", theme(dark=dark).sequential)


def diverging(*, dark: bool) -> Colormap:
    """Return the colours from negative values (blue) to positive ones (orange), with a quiet middle."""
    return _map_of("diverging", theme(dark=dark).diverging)


@cache
def _map_of(name: str, colors: tuple[str, ...]) -> Colormap:
    """Return the map through some colours, placed so that lightness changes by the same amount everywhere."""
    return LinearSegmentedColormap.from_list(f"qiskit_ibm_native_{name}", stops(colors, is_centred=name == "diverging"))


def lightness(color: Any) -> float:
    """Return the lightness L* of a colour in CIELAB, from 0 (black) to 100 (white)."""
    return lightness_of(to_hex(color))


def ink_on(color: Any) -> str:
    """Return the colour of text on a background: nearly black or white, whichever can be read better."""
    return LIGHT.ink if lightness(color) > 55 else "#ffffff"


class Picture(Figure):
    """A figure that notebooks show, whether or not anything has imported pyplot, and that files hold reproducibly."""

    def _repr_png_(self) -> bytes:
        file = BytesIO()
        self.savefig(file, format="png", dpi=_NOTEBOOK_DPI)
        return file.getvalue()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        del include, exclude  # A picture has one form.
        width, height = (round(inches * _SCREEN_DPI) for inches in self.get_size_inches())
        return {"image/png": self._repr_png_()}, {"image/png": {"width": width, "height": height}}

    def savefig(self, fname: Any, **options: Any) -> None:
        """Write the picture; see ``matplotlib.figure.Figure.savefig``. The same picture gives the same file."""
        kind = options.get("format") or str(getattr(fname, "name", fname)).rpartition(".")[2]
        date = _DATES.get(str(kind).lower())
        if date is not None:
            options["metadata"] = {date: None, **(options.get("metadata") or {})}
        with rc_context({"svg.hashsalt": _SALT}):
            super().savefig(fname, **options)


def new_picture(size: tuple[float, float], *, dark: bool) -> Picture:
    """Return an empty figure.

    Args:
        size: Width and height, inches.
        dark: Whether it is of the dark theme.
    """
    return Picture(figsize=size, dpi=100, facecolor=theme(dark=dark).background)


def axes_for(
    ax: Axes | None, size: tuple[float, float], *, dark: bool, layout: Literal["constrained"] | None = "constrained"
) -> Axes:
    """Return the axes to draw on: the given ones, or those of a new figure.

    Args:
        ax: Axes that a caller was given, or ``None``.
        size: Width and height of a new figure, inches.
        dark: Whether the picture is of the dark theme.
        layout: The layout engine of a new figure; without one, its axes fill it.

    Raises:
        IBMInputValueError: ``ax`` is something else.
    """
    if ax is not None:
        return checked_axes(ax)
    picture = new_picture(size, dark=dark)
    if layout is None:
        return picture.add_axes((0.0, 0.0, 1.0, 1.0))
    picture.set_layout_engine(layout, **PADS)
    return picture.add_subplot()


def checked_axes(ax: Any) -> Axes:
    """Return axes as they are.

    Raises:
        IBMInputValueError: They are no axes of matplotlib in two dimensions, or were removed from their figure.
    """
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes) or ax.name == "3d":
        from .exceptions import IBMInputValueError

        raise IBMInputValueError(
            f"ax must be Axes of matplotlib in two dimensions, not {type(ax).__name__}. Make some with"
            " matplotlib.figure.Figure().add_subplot(), or leave ax out for a new figure."
        )
    if ax.figure is None:
        from .exceptions import IBMInputValueError

        raise IBMInputValueError("ax was removed from its figure: give axes that a figure has.")
    return ax


def figure_of(ax: Axes) -> Figure:
    """Return the figure that axes are in, also if a part of the figure is between."""
    figure = ax.figure
    while not isinstance(figure, Figure):
        figure = figure.figure
    return figure


def dress(ax: Axes, *, dark: bool, grid: Literal["x", "y", "both"] | None = "y") -> None:
    """Give axes with scales the theme: colours, sizes of text, and lines on two sides.

    Args:
        ax: The axes, before or after something was drawn.
        dark: Whether the picture is of the dark theme.
        grid: The axis whose ticks have lines: ``"x"``, ``"y"``, ``"both"``, or none.
    """
    look = theme(dark=dark)
    ax.set_facecolor(look.background)
    ax.set_axisbelow(True)
    if grid is not None:
        ax.grid(visible=True, axis=grid, color=look.grid, linewidth=0.8)
    for side, spine in ax.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(look.grid)
    ax.tick_params(which="both", colors=look.muted, labelcolor=look.muted, labelsize=SMALL)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set(color=look.ink, fontsize=TEXT)
    ax.title.set(color=look.ink, fontsize=TITLE)


def write_title(ax: Axes, text: str, *, dark: bool, below: str | None = None) -> None:
    """Write the title of axes at their left, and a second, quieter line below it.

    Args:
        ax: The axes.
        text: The first line. It is never read as a formula.
        below: The second line.
        dark: Whether the picture is of the dark theme.
    """
    look = theme(dark=dark)
    ax.set_title(
        text, loc="left", color=look.ink, fontsize=TITLE, fontweight="bold", parse_math=False,
        pad=10 if below is None else 12 + 1.3 * SMALL,
    )  # fmt: skip
    if below is not None:
        ax.annotate(
            below, (0, 1), (0, 7), xycoords="axes fraction", textcoords="offset points", color=look.muted,
            fontsize=SMALL, parse_math=False, annotation_clip=False,
        )  # fmt: skip


def frame_legend(ax: Axes, *, dark: bool, handles: Sequence[Any] | None = None, **options: Any) -> None:
    """Add a legend in the theme; ``options`` are those of ``Axes.legend``."""
    look = theme(dark=dark)
    given = {} if handles is None else {"handles": list(handles)}
    ax.legend(**given, **{"frameon": False, "fontsize": SMALL, "labelcolor": look.ink, **options})


def legend_columns(handles: Sequence[Any], width: float) -> int:
    """Return the largest number of columns of a legend that fits into a width, inches; 1 if none does.

    A legend that is wider than the axes that it belongs to would make layouts shrink these.
    """
    font = FontProperties(size=SMALL)
    texts = [text_to_path.get_text_width_height_descent(str(handle.get_label()), font, False)[0] for handle in handles]
    widths = [(text + _HANDLE * SMALL) / 72 for text in texts]
    for columns in range(len(widths), 1, -1):
        # Entries go down the columns, of which the first ones may have one more.
        if sum(part.max() for part in np.array_split(widths, columns)) <= width:
            return columns
    return 1
