# SPDX-License-Identifier: Apache-2.0
"""Requests: routes, access tokens, limits, and faults on purpose."""
