# SPDX-License-Identifier: Apache-2.0
"""Tags of jobs: the user's, and those by which this package finds its own jobs again."""

from __future__ import annotations

from typing import Any

from ...exceptions import IBMBackendValueError, IBMError

#: Each job has a tag of its own with this at the start, by which it is found if the reply to its submission is lost.
RECORD_TAG = "qiskit-ibm-native:"
#: Tags that belong to jobs that were split.
COMPOSITE_TAG = "ibm_composite_job_"
#: Limits of the service.
MAX_TAGS = 8
MAX_TAG_LENGTH = 86
#: Tags that each part of a split job has besides the user's: its own, that of the whole job, and that of its number.
OWN_TAGS = 3


def is_internal(tag: str) -> bool:
    """Return whether a tag is not the user's."""
    return tag.startswith((RECORD_TAG, COMPOSITE_TAG))


def too_many_tags() -> str:
    """Return the message about a split job with more tags than its parts can have."""
    return f"A job that is split may have {MAX_TAGS - OWN_TAGS} tags; it needs {OWN_TAGS} of its own."


def check_tags(tags: Any, error: type[IBMError] = IBMBackendValueError) -> list[str]:
    """Return the tags of a job as a list.

    Raises:
        error: The tags are not a list of strings, or more or longer than the service takes.
    """
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise error(f"job_tags needs to be a list of strings, not {tags!r}.")
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG_LENGTH for tag in tags):
        internal = sum(is_internal(tag) for tag in tags)
        own = f" {internal} of these are internal." if internal else ""
        raise error(f"A job may have {MAX_TAGS} tags of {MAX_TAG_LENGTH} characters at most.{own}")
    return list(tags)
