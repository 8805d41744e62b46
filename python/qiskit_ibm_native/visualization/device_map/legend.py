# SPDX-License-Identifier: Apache-2.0
"""The marks that are on a map and have a meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .content import DeviceMap, Layer


def legend_keys(content: DeviceMap) -> list[str]:
    """Return the names of the marks that are on a map and have a meaning."""
    present = {
        "missing_qubits": _has_missing(content.qubits, content.faulty_qubits | content.quiet_qubits),
        "missing_edges": _has_missing(content.couplings, content.faulty_edges | content.quiet_edges),
    }
    return [key for key in content.legend if present.get(key, bool(getattr(content, key, None)))]


def _has_missing(layer: Layer | None, explained: frozenset[object]) -> bool:
    """Return whether values are missing of parts that have no other mark."""
    if layer is None or not layer.values.size:
        return False
    return int((layer.values != layer.values).sum()) > len(explained)
