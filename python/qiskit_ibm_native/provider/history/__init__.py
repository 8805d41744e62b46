# SPDX-License-Identifier: Apache-2.0
"""Calibrations of a device over time: recorded in an archive, watched, and fetched for earlier days."""
