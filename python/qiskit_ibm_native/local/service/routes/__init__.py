# SPDX-License-Identifier: Apache-2.0
"""Operations of the service, a file a topic."""
