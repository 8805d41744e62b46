# SPDX-License-Identifier: Apache-2.0
"""Names of qiskit-ibm-provider 0.11 that are gone, and what to use today.

The modules of 0.11 that have something to give are here under their old paths: ``job``, ``ibm_backend``,
``ibm_backend_service``, ``ibm_provider``, ``ibm_qubit_properties``, ``session``, ``proxies``, ``version``, ``api``,
``utils``, ``transpiler.passes``, ``accounts.exceptions``. They only import from the rooms. Modules that have nothing to
give raise an ImportError with the advice of this table, and so do single names.
"""

from __future__ import annotations

_SCHEDULING = (
    "qiskit_ibm_runtime.transpiler.passes.scheduling has these passes, also for control flow, and takes backends of this"
    " package: ALAPScheduleAnalysis(target=backend.target), PadDynamicalDecoupling(sequences, target=backend.target)."
    " Without control flow, the passes of the same names in qiskit.transpiler.passes do"
)
_ENCODING = "Jobs encode by themselves. The official client has it: from qiskit_ibm_runtime import {}"
_CREDENTIALS = "Nothing raised it. {} is raised today"
_WEBSOCKET = "There is no websocket: jobs are asked for. Catch IBMJobApiError"
_DASHBOARD = (
    "There is no dashboard. Notebooks show backends, jobs and statuses as tables by themselves, and provider.jobs() and"
    " backend.status() have what the dashboard showed"
)
_INTERACTIVE = "There are no interactive pictures. Use qiskit.visualization.{}(backend)"
_LOGGING = "The logger is called {}"

#: Advice, without the full stop, by the name behind ``qiskit_ibm_provider.``. It holds for what is below a name, too.
ADVICE = {
    "IBMProviderCredentialsInvalidFormat": _CREDENTIALS.format("InvalidAccountError"),
    "IBMProviderCredentialsInvalidToken": _CREDENTIALS.format("IBMNotAuthorizedError"),
    "IBMProviderCredentialsInvalidUrl": _CREDENTIALS.format("InvalidAccountError"),
    "IBMProviderCredentialsNotFound": _CREDENTIALS.format("AccountNotFoundError"),
    "IBMProviderMultipleCredentialsFound": _CREDENTIALS.format("AccountNotFoundError"),
    "QISKIT_IBM_PROVIDER_LOGGER_NAME": _LOGGING.format("qiskit_ibm_native"),
    "QISKIT_IBM_PROVIDER_LOG_FILE": "The variable is called QISKIT_IBM_NATIVE_LOG_FILE",
    "QISKIT_IBM_PROVIDER_LOG_LEVEL": "The variable is called QISKIT_IBM_NATIVE_LOG_LEVEL",
    "accounts.AccountManager": "Use IBMProvider.save_account(), saved_accounts() and delete_account()",
    "accounts.ChannelType": 'A channel is a string: "ibm_quantum_platform" or "local"',
    "accounts.management": "Use IBMProvider.save_account(), saved_accounts() and delete_account()",
    "accounts.storage": "Use IBMProvider.save_account(), saved_accounts() and delete_account()",
    "api.auth": "Access tokens are made of API keys by the client itself",
    "api.client_parameters": "Use IBMProvider(token=..., instance=...)",
    "api.clients.AccountClient": "Use RuntimeClient, which backends and jobs are given",
    "api.clients.AuthClient": "Access tokens are made of API keys by the client itself",
    "api.clients.BaseClient": "Use RuntimeClient, which backends and jobs are given",
    "api.clients.RuntimeWebsocketClient": _WEBSOCKET,
    "api.clients.VersionClient": "The platform has one version",
    "api.clients.WebsocketClient": _WEBSOCKET,
    "api.clients.WebsocketClientCloseCode": _WEBSOCKET,
    "api.exceptions.AuthenticationLicenseError": "Nothing raises it. IBMNotAuthorizedError says why a key is refused",
    "api.exceptions.UserTimeoutExceededError": "IBMJobTimeoutError is raised today",
    "api.exceptions.WebsocketAuthenticationError": _WEBSOCKET,
    "api.exceptions.WebsocketError": _WEBSOCKET,
    "api.exceptions.WebsocketIBMProtocolError": _WEBSOCKET,
    "api.exceptions.WebsocketRetryableError": _WEBSOCKET,
    "api.exceptions.WebsocketTimeoutError": _WEBSOCKET,
    "api.rest": "Use RuntimeClient, which backends and jobs are given",
    "api.session": "Use IBMProvider(timeout=..., proxies=..., verify=...)",
    "apiconstants": "job.status() is a qiskit.providers.JobStatus",
    "hub_group_project": "Hubs, groups and projects were shut down. IBMProvider(instance=...) takes the CRN of an instance",
    "job.IBM_COMPOSITE_JOB_TAG_PREFIX": "Tags that belong to composite jobs are internal; job.tags() leaves them out",
    "job.constants": "Tags that belong to composite jobs are internal; job.tags() leaves them out",
    "job.sub_job": "job.sub_jobs() has the jobs of a composite job",
    "job.utils": "job.status(), job.error_message() and job.report() say what these functions did",
    "jupyter": _DASHBOARD,
    "qpy": "Use qiskit.qpy",
    "session.get_cm_session": "A session belongs to a backend: backend.session",
    "session.set_cm_session": "A session belongs to a backend: backend.open_session()",
    "transpiler.passes.ASAPScheduleAnalysis": _SCHEDULING,
    "transpiler.passes.PadDelay": _SCHEDULING,
    "transpiler.passes.PadDynamicalDecoupling": _SCHEDULING,
    "transpiler.passes.scheduling": _SCHEDULING,
    "transpiler.plugin": (
        'The translation stage is called "qiskit_ibm_native", and transpile() takes it for backends of this package'
    ),
    "utils.RuntimeDecoder": _ENCODING.format("RuntimeDecoder"),
    "utils.RuntimeEncoder": _ENCODING.format("RuntimeEncoder"),
    "utils.are_circuits_dynamic": "Use QuantumCircuit.has_control_flow_op()",
    "utils.backend_decoder": "Use Snapshot.from_payloads(), which takes payloads as they are",
    "utils.converters": "Datetimes are aware: use their astimezone(), and datetime.timedelta",
    "utils.duration_difference": "Datetimes are aware: subtract them",
    "utils.hgp": "Hubs, groups and projects were shut down. IBMProvider(instance=...) takes the CRN of an instance",
    "utils.json": _ENCODING.format("RuntimeEncoder, RuntimeDecoder"),
    "utils.json_decoder": "Use Snapshot.from_payloads(), which takes payloads as they are",
    "utils.json_encoder": _ENCODING.format("RuntimeEncoder"),
    "utils.local_to_utc": "Use value.astimezone(datetime.timezone.utc)",
    "utils.options": "Use backend.options and backend.set_options()",
    "utils.pubsub": (
        "Nothing publishes events. job.wait_for_final_state(callback=...) follows a job, backend.watch() a device"
    ),
    "utils.qobj_utils": "Qobj is gone from Qiskit: backend.run() takes circuits",
    "utils.seconds_to_duration": "Use datetime.timedelta(seconds=...)",
    "utils.utc_to_local": "Datetimes are aware: use value.astimezone()",
    "utils.utils": "Use what qiskit_ibm_native exports; most of these functions were internal",
    "utils.validate_job_tags": "backend.run(job_tags=...) and job.update_tags() check tags",
    "version.get_version_info": "Use qiskit_ibm_native.__version__",
    "version.git_version": "Use qiskit_ibm_native.__version__",
    "visualization.colormaps": "There are no interactive pictures. Use qiskit.visualization",
    "visualization.device_layouts": "Use qiskit.visualization.plot_gate_map(backend)",
    "visualization.exceptions": "Catch qiskit.visualization.exceptions.VisualizationError",
    "visualization.interactive": _INTERACTIVE.format("plot_gate_map"),
    "visualization.iplot_error_map": _INTERACTIVE.format("plot_error_map"),
    "visualization.iplot_gate_map": _INTERACTIVE.format("plot_gate_map"),
}


def advice_for(name: str) -> str | None:
    """Return what to use in place of a name of 0.11, such as ``utils.pubsub.Publisher``; ``None`` for other names."""
    parts = name.removeprefix("exceptions.").split(".")
    for length in range(len(parts), 0, -1):
        advice = ADVICE.get(".".join(parts[:length]))
        if advice is not None:
            return advice
    return None


def missing_module(module: str) -> ImportError:
    """Return the error of a module of 0.11 that has nothing to give; ``module`` is its name in this package."""
    return _import_error(module.partition(".")[2], module)


def missing_name(module: str, name: str) -> ImportError | AttributeError:
    """Return the error of a name that a module lacks: with advice if 0.11 had the name, otherwise Python's usual one.

    Only an ImportError reaches those who write ``from module import name``: of an AttributeError, Python makes an error
    of its own.
    """
    former = f"{module}.{name}".partition(".")[2]
    if advice_for(former) is None:
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    return _import_error(former, module)


def _import_error(former: str, module: str) -> ImportError:
    return ImportError(f"qiskit_ibm_provider.{former} is not in qiskit_ibm_native. {advice_for(former)}.", name=module)
