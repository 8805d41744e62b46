# SPDX-License-Identifier: Apache-2.0
"""Sweeps as files, and forecasts of sweeps."""
