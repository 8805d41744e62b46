# SPDX-License-Identifier: Apache-2.0
"""Devices, services, peers and comparisons that tests of several rooms, and benchmarks, share."""

from __future__ import annotations

from pathlib import Path

#: The folder of the tests, and the project's.
TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
#: The folder of the module that Python imports when a process of a test starts.
STARTUP = TESTS / "support/startup"
