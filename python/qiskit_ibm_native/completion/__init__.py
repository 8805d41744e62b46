# SPDX-License-Identifier: Apache-2.0
"""Completion of arguments at the keyboard, such as the device in ``Snapshot.load("``.

Attributes complete without this room. Arguments need a completer that the user asks for: ``%load_ext
qiskit_ibm_native`` in IPython and notebooks, :func:`enable_completion` there and in Python's own shell.
"""

from __future__ import annotations

import sys
from typing import Any

from .ipython import load_ipython_extension, unload_ipython_extension

__all__ = ["enable_completion", "load_ipython_extension", "unload_ipython_extension"]


def enable_completion() -> None:
    """Complete arguments in this session of IPython, of a notebook, or of Python's shell.

    Raises:
        IBMError: The shell takes no completer: it has no ``readline``, or is the new shell of Python 3.13.

    Examples:
        >>> from qiskit_ibm_native import enable_completion
        >>> enable_completion()  # now Snapshot.load("<TAB> lists devices
    """
    shell = _ipython()
    if shell is not None:
        shell.extension_manager.load_extension("qiskit_ibm_native")
        return
    from .python_shell import install

    install()


def _ipython() -> Any:
    """Return the running IPython; ``None`` if there is none."""
    package = sys.modules.get("IPython")
    return None if package is None else package.get_ipython()
