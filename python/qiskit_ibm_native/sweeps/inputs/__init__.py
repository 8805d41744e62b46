# SPDX-License-Identifier: Apache-2.0
"""Circuits and settings of a sweep, as workers get them."""
