# SPDX-License-Identifier: Apache-2.0
"""Maps of devices: their content, which knows nothing of drawing, and how matplotlib and Plotly draw it."""
