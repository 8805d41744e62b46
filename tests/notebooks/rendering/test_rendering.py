# SPDX-License-Identifier: Apache-2.0
"""A notebook that a kernel executes and JupyterLab draws, light and dark, beside photographs that somebody looked at.

``UPDATE_REFERENCES=1 make test-notebooks`` writes these anew, and those of the documents; look at them then.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.notebooks.rendering.gallery import CELLS
from tests.support import ROOT
from tests.support.jupyter_lab import THEMES, browser, executed, jupyter_lab, outputs, page_of

REFERENCES = ROOT / "tests/notebooks/references"
#: Outputs that are compared; the others are drawn, and have to be there.
COMPARED = ("snapshot", "diff", "failed-job", "results")
#: Outputs that the documents show, with the names of their files.
DOCUMENTED = {
    "snapshot": "notebook-snapshot", "diff": "notebook-diff", "results": "notebook-sweep", "progress": "notebook-progress",
    "series": "notebook-series",
}  # fmt: skip
#: Pixels of the pictures that are compared: fonts differ from machine to machine, and places and colours do not.
_WIDTH, _HEIGHT = 48, 40
#: The largest mean difference of these pixels, of 255, and the largest difference of heights.
_MOST, _MOST_HEIGHT = 9.0, 0.15


@pytest.fixture(scope="module", autouse=True)
def _needs_a_browser() -> None:
    if browser() is None:
        pytest.fail("There is no browser: install Chromium (apt-get install chromium), or name one by CHROMIUM=path.")


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Return the executed notebook: its file and its content."""
    path = tmp_path_factory.mktemp("notebook") / "gallery.ipynb"
    return path, executed(path, CELLS, {"PYTHONPATH": str(ROOT)})


@pytest.fixture(scope="module", params=THEMES)
def pictures(request: pytest.FixtureRequest, notebook: tuple[Path, Any]) -> tuple[str, dict[str, Image.Image]]:
    """Return the theme, and the outputs of cells as JupyterLab draws them."""
    path, _ = notebook
    with jupyter_lab(path.parent, request.param) as address, page_of(address, path.name) as page:
        found = {name: Image.open(io.BytesIO(area.screenshot())) for name, area in outputs(page, CELLS).items()}
    return request.param, {name: picture.convert("RGB") for name, picture in found.items()}


def test_cells_run_without_an_error_and_a_warning_of_progress(notebook: tuple[Path, Any]) -> None:
    for cell in notebook[1].cells:
        told = "".join(output.get("text", "") for output in cell.outputs)
        assert not [output for output in cell.outputs if output.output_type == "error"]
        assert "IProgress" not in told
        assert "Warning" not in told
    # All updates of a bar, of a wait and of a job went to their displays.
    (progress,) = (cell for cell in notebook[1].cells if cell.id == "progress")
    assert [output.output_type for output in progress.outputs] == ["display_data"] * 3
    texts = [output["data"]["text/plain"] for output in progress.outputs]
    # A wait is shown by another thread, in the cell that waits, and is empty in the end.
    assert texts[0] == ""
    assert texts[1].startswith("verify: 64 of 160 calibrations, 40%")
    assert texts[2] == "Job d2k1x0c8y9fg008a4t20: running, 12 s"
    (sweep,) = (cell for cell in notebook[1].cells if cell.id == "sweep")
    assert any("24 of 24 tasks, 100%" in output.get("data", {}).get("text/plain", "") for output in sweep.outputs)


def test_pictures_are_drawn_in_the_colours_of_the_page(pictures: tuple[str, dict[str, Image.Image]]) -> None:
    theme, found = pictures
    assert len(found) == len(CELLS) - 1
    for name, picture in found.items():
        light = np.asarray(picture.convert("L"), dtype=float)
        page, text = (float(np.median(light)), float(light.min() if theme == "light" else light.max()))
        assert (page > 230) is (theme == "light"), name
        # Texts differ from the page as much as those of the page itself.
        assert abs(page - text) > 150, name


@pytest.mark.parametrize("name", COMPARED)
def test_pictures_are_as_they_were(name: str, pictures: tuple[str, dict[str, Image.Image]]) -> None:
    theme, found = pictures
    path = REFERENCES / f"{name}-{theme}.png"
    if os.environ.get("UPDATE_REFERENCES"):
        reduced(found[name]).save(path, optimize=True)
    reference = Image.open(path).convert("RGB")
    ratio = (found[name].height / found[name].width) / (reference.height / reference.width)
    difference = distance(found[name], reference)
    if difference > _MOST:
        found[name].save(REFERENCES.parent / f"{name}-{theme}-failed.png")
    assert difference <= _MOST, f"{name}-{theme}-failed.png beside the references shows what is drawn now"
    assert abs(ratio - 1) < _MOST_HEIGHT


def test_the_documents_show_what_is_drawn(pictures: tuple[str, dict[str, Image.Image]]) -> None:
    theme, found = pictures
    for name, file in DOCUMENTED.items():
        path = ROOT / "docs/images" / f"{file}-{theme}.png"
        if os.environ.get("UPDATE_REFERENCES"):
            path.parent.mkdir(exist_ok=True)
            found[name].quantize(128).save(path, optimize=True)
        assert path.stat().st_size < 150_000
        assert distance(found[name], Image.open(path).convert("RGB")) <= _MOST, path.name


def reduced(picture: Image.Image) -> Image.Image:
    """Return a picture at half its size, in 32 colours: small enough to be kept."""
    half = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
    return half.quantize(32)


def distance(picture: Image.Image, reference: Image.Image) -> float:
    """Return the mean difference of two pictures after both were made so small that letters are grey."""
    small = [
        np.asarray(each.resize((_WIDTH, _HEIGHT), Image.Resampling.BOX), dtype=float) for each in (picture, reference)
    ]
    return float(np.abs(small[0] - small[1]).mean())


def test_another_picture_would_be_noticed(pictures: tuple[str, dict[str, Image.Image]]) -> None:
    _, found = pictures
    empty = Image.new("RGB", found["snapshot"].size, found["snapshot"].getpixel((found["snapshot"].width - 1, 2)))
    assert distance(found["snapshot"], empty) > _MOST
    assert distance(found["snapshot"], found["results"]) > _MOST
