# SPDX-License-Identifier: Apache-2.0
"""The error of jobs that cannot be simulated as they are."""


class BadInputError(ValueError):
    """A job is not what its program takes."""
