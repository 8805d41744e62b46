# SPDX-License-Identifier: Apache-2.0
"""Fresh processes for the price of one: forks of a process that has imported this package and Qiskit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support import ROOT

_PROGRAM = """
import gc, json, os, sys
from qiskit.transpiler import generate_preset_pass_manager
from tests.support.sweeping import ghz
from qiskit_ibm_native import Sweep
Sweep(ghz(2), "lima")
gc.freeze()
for folder in json.loads(sys.argv[1]):
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.chdir(folder)
        sys.path.insert(0, folder)
        exec(sys.argv[2], {"__name__": "__main__"})
        sys.stdout.flush()
        # To take all modules apart takes as long as to import them.
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"The process of {folder} failed.")
"""


def printed_in(folders: Sequence[Path], code: str) -> list[str]:
    """Return the line that some code prints in a process of each folder, from which it can import.

    Args:
        folders: The folders.
        code: The code, which prints one line.
    """
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps(list(map(str, folders))), code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) == len(folders)
    return lines
