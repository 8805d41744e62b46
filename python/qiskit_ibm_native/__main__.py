# SPDX-License-Identifier: Apache-2.0
"""Entry point of ``python -m qiskit_ibm_native``, which is the command ``qiskit-ibm-native``."""

from __future__ import annotations

import os
import sys

# -m puts the current folder first on the path, in which another user may have put a queue.py. Python 3.10 has no flag
# against that.
_is_safe = sys.flags.isolated or getattr(sys.flags, "safe_path", False)
if not _is_safe and sys.path and os.path.isdir(sys.path[0] or ".") and os.path.samefile(sys.path[0] or ".", "."):  # noqa: PTH112, PTH121 (pathlib would be imported from that folder)
    del sys.path[0]

from .cli import main  # noqa: E402 (not from that folder)

sys.exit(main())
