# SPDX-License-Identifier: Apache-2.0
"""From circuits and options to a job, and from its result back to counts."""
