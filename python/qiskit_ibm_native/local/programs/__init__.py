# SPDX-License-Identifier: Apache-2.0
"""Programs of the service: reading the ``params`` of jobs, and writing results."""
