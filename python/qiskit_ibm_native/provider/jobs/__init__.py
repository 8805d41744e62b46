# SPDX-License-Identifier: Apache-2.0
"""Jobs: of one submission, of several, and how they are found and waited for."""
