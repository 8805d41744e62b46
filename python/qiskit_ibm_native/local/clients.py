# SPDX-License-Identifier: Apache-2.0
"""Arguments and environment variables by which clients find a service."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

CHANNEL = "ibm_quantum_platform"


class ClientOptions(NamedTuple):
    """Arguments and variables of one client.

    Attributes:
        arguments: Keyword arguments of its constructor.
        environment: Environment variables.

    Examples:
        >>> from qiskit_ibm_native.local import LocalService
        >>> with LocalService(devices="lima") as service:
        ...     options = service.client_options("qiskit-ibm-runtime")
        >>> sorted(options.arguments), sorted(options.environment)
        (['channel', 'instance', 'token', 'url'], ['GLOBAL_CATALOG_URL', 'GLOBAL_SEARCH_URL', 'IAM_URL'])
    """

    arguments: dict[str, Any]
    environment: dict[str, str]


def environment_of(url: str, api_url: str, token: str, crn: str) -> dict[str, str]:
    """Return the variables that this package and the official client read."""
    return {
        "QISKIT_IBM_CHANNEL": CHANNEL,
        "QISKIT_IBM_TOKEN": token,
        "QISKIT_IBM_URL": api_url,
        "QISKIT_IBM_INSTANCE": crn,
        **_beside(url),
    }


def _beside(url: str) -> dict[str, str]:
    """Return the variables of services beside the runtime API, which clients know by no argument."""
    return {"IAM_URL": url, "GLOBAL_SEARCH_URL": f"{url}/gs", "GLOBAL_CATALOG_URL": f"{url}/gc"}


def options_of(client: str, device: str | None, url: str, api_url: str, token: str, crn: str) -> ClientOptions:
    """Return what a client needs to find a service.

    Raises:
        IBMInputValueError: There is no such client, or it needs a device.
    """
    account = {"channel": CHANNEL, "token": token, "url": api_url, "instance": crn}
    if client in ("qiskit-ibm-native", "qiskit-ibm-runtime"):
        return ClientOptions(account, _beside(url))
    if client == "ibm-qdmi":
        named = {} if device is None else {"backend_name": device}
        endpoints = {"base_url": f"{url}/api", "auth_url": f"{url}/identity/token"}
        return ClientOptions({**named, "api_key": token, "instance_crn": crn, **endpoints}, {})
    if client == "qrmi":
        return ClientOptions({}, _qrmi(device, url, token, crn))
    from ..exceptions import IBMInputValueError

    raise IBMInputValueError(f"There is no client {client!r}; use one of {', '.join(CLIENTS)}.")


def _qrmi(device: str | None, url: str, token: str, crn: str) -> dict[str, str]:
    """Return the variables of one resource of the type ``ibm-quantum-compute-service``."""
    if device is None or not re.fullmatch(r"\w+", device):
        from ..exceptions import IBMInputValueError

        raise IBMInputValueError(
            f"QRMI has variables of its own for each device; name one: client_options('qrmi', 'ibm_fez'), not {device!r}."
        )
    settings = {
        "ENDPOINT": f"{url}/api/v1",
        "IAM_ENDPOINT": url,
        "IAM_APIKEY": token,
        "SERVICE_CRN": crn,
        "SESSION_MODE": "batch",
    }
    return {f"{device}_QRMI_IBM_QCS_{name}": value for name, value in settings.items()}


#: Clients that :func:`options_of` knows.
CLIENTS = ("qiskit-ibm-native", "qiskit-ibm-runtime", "ibm-qdmi", "qrmi")
