# SPDX-License-Identifier: Apache-2.0
"""The program ``noise-learner`` as ``NoiseLearnerV3`` uses it: boxes, whose noise is learned by running circuits."""

from .program import run as run
