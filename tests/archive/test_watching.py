# SPDX-License-Identifier: Apache-2.0
"""Watches: alerts while other processes put calibrations in, what they remember, and the example that posts them."""

from __future__ import annotations

import datetime
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.support import ROOT
from tests.support.happenings import flag, of_qubit, told
from tests.support.histories import Published, archived

from qiskit_ibm_native import ArchiveError, CalibrationArchive, EventRule, Snapshot, ValueRule
from qiskit_ibm_native.exceptions import IBMInputValueError

ONCE = datetime.timedelta()
SHORT = ValueRule(quantity="t1", qubits=0, below=2e-5, backends="lima", name="short")
FAILED = EventRule(events="failed", gates=(), backends="lima", name="failed")


def days(*bad: int, count: int = 12, failing: tuple[int, ...] = ()) -> list[Published]:
    """Return a calibration a day, in which T1 of qubit 0 is short on some days, and qubit 1 fails on others."""

    def edit(content, number):
        if number in bad:
            of_qubit(content, 0, "T1")["value"] = 10.0
        if number in failing:
            flag(content["qubits"][1])

    return told(count, edit)


def add(archive: CalibrationArchive, published: list[Published]) -> None:
    for each in published:
        archive.add(Snapshot.from_payloads(each.configuration, each.properties))


@pytest.fixture
def archive(tmp_path):
    with CalibrationArchive(archived(tmp_path / "watched.sqlite3", days(0, count=1))) as archive:
        yield archive


def following(archive, rules, **options):
    """Return a function that puts calibrations in and returns the alerts of the next look."""
    memory = archive.path.with_name("told.json")

    def look(*published):
        add(archive, list(published))
        return [(alert.kind, alert.time) for alert in archive.watch(rules, timeout=ONCE, memory=memory, **options)]

    return look


def test_an_alert_is_told_once_until_it_has_not_held(archive):
    history = days(0, 1, 2, 5, 6)
    look = following(archive, SHORT)
    assert look() == [("below", history[0].time)]
    assert look() == []
    assert look(history[1]) == []
    assert look(history[2]) == []
    assert look(history[3]) == []
    assert look(history[4]) == []
    assert look(history[5]) == [("below", history[5].time)]
    assert look(history[6]) == []


def test_no_calibration_is_missed_if_many_come_in_between_two_looks(archive):
    history = days(0, 2, 3, 6, 8, failing=(4, 9))
    look = following(archive, [SHORT, FAILED])
    assert look() == [("below", history[0].time)]
    assert look(*reversed(history[1:])) == [
        *[("below", history[number].time) for number in (2, 6, 8)],
        *[("failed", history[number].time) for number in (4, 9)],
    ]


def test_calibrations_from_before_the_last_one_are_not_looked_at(archive):
    history = days(2)
    look = following(archive, SHORT)
    assert look(history[5]) == []
    assert look(history[2], history[3]) == []


def test_a_watch_begins_with_what_holds_and_not_with_the_past(tmp_path):
    with CalibrationArchive(archived(tmp_path / "past.sqlite3", days(1, 2, 9, 10, 11))) as archive:
        (alert,) = archive.watch(SHORT, timeout=ONCE)
        assert (alert.began, alert.time) == (days()[9].time, days()[11].time)


def test_devices_that_are_late_become_so_without_a_calibration(tmp_path):
    now = datetime.datetime.now(datetime.timezone.utc)
    step = datetime.timedelta(seconds=1)
    first = [*told(9)]
    late = []
    for number, each in enumerate(first):
        content = json.loads(each.properties)
        content["last_update_date"] = (now + (number - 8) * step).isoformat()
        late.append(Published(now, each.configuration, json.dumps(content).encode()))
    rule = EventRule(events=["late", "failed"], late_factor=3)
    with CalibrationArchive(archived(tmp_path / "late.sqlite3", late)) as archive:
        alerts = list(
            archive.watch(rule, interval=datetime.timedelta(seconds=0.1), timeout=datetime.timedelta(seconds=8))
        )
    assert [(alert.kind, alert.subject) for alert in alerts] == [("late", "ibmq_lima")]
    assert alerts[0].began == alerts[0].time - 3 * step


def test_an_alert_that_was_not_delivered_is_told_again(archive):
    memory = archive.path.with_name("told.json")
    look = following(archive, [SHORT, FAILED])
    history = days(0, 3, failing=(3,))
    look()
    add(archive, history[1:4])
    watching = archive.watch([SHORT, FAILED], timeout=ONCE, memory=memory)
    assert next(watching).kind == "below"
    watching.close()
    assert look() == [("below", history[3].time), ("failed", history[3].time)]
    assert look() == []


def test_nothing_is_kept_without_a_memory_and_a_memory_is_private(archive):
    before = sorted(archive.path.parent.iterdir())
    assert len(list(archive.watch(SHORT, timeout=ONCE))) == 1
    assert len(list(archive.watch(SHORT, timeout=ONCE))) == 1
    assert sorted(archive.path.parent.iterdir()) == before
    following(archive, SHORT)()
    (memory,) = set(archive.path.parent.iterdir()) - set(before)
    assert memory.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"alerts": 2, "rows": []}', '{"alerts": 1, "rows": [{"rule": "short", "backend": "x", "seen": null, "held": [1]}]}', '{"alerts": 1, "rows": [{"rule": 1, "backend": "x", "seen": "soon", "held": []}]}', "[" * 100_000])  # fmt: skip
def test_a_memory_that_is_something_else_is_refused_and_left_as_it_is(archive, content):
    memory = archive.path.with_name("told.json")
    memory.write_text(content)
    with pytest.raises(
        IBMInputValueError, match=r"told.json is not a memory of alerts, or was written by another version"
    ):
        archive.watch(SHORT, timeout=ONCE, memory=memory)
    assert memory.read_text() == content


def test_what_is_wrong_is_said_before_the_first_look(archive):
    with pytest.raises(ArchiveError, match="no calibrations of 'fez'"):
        archive.watch(EventRule(backends="fez"))
    with pytest.raises(IBMInputValueError, match="interval must be above zero"):
        archive.watch(SHORT, interval=ONCE)
    with pytest.raises(IBMInputValueError, match="timeout must be a length of time"):
        archive.watch(SHORT, timeout="soon")
    with pytest.raises(FileNotFoundError):
        archive.watch("missing.toml")


#: Watches an archive until it is told to stop, and prints alerts.
WATCHER = """
import datetime, sys
from qiskit_ibm_native import CalibrationArchive, ValueRule
archive = CalibrationArchive(sys.argv[1])
rule = ValueRule(quantity="t1", qubits=0, below=2e-5, backends="lima")
for alert in archive.watch(rule, interval=datetime.timedelta(seconds=0.05)):
    print(alert.time.isoformat(), flush=True)
print("ended", flush=True)
"""


@pytest.mark.slow
def test_a_watch_in_another_process_tells_what_comes_in_and_ends_with_ctrl_c(archive):
    history = days(0, 2, 4)
    with subprocess.Popen(
        [sys.executable, "-c", WATCHER, str(archive.path)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline().strip() == history[0].time.isoformat()
            add(archive, history[1:4])
            assert process.stdout.readline().strip() == history[2].time.isoformat()
            add(archive, history[4:])
            assert process.stdout.readline().strip() == history[4].time.isoformat()
            # The loop is back in the watch a moment after it has printed, and there it stays.
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            assert (process.wait(60), rest) == (0, "ended\n")
        finally:
            process.kill()


# The example of a webhook


@contextmanager
def webhook(status: int = 200):
    """Yield the address of a server that answers with a status, and the requests that it got."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            requests.append((self.path, dict(self.headers), None))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks/very-secret", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run_example(*arguments, url: str | None = None) -> subprocess.CompletedProcess:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ALERT_WEBHOOK")}
    if url is not None:
        environment |= {"ALERT_WEBHOOK_URL": url, "ALERT_WEBHOOK_TOKEN": "a-secret-token"}
    command = [sys.executable, str(ROOT / "examples" / "alert_webhook.py"), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text("[[rule]]\nquantity='t1'\nqubits=[0]\nbelow=2e-5\n\n[[rule]]\nevents='failed'\ngates=[]\n")
    return path


def is_silent_about_secrets(done: subprocess.CompletedProcess) -> bool:
    return not any(secret in done.stdout + done.stderr for secret in ("very-secret", "a-secret-token"))


@pytest.mark.slow
def test_the_example_posts_alerts_once(archive, rules, tmp_path):
    memory = tmp_path / "told.json"
    with webhook() as (url, requests):
        options = (rules, "--archive", archive.path, "--memory", memory)
        done = run_example(*options, url=url)
        assert (done.returncode, done.stderr) == (0, "1 alerts posted\n")
        assert run_example(*options, url=url).stderr == "0 alerts posted\n"
        add(archive, days(0, 1, count=3, failing=(2,))[1:])
        done = run_example(*options, url=url)
        assert (done.returncode, done.stderr) == (0, "1 alerts posted\n")
        assert is_silent_about_secrets(done)
    assert [(path, body["kind"], body["subject"]) for path, _, body in requests] == [
        ("/hooks/very-secret", "below", "qubit 0"),
        ("/hooks/very-secret", "failed", "qubit 1"),
    ]
    _, headers, body = requests[0]
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Bearer a-secret-token"
    assert body["text"].startswith("2025-01-01 00:00 UTC: qubit 0 t1 of ibmq_lima is 1e-05 s, below 2e-05 s")
    assert body["value"] == 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("status", [302, 403, 500])
def test_the_example_posts_again_what_was_not_taken(archive, rules, tmp_path, status):
    options = (rules, "--archive", archive.path, "--memory", tmp_path / "told.json")
    with webhook(status) as (url, requests):
        done = run_example(*options, url=url)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"alert_webhook: the webhook answered with status {status}\n"
        assert [path for path, _, _ in requests] == ["/hooks/very-secret"]
    # Nothing listens there any more.
    done = run_example(*options, url=url)
    assert (done.returncode, done.stderr) == (2, "alert_webhook: the webhook cannot be reached: URLError\n")
    with webhook() as (url, requests):
        assert run_example(*options, url=url).stderr == "1 alerts posted\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "url", [None, "", "file:///etc/very-secret", "http://very-secret:port/", "http://very secret/"]
)
def test_the_example_refuses_addresses_without_telling_them(archive, rules, url):
    done = run_example(rules, "--archive", archive.path, url=url)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert is_silent_about_secrets(done)
    assert "secret" not in done.stderr
