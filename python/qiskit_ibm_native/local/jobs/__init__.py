# SPDX-License-Identifier: Apache-2.0
"""Jobs on disk, and the processes that run them."""
