# SPDX-License-Identifier: Apache-2.0
"""The program ``executor``: circuits, and templates with a samplex, which draws their parameter values."""

from .program import run as run
