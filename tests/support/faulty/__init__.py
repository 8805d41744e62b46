# SPDX-License-Identifier: Apache-2.0
"""Calls of the client against a peer that fails: every call with every fault, over real sockets."""
