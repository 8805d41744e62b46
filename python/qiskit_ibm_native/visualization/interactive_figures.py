# SPDX-License-Identifier: Apache-2.0
"""Figures of Plotly in the style of pictures. Plotly is imported when one is made."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from .._extras import needed
from .._themes import theme
from .._words import log_text
from ..exceptions import IBMInputValueError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Sizes of text in pixels.
TITLE, TEXT, SMALL = 22, 15, 13


def refuse_axes(ax: object) -> None:
    """Refuse axes of matplotlib, on which Plotly does not draw.

    Raises:
        IBMInputValueError: There are some.
    """
    if ax is not None:
        raise IBMInputValueError("ax is of matplotlib, and interactive=True draws by Plotly: leave out one of them.")


def graph_objects() -> Any:
    """Return the module of Plotly that has its figures.

    Raises:
        MissingPackageError: Plotly is not installed.
    """
    return needed("plotly.graph_objects", "interactive", "Interactive pictures")


def new_figure(title: str, subtitle: str, *, dark: bool, height: int) -> Any:
    """Return an empty figure in the theme, with its titles; names in them are never read as HTML."""
    look = theme(dark=dark)
    figure = graph_objects().Figure()
    figure.update_layout(
        template="none",
        title={
            "text": f"<b>{escape(title)}</b>", "x": 0.01, "xanchor": "left", "font": {"size": TITLE},
            "subtitle": {"text": escape(subtitle), "font": {"size": SMALL, "color": look.muted}},
        },
        paper_bgcolor=look.background, plot_bgcolor=look.background, height=height,
        font={"color": look.ink, "size": SMALL, "family": "sans-serif"},
        hoverlabel={"bgcolor": look.background, "font": {"color": look.ink, "size": SMALL}},
        margin={"l": 90, "r": 30, "t": 90, "b": 70}, legend={"font": {"size": SMALL}},
    )  # fmt: skip
    return figure


def style_axis(look: Any, label: str = "", *, grid: bool = True, is_log: bool = False) -> dict[str, Any]:
    """Return the settings of an axis in the theme."""
    settings: dict[str, Any] = {
        "title": {"text": escape(label), "font": {"size": TEXT}, "standoff": 12}, "automargin": True, "gridcolor": look.grid, "linecolor": look.grid,
        "tickfont": {"color": look.muted, "size": SMALL}, "zeroline": False, "showgrid": grid, "showline": True,
        "exponentformat": "power",
    }  # fmt: skip
    if not is_log:
        return settings
    # Plotly's own ticks of logarithmic scales are digits without their powers.
    places = [digit * 10.0**power for power in range(-12, 13) for digit in (1, 2, 5)]
    return {**settings, "type": "log", "tickvals": places, "ticktext": [log_text(place) for place in places]}


def log_range(low: float, high: float, *, is_log: bool) -> list[float]:
    """Return the ends of an axis as Plotly takes them: powers of ten of logarithmic scales."""
    return [math.log10(low), math.log10(high)] if is_log else [low, high]


def closed(x: Sequence[Any], low: Sequence[Any], high: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return bands as closed outlines, one for each run of values that are there, with ``None`` between them."""
    along: list[Any] = []
    up: list[Any] = []
    run: list[int] = []
    for index in range(len(x) + 1):
        if index < len(x) and not math.isnan(low[index]):
            run.append(index)
        elif run:
            along += [*(x[each] for each in run), *(x[each] for each in reversed(run)), None]
            up += [*(low[each] for each in run), *(high[each] for each in reversed(run)), None]
            run = []
    return along, up


def gaps_as_none(values: Sequence[float]) -> list[float | None]:
    """Return values with ``None`` where there is none, which Plotly has as a gap."""
    return [None if math.isnan(value) else value for value in values]


def faded(color: str, share: float) -> str:
    """Return a color that lets the background through."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"
