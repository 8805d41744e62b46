# SPDX-License-Identifier: Apache-2.0
"""The channels of each qubit, compared with those of Qiskit 1.4.5."""

from __future__ import annotations

import gzip
import json
import lzma

import pytest
from tests.support import TESTS
from tests.support.official import shipped_payloads
from tests.support.pulses import defaults, devices, golden, payload

from qiskit_ibm_native import (
    BackendConfiguration,
    BackendPayloadError,
    IBMBackend,
    IBMProvider,
    PulseError,
    Snapshot,
    bundled_devices,
)
from qiskit_ibm_native.exceptions import BackendConfigurationError, IBMApiError, IBMBackendApiError
from qiskit_ibm_native.pulse import AcquireChannel, ControlChannel, DriveChannel, MeasureChannel

_PAYLOADS = TESTS / "payloads"
#: Configurations that changed between qiskit-ibm-runtime 0.34.0 and later versions.
_OLDER = {
    **{path.name.removesuffix(".json.xz"): path for path in (_PAYLOADS / "configurations").iterdir()},
    "kawasaki": _PAYLOADS / "kawasaki-0.34" / "configuration.json.gz",
}


def configuration(name: str) -> BackendConfiguration:
    if name in _OLDER:
        unpack = gzip.decompress if _OLDER[name].suffix == ".gz" else lzma.decompress
        return Snapshot.from_payloads(unpack(_OLDER[name].read_bytes())).configuration
    if name in bundled_devices():
        return Snapshot.load(name).configuration
    return Snapshot.from_payloads(shipped_payloads(name)[0]).configuration


@pytest.mark.parametrize("name", devices())
def test_control_channels_of_every_pair_equal_those_of_qiskit_1(name):
    expected, model = golden(name)["control"], configuration(name)
    listed = {qubits: [it.index for it in channels] for qubits, channels in model.control_channels.items()}
    if not expected:
        # One qubit, no list, and a configuration that Qiskit 1.4 did not take for one with pulses.
        assert name in {"armonk", "poughkeepsie", "torino"}
        return
    assert listed == {tuple(qubits): indices for qubits, indices in expected}
    for qubits, indices in expected:
        assert model.control(qubits) == [ControlChannel(index) for index in indices]


@pytest.mark.parametrize("name", [name for name in devices() if name not in {"armonk", "poughkeepsie", "torino"}])
def test_channels_that_are_worked_out_are_those_that_are_listed(name):
    """Devices that do not list their channels say by other keys which belong to which pair."""
    model = configuration(name)
    data = json.loads(model.payload)
    del data["channels"]
    assert BackendConfiguration.from_dict(data).control_channels == model.control_channels


@pytest.mark.parametrize("name", ["almaden", "johannesburg", "singapore"])
def test_devices_without_a_list_have_channels_nonetheless(name):
    model = configuration(name)
    coupled = {tuple(pair) for pair in model.coupling_map}
    assert model.control_channels.keys() == coupled
    for control, target in coupled:
        (channel,) = model.control((control, target))
        assert model.describe(channel) == {DriveChannel(target): 1 + 0j}
    assert model.control((0, 99)) == model.control() == []
    with pytest.raises(BackendConfigurationError, match="does not provide channel information"):
        model.get_qubit_channels(0)


def test_a_device_that_says_nothing_of_pairs_has_no_control_channels():
    assert configuration("poughkeepsie").control_channels == {}
    assert configuration("poughkeepsie").control((0, 1)) == []


def test_channels_of_qubits_and_qubits_of_channels():
    lima = configuration("lima")
    channels = lima.get_qubit_channels(0)
    assert {DriveChannel(0), MeasureChannel(0), AcquireChannel(0), *lima.control((0, 1))} <= set(channels)
    assert lima.get_qubit_channels((0, 1)) == lima.control((0, 1))
    assert lima.get_channel_qubits(lima.control((1, 0))[0]) == [1, 0]
    assert lima.describe(lima.control((0, 1))[0]) == {DriveChannel(1): 1 + 0j}
    assert lima.sample_rate == pytest.approx(4.5e9)
    for ask, reason in (
        (lambda: lima.get_channel_qubits(DriveChannel(9)), "Couldn't find the Channel - DriveChannel"),
        (lambda: lima.get_qubit_channels(9), "Couldn't find the qubit - 9"),
        (lambda: lima.describe(DriveChannel(0)), "Can only describe ControlChannels"),
    ):
        with pytest.raises(BackendConfigurationError, match=reason):
            ask()
    with pytest.raises(IndexError):
        lima.describe(ControlChannel(99))


def test_a_channel_of_another_name_is_refused():
    data = json.loads(configuration("lima").payload)
    data["channels"]["x0"] = {"operates": {"qubits": [0]}}
    with pytest.raises(BackendConfigurationError, match="Invalid channel name - x0"):
        BackendConfiguration.from_dict(data).drive(0)


# The backend


def test_a_backend_has_the_channels_of_its_device(local_provider: IBMProvider):
    backend = local_provider.get_backend("ibm_sherbrooke")
    assert backend.drive_channel(3) == DriveChannel(3)
    assert backend.measure_channel(126) == MeasureChannel(126)
    assert backend.acquire_channel(0) == AcquireChannel(0)
    assert backend.control_channel((1, 0)) == backend.control_channel([1, 0]) == [ControlChannel(2)]
    for ask in (backend.drive_channel, backend.measure_channel, backend.acquire_channel):
        for qubit in (-1, 127):
            with pytest.raises(BackendConfigurationError, match=f"Invalid index for {qubit}-qubit system"):
                ask(qubit)
    for qubits in ((0, 99), None, (0,)):
        with pytest.raises(BackendConfigurationError, match="Couldn't find the ControlChannel operating on qubits"):
            backend.control_channel(qubits)


def test_qubits_that_a_device_without_channels_does_not_have_have_no_control_channel(local_provider: IBMProvider):
    vigo = local_provider.get_backend("ibmq_vigo")
    assert vigo.control_channel((0, 4)) == []
    for qubits in ((0, 99), (-1, 0), (0, 0), (0,), (0, 1, 2), ("a", 0), 5, None):
        with pytest.raises(BackendConfigurationError, match="Couldn't find the ControlChannel operating on qubits"):
            vigo.control_channel(qubits)


def test_a_backend_has_the_pulses_of_its_device(provider: IBMProvider, requests):
    backend = provider.get_backend("ibm_sherbrooke")
    requests.clear()
    defaults = backend.defaults()
    assert requests == ["GET /backends/ibm_sherbrooke/defaults"]
    assert defaults.payload == Snapshot.load("sherbrooke").payloads.defaults
    assert backend.defaults() is defaults
    assert backend.defaults(refresh=True) is defaults
    assert backend.instruction_schedule_map is defaults.instruction_schedule_map
    assert len(requests) == 2
    backend.properties()
    backend.refresh()
    assert backend.defaults() is defaults


class _Others:
    """A client that somebody else wrote."""

    def __init__(self, reply):
        self.reply = reply

    def backend_pulse_defaults(self, backend_name):
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


def bare_lima() -> Snapshot:
    """Return lima without properties and pulse defaults, which are to come from somewhere else."""
    return Snapshot.from_payloads(Snapshot.load("lima").payloads.configuration)


@pytest.mark.parametrize("reply", [payload("lima"), json.loads(payload("lima"))], ids=["bytes", "dict"])
def test_pulses_may_come_from_another_client(reply):
    backend = IBMBackend(bare_lima(), None, _Others(reply))
    assert backend.defaults() == defaults("lima")


@pytest.mark.parametrize("api", [_Others(None), _Others({}), _Others(b"{}"), object()])
def test_another_client_may_know_of_no_pulses(api):
    assert IBMBackend(bare_lima(), None, api).defaults() is None


def test_pulses_of_the_snapshot_are_used():
    lima = Snapshot.load("lima")
    assert IBMBackend(lima, None, None).defaults() is lima.defaults
    assert IBMBackend(lima, None, None).properties() is lima.properties


def test_a_refresh_asks_for_pulses_that_are_known():
    lima, api = Snapshot.load("lima"), _Others(payload("lima"))
    api.backend_configuration = lambda name, calibration_id=None: lima.payloads.configuration
    api.backend_properties = lambda name, datetime=None: lima.payloads.properties
    backend = IBMBackend(bare_lima(), None, api)
    assert backend.properties() is not None
    before = backend.defaults()
    backend.refresh()
    assert backend.defaults() is before
    api.reply = payload("manila")
    backend.refresh()
    assert backend.defaults() == defaults("manila") != before


def test_a_service_that_cannot_be_asked_is_an_error_and_is_asked_again():
    api = _Others(IBMApiError("down"))
    backend = IBMBackend(bare_lima(), None, api)
    for _ in range(2):
        with pytest.raises(IBMBackendApiError, match="pulse defaults of ibmq_lima could not be fetched: down"):
            backend.defaults()
    api.reply = payload("lima")
    assert backend.defaults() == defaults("lima")
    api.reply = b'{"cmd_def": 3}'
    with pytest.raises(BackendPayloadError):
        backend.defaults(refresh=True)
    assert backend.defaults() == defaults("lima")


@pytest.mark.parametrize("name", ["ibm_fez", "local_simulator"])
def test_a_backend_without_pulses_says_so(local_provider: IBMProvider, name):
    backend = local_provider.get_backend(name)
    assert backend.defaults() is None
    assert backend.defaults(refresh=True) is None
    with pytest.raises(PulseError, match=f"{name} has no schedules of gates, because it publishes no pulse defaults"):
        repr(backend.instruction_schedule_map)
