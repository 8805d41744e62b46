# SPDX-License-Identifier: Apache-2.0
"""Circuits, snapshots and settings of a sweep, as workers get them."""
