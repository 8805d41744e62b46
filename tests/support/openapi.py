# SPDX-License-Identifier: Apache-2.0
"""What the OpenAPI document of the local service says, against the service: requests that schemathesis makes of it.

Usage: ``python -m tests.support.openapi SCHEMATHESIS [options]``, with the path of the command.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from qiskit_ibm_native.local import LocalService

#: No reply of the service's own fault, and replies as documented. Requests that the document does not allow may
#: succeed: the platform's routes ignore what they do not know.
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance",
)  # fmt: skip
#: The routes with the other prefix are the same; faults would fail what comes after them.
LEFT_OUT = "^/experimental|^/faults"


def main(command: str, *options: str) -> int:
    """Run the command against a service of its own; return its exit status."""
    with TemporaryDirectory() as folder, LocalService(store=Path(folder) / "jobs", workers=1) as service:
        token = requests.post(f"{service.url}/identity/token", data={"apikey": service.token}, timeout=30).json()
        return subprocess.run(
            [
                command, "run", f"{service.url}/openapi.json", "--checks", ",".join(CHECKS), "--exclude-path-regex", LEFT_OUT,
                "--header", f"Authorization: Bearer {token['access_token']}", "--header", f"Service-CRN: {service.crn}",
                *options,
            ],
            check=False,
            cwd=folder,
        ).returncode  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
