# SPDX-License-Identifier: Apache-2.0
"""Events in the history of devices: failures, returns, calibrations that are late, values that are frozen."""
