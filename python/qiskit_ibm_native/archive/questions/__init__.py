# SPDX-License-Identifier: Apache-2.0
"""Questions about calibrations over time, each with its definition and its source."""
