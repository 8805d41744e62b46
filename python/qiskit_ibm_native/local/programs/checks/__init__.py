# SPDX-License-Identifier: Apache-2.0
"""Checks of jobs when they are submitted, which need nothing but JSON."""
