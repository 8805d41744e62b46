# SPDX-License-Identifier: Apache-2.0
"""Error suppression and mitigation: twirling, decoupling, folding, extrapolation, learned noise of layers."""
