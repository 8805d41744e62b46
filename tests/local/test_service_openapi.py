# SPDX-License-Identifier: Apache-2.0
"""What the service says of itself: its OpenAPI document, a page of it, its health, and types of results."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import requests

import qiskit_ibm_native
from qiskit_ibm_native.local import Fault, LocalService

METHODS = {"get", "post", "put", "patch", "delete"}


def token_of(service: LocalService) -> str:
    reply = requests.post(f"{service.url}/identity/token", data={"apikey": service.token}, timeout=30)
    return str(reply.json()["access_token"])


def headers_of(service: LocalService, **others: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(service)}", "Service-CRN": service.crn, **others}


@pytest.fixture
def document(service: LocalService) -> dict[str, Any]:
    reply = requests.get(f"{service.url}/openapi.json", timeout=30)
    assert reply.headers["content-type"] == "application/json"
    return dict(reply.json())


def test_every_route_is_in_the_document_and_everything_in_the_document_is_a_route(
    service: LocalService, document: dict[str, Any]
) -> None:
    routes = {
        (route.path, method.lower()) for route in service.faults._app.router.routes for method in route.methods  # type: ignore[attr-defined]
    }  # fmt: skip
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert described == routes
    assert {method for _, method in routes} <= METHODS
    assert ("/api/v1/jobs/{job_id}/results", "get") in described
    assert {path.removeprefix("/api/v1") for path, _ in routes if path.startswith("/api/v1")} == {
        path.removeprefix("/experimental/v1") for path, _ in routes if path.startswith("/experimental/v1")
    }


def test_every_operation_says_what_it_takes_who_may_ask_and_what_it_replies(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == qiskit_ibm_native.__version__
    identifiers = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            identifiers.add(operation["operationId"])
            named = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))
            assert all(parameter["description"] and parameter["schema"] for parameter in operation["parameters"])
            assert operation["summary"].endswith(".")
            is_open = path in ("/health", "/versions", "/openapi.json", "/docs", "/identity/token")
            assert (operation["security"] == []) is is_open
            assert ("401" in operation["responses"]) is not is_open
            assert any(status.startswith("2") for status in operation["responses"])
            needs_body = (method, path.rpartition("/v1")[2]) in [
                ("post", "/jobs"), ("post", "/sessions"), ("patch", "/sessions/{session_id}"), ("put", "/jobs/{job_id}/tags"),
                ("post", "/faults"), ("put", "/clock"), ("post", "/identity/token"),
            ]  # fmt: skip
            assert ("requestBody" in operation) is needs_body
    assert len(identifiers) == sum(len(methods) for methods in document["paths"].values())


def test_replies_lead_to_the_operations_of_what_was_made(document: dict[str, Any]) -> None:
    links = document["paths"]["/api/v1/jobs"]["post"]["responses"]["200"]["links"]
    assert {link["operationId"] for link in links.values()} == {
        operation["operationId"]
        for path, methods in document["paths"].items()
        if path.startswith("/api/v1/jobs/")
        for operation in methods.values()
    }
    assert all(link["parameters"] == {"job_id": "$response.body#/id"} for link in links.values())


class Links(HTMLParser):
    """Collects what a page loads or points to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_of_the_document_needs_nothing_else(service: LocalService, document: dict[str, Any]) -> None:
    reply = requests.get(f"{service.url}/docs", timeout=30)
    assert reply.headers["content-type"].startswith("text/html")
    page = Links()
    page.feed(reply.text)
    assert page.links == ["openapi.json"]
    assert not page.tags & {"script", "link", "iframe", "img"}
    assert all(f"<code>{path}</code>" in reply.text for path in document["paths"])


def test_health_is_told_to_everybody_and_does_not_fail_on_purpose(service: LocalService) -> None:
    service.faults.add(Fault("drop", times=5))
    deadline = time.monotonic() + 60
    health = requests.get(f"{service.url}/health", timeout=30).json()
    while not health["ready"] and time.monotonic() < deadline:
        time.sleep(0.05)
        health = requests.get(f"{service.url}/health", timeout=30).json()
    assert health == {"status": "ok", "version": qiskit_ibm_native.__version__, "ready": True, "queue_length": 0}


def test_health_counts_jobs_that_are_not_done(service: LocalService) -> None:
    program = "OPENQASM 3.0; qubit[22] q; bit[22] c; c = measure q;"
    body = {"backend": "local_simulator", "program_id": "sampler", "params": {"pubs": [[program]], "shots": 100_000}}
    made = requests.post(f"{service.url}/api/v1/jobs", json=body, headers=headers_of(service), timeout=30).json()
    assert requests.get(f"{service.url}/health", timeout=30).json()["queue_length"] == 1
    cancelled = requests.post(f"{service.url}/api/v1/jobs/{made['id']}/cancel", headers=headers_of(service), timeout=30)
    assert cancelled.status_code == 204
    assert requests.get(f"{service.url}/health", timeout=30).json()["queue_length"] == 0


@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
def test_results_come_as_text_whatever_is_asked_for(service: LocalService, accept: str | None) -> None:
    """QRMI asks for JSON, and takes results from text only."""
    program = "OPENQASM 3.0; qubit[1] q; bit[1] c; c = measure q;"
    body = {"backend": "local_simulator", "program_id": "sampler", "params": {"pubs": [[program]], "shots": 3}}
    headers = headers_of(service)
    made = requests.post(f"{service.url}/api/v1/jobs", json=body, headers=headers, timeout=30).json()["id"]
    # None removes the header that requests would send.
    headers = {**headers, "Accept": accept}  # type: ignore[dict-item]
    while (
        reply := requests.get(f"{service.url}/api/v1/jobs/{made}/results", headers=headers, timeout=30)
    ).status_code == 204:
        time.sleep(0.02)
    assert reply.headers["content-type"].partition(";")[0] == "text/plain"
    assert reply.json()["results"][0]["data"]["c"]["samples"] == ["0x0"] * 3


def test_methods_that_a_path_does_not_have_are_refused_with_those_that_it_has(service: LocalService) -> None:
    reply = requests.put(f"{service.url}/api/v1/jobs/x", headers=headers_of(service), timeout=30)
    assert reply.status_code == 405
    assert set(reply.headers["allow"].replace(" ", "").split(",")) == {"GET", "DELETE"}
    # It would take the results of a private job without giving them.
    assert (
        requests.head(f"{service.url}/api/v1/jobs/x/results", headers=headers_of(service), timeout=30).status_code
        == 405
    )


def test_a_service_starts_without_qiskit_and_numpy(tmp_path: Path) -> None:
    script = f"""
import sys
from qiskit_ibm_native.local.server import LocalService
with LocalService(store={str(tmp_path / "jobs")!r}, workers=1) as service:
    import urllib.request
    assert b"ready" in urllib.request.urlopen(service.url + "/health").read()
print(sorted({{"qiskit", "qiskit_aer", "numpy", "fastapi", "pydantic"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "[]\n", done.stderr
