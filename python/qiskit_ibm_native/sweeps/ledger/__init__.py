# SPDX-License-Identifier: Apache-2.0
"""Results of sweeps, kept in one file."""
