# SPDX-License-Identifier: Apache-2.0
"""Scenarios of every call of the client with every fault of a proxy, over real sockets."""
