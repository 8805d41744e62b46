# SPDX-License-Identifier: Apache-2.0
"""The provider: backends, jobs and sessions of the IBM Quantum Platform."""
