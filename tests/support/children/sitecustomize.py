# SPDX-License-Identifier: Apache-2.0
"""Processes that tests start do without the transpiler plug-ins of other packages.

Qiskit imports every package that has plug-ins when it first transpiles: the official client and qiskit-experiments are
4 s of processor time in each of several hundred processes. The tests themselves run with all plug-ins.
"""

import importlib.metadata

_SLOW = ("qiskit_ibm_runtime", "qiskit_experiments")
_load = importlib.metadata.EntryPoint.load


class _Unused:
    """Stand-in for a plug-in that no test asks for."""


def load(entry_point):
    """Return the object of an entry point, or a stand-in."""
    return _Unused if entry_point.module.partition(".")[0] in _SLOW else _load(entry_point)


importlib.metadata.EntryPoint.load = load
