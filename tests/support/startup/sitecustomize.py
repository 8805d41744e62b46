# SPDX-License-Identifier: Apache-2.0
"""Processes that tests start import the slow transpiler plug-ins of other packages when these are used.

Qiskit imports every package that has plug-ins when it first transpiles: the official client and qiskit-experiments are
4 s of processor time in each of several hundred processes. The tests themselves run with plug-ins as they are.
"""

import importlib.metadata

_SLOW = ("qiskit_ibm_runtime", "qiskit_experiments")
_load = importlib.metadata.EntryPoint.load


class _LazyPlugin:
    """A plug-in class, and its one instance, that is imported when an attribute is asked for."""

    def __init__(self, entry_point):
        self._entry_point = entry_point

    def __call__(self):
        return self

    def __getattr__(self, name):
        if name.startswith("__"):
            # Copying and pickling ask for these before there is an entry point.
            raise AttributeError(name)
        return getattr(_load(self._entry_point)(), name)


def load(entry_point):
    """Return the object of an entry point, or a plug-in that is imported later."""
    return (_LazyPlugin if entry_point.module.partition(".")[0] in _SLOW else _load)(entry_point)


importlib.metadata.EntryPoint.load = load
