# SPDX-License-Identifier: Apache-2.0
"""REST client of the IBM Quantum Platform: endpoints, tokens, requests, encoders of pubs, decoders of results."""
