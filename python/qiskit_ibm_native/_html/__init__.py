# SPDX-License-Identifier: Apache-2.0
"""Pictures of objects for notebooks: HTML that is escaped, bounded, and legible on light and dark pages.

An object's ``_repr_html_`` returns a :func:`panel` of parts. Styles are attributes of their elements, since some
viewers leave out style sheets; a viewer that leaves out these, too, shows headings, tables and lists that can be read.
Colours are those of the page, or are seen on white and on black.
"""

from __future__ import annotations

from .columns import columns_table
from .device_map import Coupler, DeviceMap, Mark
from .parts import (
    MAX_ROWS,
    MAX_UNFOLDED,
    alert,
    badge,
    facts,
    fold,
    heading,
    heading_of,
    note,
    panel,
    problems,
    side_by_side,
    table,
)
from .sparkline import sparkline
from .text import cell, plain

__all__ = [
    "MAX_ROWS",
    "MAX_UNFOLDED",
    "Coupler",
    "DeviceMap",
    "Mark",
    "alert",
    "badge",
    "cell",
    "columns_table",
    "facts",
    "fold",
    "heading",
    "heading_of",
    "note",
    "panel",
    "plain",
    "problems",
    "side_by_side",
    "sparkline",
    "table",
]
