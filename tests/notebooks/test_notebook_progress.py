# SPDX-License-Identifier: Apache-2.0
"""Progress in notebooks, with a display that is written down: one for each work, updated in place, and no warning."""

from __future__ import annotations

import sys
import threading
import time
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from qiskit.providers import JobStatus
from tests.support.pages import Page
from tests.support.sweeping import Serial, ghz

from qiskit_ibm_native import CalibrationArchive, Snapshot, Sweep, job_monitor
from qiskit_ibm_native._notebook_progress import NotebookBar, StatusLine, has_bars, is_notebook
from qiskit_ibm_native._progress import place, waiting


class Notebook:
    """Displays of a notebook: all states of each, as HTML and as text."""

    def __init__(self) -> None:
        self.displays: list[list[dict[str, str]]] = []

    def display(self, content: dict[str, str], *, raw: bool, display_id: bool) -> Any:
        """Show something for the first time."""
        assert raw
        assert display_id
        states = [content]
        self.displays.append(states)

        def update(content: dict[str, str], *, raw: bool) -> None:
            assert raw
            states.append(content)

        return SimpleNamespace(update=update)

    @property
    def texts(self) -> list[list[str]]:
        """The texts of all states; reading them checks the HTML beside them."""
        for states in self.displays:
            for state in states:
                Page(state["text/html"])
        return [[state["text/plain"] for state in states] for states in self.displays]


class ZMQInteractiveShell:
    """The shell of a kernel, as its name tells."""


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """Pretend to be a kernel without ipywidgets."""
    made = Notebook()
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = ZMQInteractiveShell  # type: ignore[attr-defined]
    display.display = made.display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.delenv("CI", raising=False)
    return made


def test_a_kernel_is_known_by_its_shell(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_notebook()
    assert place() == "notebook"
    monkeypatch.setenv("QISKIT_IBM_NATIVE_PROGRESS", "0")
    assert place() is None
    for shell in (None, SimpleNamespace()):
        monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda shell=shell: shell)
        assert not is_notebook()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not is_notebook()


def test_a_bar_is_one_display_and_says_how_it_ended(notebook: Notebook) -> None:
    with NotebookBar(3, "task", "sweep", interval=0.0) as bar:
        for _ in range(3):
            bar.update(1)
        bar.set_postfix({"errors": 1})
        assert has_bars()
    assert not has_bars()
    (texts,) = notebook.texts
    assert texts[0] == "sweep: 0 of 3 tasks, 0%"
    assert texts[1].startswith("sweep: 1 of 3 tasks, 33%")
    assert texts[-1] == "sweep: 3 of 3 tasks, 100%, 1 errors, done after 0 seconds"
    with pytest.raises(KeyboardInterrupt), NotebookBar(1, "row", "<b>"):
        raise KeyboardInterrupt
    assert notebook.texts[1][-1] == "<b>: 0 of 1 row, 0%, stopped after 0 seconds"
    assert NotebookBar(0, "row")._counts() == "0 of 0 rows, 100%"
    # A bar that nobody closes keeps waits away only as long as it lives.
    assert not has_bars()


def test_pages_get_few_updates(notebook: Notebook) -> None:
    with NotebookBar(10_000, "row", "verify") as bar:
        for _ in range(10_000):
            bar.update(1)
    assert len(notebook.texts[0]) < 10


def test_short_work_shows_nothing(notebook: Notebook) -> None:
    with NotebookBar(3, "row", "verify", delay=60.0) as bar:
        bar.update(3)
    with waiting("Job abc is queued"):
        pass
    assert notebook.displays == []


def test_a_wait_is_shown_after_a_second_and_is_gone_afterwards(notebook: Notebook) -> None:
    with waiting("Job abc is queued") as tell:
        time.sleep(1.5)
        tell("Job abc is running")
        time.sleep(0.6)
    (texts,) = notebook.texts
    assert texts[0].startswith("Job abc is queued, ")
    assert any(text.startswith("Job abc is running, ") for text in texts)
    assert texts[-1] == ""


def test_displays_belong_to_the_cell_that_made_them(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextvars import ContextVar

    cell: ContextVar[str] = ContextVar("cell", default="none")
    seen = []
    monkeypatch.setattr(sys.modules["IPython.display"], "display", lambda *_, **__: seen.append(cell.get()) or notebook)
    cell.set("third")
    line = StatusLine("Job abc")
    thread = threading.Thread(target=line.show, args=("running",))
    thread.start()
    thread.join()
    assert seen == ["third"]


def test_sweeps_and_archives_have_a_bar_and_no_warning(notebook: Notebook, tmp_path: Any) -> None:
    Sweep(ghz(2), "lima", seeds=range(3)).run(Serial(), progress=True)
    assert (
        notebook.texts[0][-1].startswith("tasks of the sweep: 3 of 3 tasks, 100%")
        or "3 of 3 tasks, 100%" in notebook.texts[0][-1]
    )
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        archive.add(Snapshot.load("lima"))
        archive.verify(progress=True)
    assert "100%" in notebook.texts[1][-1]


def test_a_job_is_followed_in_one_display(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE]
    job = SimpleNamespace(job_id=lambda: "abc", status=lambda: statuses.pop(0))
    job_monitor(job, interval=0.01)
    (texts,) = notebook.texts
    assert texts == [
        "Job abc: job is queued, 0 s", "Job abc: job is actively running, 0 s", "Job abc: job has successfully run, 0 s"
    ]  # fmt: skip
    assert "success" in notebook.displays[0][-1]["text/html"]
