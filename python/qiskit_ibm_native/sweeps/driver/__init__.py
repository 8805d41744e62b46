# SPDX-License-Identifier: Apache-2.0
"""The side of a sweep that hands out tasks and collects results."""
