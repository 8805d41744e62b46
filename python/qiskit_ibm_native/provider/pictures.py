# SPDX-License-Identifier: Apache-2.0
"""Pictures of providers, backends and sessions for notebooks, made of what is known without a request.

Their classes import this module, which does without theirs, even for types.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .. import _html
from .._overview import device_panel
from .._words import count, duration, instant, listed

if TYPE_CHECKING:
    from ..models import BackendStatus

#: Backends and instances that are listed.
_MOST = 50


def backend_html(backend: Any) -> str:
    """Return the picture of a backend as of its last refresh; measured values are shown once they were fetched."""
    version = backend._state.version
    snapshot = version.configuration
    is_simulator = not backend._state.is_calibrated
    updated = snapshot.last_update
    notes = [count(backend.num_qubits, "qubit"), "simulator" if is_simulator else ""]
    notes += [f"version {backend.backend_version}" if backend.backend_version else ""]
    notes += [f"calibrated {instant(updated)}" if updated is not None else ""]
    badges = [] if backend._status is None else [_status_badge(*backend._status)]
    badges += [_html.badge("mock", "waiting")] if backend.is_mock else []
    heading = _html.heading(backend.name, *notes, kind="IBMBackend", badges=badges)
    has_values = snapshot.properties is not None
    hint = "" if has_values or is_simulator or version.has_fetched else _html.note(
        "Measured values have not been fetched yet: backend.properties() fetches them."
    )  # fmt: skip
    more = _html.fold("Configuration", snapshot.configuration._facts_html() + _html.facts(_choices(backend)))
    return device_panel(snapshot._native, heading, alerts=hint, more=more, shows_values=has_values)


def _choices(backend: Any) -> list[tuple[str, Any]]:
    return [
        ("fractional gates", "left out" if backend.use_fractional_gates is False else "included"),
        ("chosen calibration", backend.calibration_id),
        ("session", None if backend.session is None else backend.session.session_id),
    ]


def _status_badge(fetched: float, status: BackendStatus) -> str:
    age = max(time.monotonic() - fetched, 0.0)
    word = status.status_msg or ("active" if status.operational else "not operational")
    told = f"{word}, {count(status.pending_jobs, 'job')} waiting"
    tone = "bad" if not status.operational else "good" if status.status_msg == "active" else "waiting"
    return _html.badge(told if age < 60 else f"{told}, {duration(age)} ago", tone)


def provider_html(provider: Any) -> str:
    """Return the picture of a provider: channel, service, instances and devices as far as they are known."""
    endpoint = provider._endpoint
    archive = provider._recorder.archive
    instances = provider._instances or []
    rows = [(one.name, one.plan, one.region, ", ".join(one.tags)) for one in instances[:_MOST]]
    facts = _html.facts([
        ("service", urlsplit(endpoint.url).hostname),
        ("instance", None if endpoint.instance is None else _instance_name(endpoint.instance)),
        ("records into", None if archive is None else archive.path),
    ])  # fmt: skip
    table = _html.table(("instance", "plan", "region", "tags"), rows, left_out=len(instances) - _MOST) if rows else ""
    heading = _html.heading(endpoint.channel, kind="IBMProvider")
    return _html.panel(
        heading, facts, _html.fold(count(len(instances), "instance"), table), _devices(provider._service)
    )


def service_html(service: Any) -> str:
    """Return the picture of the backends of an account, as far as they are known."""
    return _html.panel(_html.heading("Backends", kind="IBMBackendService"), _devices(service))


def _devices(service: Any) -> str:
    fetched = {backend.name: backend for backend in list(service._backends.values())}
    names = sorted({*fetched, *service._names.values()})
    if not names:
        return _html.note("Devices have not been listed yet: provider.backends() does that.")
    rows = []
    for name in names[:_MOST]:
        backend = fetched.get(name)
        updated = None if backend is None else backend._state.version.configuration.last_update
        rows.append((name, None if backend is None else backend.num_qubits, updated))
    table = _html.table(("device", "qubits", "calibrated"), rows, left_out=len(names) - _MOST)
    return table if service._has_listed else table + _html.note("There may be more: provider.backends() lists all.")


def _instance_name(instance: str) -> str:
    """Return a name for people: of a CRN, its service, region and last digits; it is no secret, but long."""
    parts = instance.split(":")
    if len(parts) < 8 or parts[0] != "crn":
        return instance
    return listed([part for part in (parts[4], parts[5], f"...{parts[7][-6:]}") if part]).replace(" and ", ", ")


def session_html(session: Any) -> str:
    """Return the picture of a session, as far as this object knows it."""
    badge = _html.badge("active", "busy") if session.active else _html.badge("closed")
    heading = _html.heading(
        session.session_id or "not at the service", session.mode, f"on {session._backend_name}" if session._backend_name else "",
        kind="Session", badges=[badge],
    )  # fmt: skip
    return _html.panel(heading)
