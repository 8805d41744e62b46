# SPDX-License-Identifier: Apache-2.0
"""The pipeline of ``backend.run()``: circuits and options to a job, and its result back to counts."""
