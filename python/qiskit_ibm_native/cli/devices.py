# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native devices``: which devices there are."""

from __future__ import annotations

from . import output
from .options import Json


def devices(json: Json = False) -> None:
    """List the devices that come with this package.

    Examples:
        qiskit-ibm-native devices
        qiskit-ibm-native devices --json
    """
    from ..snapshot.storage import bundled_devices

    names = bundled_devices()
    if json:
        output.document([{"name": name} for name in names])
        return
    output.table(["Device"], [[name] for name in names])
