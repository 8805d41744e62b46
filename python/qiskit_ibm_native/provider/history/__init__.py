# SPDX-License-Identifier: Apache-2.0
"""Calibrations of a device over time: kept as they come, watched, and fetched for days that are over."""
