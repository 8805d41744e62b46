# SPDX-License-Identifier: Apache-2.0
"""Run a script or a module with the official client accelerated.

``python -m qiskit_ibm_native.acceleration script.py ...`` does what ``python script.py ...`` does, behind a call of
``accelerate()``; with ``-m module ...`` it does what ``python -m module ...`` does.
"""

from __future__ import annotations

import builtins
import io
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
    elif Path(arguments[0]).is_file() and arguments[0].endswith(".py"):
        run_script(arguments[0])
    else:
        runpy.run_path(arguments[0], run_name="__main__")


def run_script(path: str) -> None:
    """Run a script in the module ``__main__``, where threads and pickles look for what it defines."""
    with io.open_code(str(Path(path).resolve())) as file:
        code = compile(file.read(), path, "exec")
    if not getattr(sys.flags, "safe_path", False):
        # As Python itself does: modules beside the script can be imported.
        sys.path[0] = str(Path(path).resolve().parent)
    namespace, fresh = (
        vars(sys.modules["__main__"]),
        {"__name__": "__main__", "__file__": path, "__builtins__": builtins},
    )
    namespace.clear()
    namespace.update(fresh, __doc__=None, __loader__=None, __package__=None, __spec__=None)
    exec(code, namespace)  # noqa: S102 (the script that the user names)


if __name__ == "__main__":
    main()
