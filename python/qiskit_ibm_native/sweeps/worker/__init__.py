# SPDX-License-Identifier: Apache-2.0
"""The side of a sweep that does tasks: workers, and the processes in which the transpiler runs."""
