# SPDX-License-Identifier: Apache-2.0
"""Notebooks are executed by a kernel, and their outputs drawn by JupyterLab in a browser without a window."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

#: Names under which distributions install Chromium, and others install Chrome.
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_TOKEN = "a-token-of-tests"
#: Seconds until JupyterLab answers, until a page is drawn, and until a cell has run.
_START, _DRAW, _RUN = 90.0, 60.0, 120.0
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
#: Parts of the page that say nothing about an output.
_HIDDEN = ".jp-OutputPrompt, .jp-OutputArea-promptOverlay, .jp-Dialog { display: none !important }"


def browser() -> str | None:
    """Return the path of a browser; ``None`` if there is none. ``CHROMIUM`` names another one."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, _BROWSERS)), None)


def executed(path: Path, cells: dict[str, str], environment: Mapping[str, str]) -> Any:
    """Execute cells in a kernel of this Python, write the notebook with its outputs, and return it.

    Args:
        path: The file; cells run in its folder.
        cells: Source by name; names become identifiers.
        environment: Variables of the kernel, beside those of this process.
    """
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=name) for name, source in cells.items()],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    client = NotebookClient(
        notebook, timeout=_RUN, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    variables = {name: value for name, value in os.environ.items() if name not in {"CI", "QISKIT_IBM_NATIVE_PROGRESS"}}
    client.execute(
        env={**variables, "HOME": str(path.parent), "IPYTHONDIR": str(path.parent / ".ipython"), **environment}
    )
    nbformat.write(notebook, path)
    return notebook


def _write_settings(folder: Path, theme: str) -> None:
    settings = {
        "apputils-extension/themes": {"theme": THEMES[theme]},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        # Cells that are not on the screen would not be drawn.
        "notebook-extension/tracker": {"windowingMode": "none"},
    }
    for name, content in settings.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))


@contextmanager
def jupyter_lab(folder: Path, theme: str) -> Iterator[str]:
    """Run JupyterLab for the notebooks of a folder; yield its address."""
    home = folder / f"home-{theme}"
    home.mkdir()
    _write_settings(home / "settings", theme)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
        "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_DATA_DIR": str(home), "JUPYTER_RUNTIME_DIR": str(home),
        "IPYTHONDIR": str(home), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }  # fmt: skip
    # JupyterLab draws no SVG of notebooks of others. These were executed here.
    trust = [sys.executable, "-m", "nbformat.sign", *map(str, folder.glob("*.ipynb"))]
    subprocess.run(trust, env=environment, check=True, capture_output=True)
    options = ["--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root", f"--IdentityProvider.token={_TOKEN}"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        yield _address(server, home)
    finally:
        server.terminate()
        server.wait(30)


def _address(server: subprocess.Popen[bytes], home: Path) -> str:
    end = time.monotonic() + _START
    while time.monotonic() < end and server.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+", (home / "log").read_text())
        if found:
            try:
                urllib.request.urlopen(f"{found[0]}/api?token={_TOKEN}", timeout=5).close()
            except OSError:
                pass
            else:
                return found[0]
        time.sleep(0.3)
    raise RuntimeError(f"JupyterLab did not start:\n{(home / 'log').read_text()[-2000:]}")


@contextmanager
def page_of(address: str, notebook: str, width: int = 1000) -> Iterator[Any]:
    """Open a notebook in a browser, and yield the page once its outputs are drawn."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Containers have no sandbox of the kernel, and the page is ours.
        options = ["--no-sandbox", "--force-color-profile=srgb"]
        chromium = playwright.chromium.launch(executable_path=browser(), args=options)
        try:
            page = chromium.new_page(viewport={"width": width, "height": 1500}, device_scale_factor=1)
            page.goto(f"{address}/doc/tree/{notebook}?token={_TOKEN}", timeout=_START * 1000)
            page.add_style_tag(content=_HIDDEN)
            page.wait_for_selector(".jp-CodeCell .jp-OutputArea-output", timeout=_DRAW * 1000)
            page.wait_for_timeout(1500)
            yield page
        finally:
            chromium.close()


def outputs(page: Any, names: Iterable[str]) -> dict[str, Any]:
    """Return the areas of outputs by the names of cells, of those that have outputs."""
    cells = page.query_selector_all(".jp-Notebook .jp-CodeCell")
    areas = {name: cell.query_selector(".jp-Cell-outputArea") for name, cell in zip(names, cells, strict=True)}
    return {
        name: area for name, area in areas.items() if area is not None and area.query_selector(".jp-OutputArea-output")
    }
