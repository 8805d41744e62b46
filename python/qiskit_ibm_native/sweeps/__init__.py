# SPDX-License-Identifier: Apache-2.0
"""Sweeps: circuits x devices x calibrations x options x seeds, transpiled on one machine or on a cluster.

Nothing is imported here, because workers import this package and do without Qiskit.
"""
