# SPDX-License-Identifier: Apache-2.0
"""Alerts: rules, files of rules, and their evaluation, once or while calibrations come in."""
