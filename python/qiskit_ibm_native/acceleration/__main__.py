# SPDX-License-Identifier: Apache-2.0
"""Run a script or a module with the official client accelerated.

``python -m qiskit_ibm_native.acceleration script.py ...`` does what ``python script.py ...`` does, behind a call of
``accelerate()``; with ``-m module ...`` it does what ``python -m module ...`` does.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from . import accelerate

_USAGE = "usage: python -m qiskit_ibm_native.acceleration (script.py | -m module) [argument ...]"


def main() -> None:
    """Run what the command line names."""
    arguments = sys.argv[1:]
    is_module = arguments[:1] == ["-m"]
    arguments = arguments[is_module:]
    if not arguments or (not is_module and arguments[0].startswith("-")):
        asks = arguments[:1] in (["-h"], ["--help"])
        print(_USAGE, file=sys.stdout if asks else sys.stderr)
        raise SystemExit(0 if asks else 2)
    accelerate()
    sys.argv = arguments
    if is_module:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        # As Python itself does: modules beside the script can be imported.
        sys.path[0] = str(Path(arguments[0]).resolve().parent)
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
