# SPDX-License-Identifier: Apache-2.0
"""The REST client of the IBM Quantum Platform: endpoints, credentials, requests, and how circuits and results travel."""
