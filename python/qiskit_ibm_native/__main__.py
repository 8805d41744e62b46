# SPDX-License-Identifier: Apache-2.0
"""``python -m qiskit_ibm_native``: the command ``qiskit-ibm-native``."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
