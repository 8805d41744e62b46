# SPDX-License-Identifier: Apache-2.0
"""The pictures of README and docs are those that the code above them makes."""

from __future__ import annotations

import io
import runpy

import numpy as np
import pytest
from PIL import Image
from tests.support import ROOT
from tests.support.documents import PAGES
from tests.support.looks import blurred

MAKER = runpy.run_path(str(ROOT / ".ci/pictures.py"))


@pytest.mark.slow
@pytest.mark.parametrize("page", MAKER["PAGES"])
def test_pictures_are_those_of_the_code_above_them(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = MAKER["pictures"](page)
    assert found
    for path, figure in found.items():
        drawn = np.asarray(Image.open(io.BytesIO(MAKER["png"](figure))).convert("RGB"))
        kept = np.asarray(Image.open(ROOT / path).convert("RGB"))
        assert drawn.shape == kept.shape, path
        assert np.abs(blurred(drawn) - blurred(kept)).max() < 60, f"make pictures: {path}"


def test_pictures_of_documents_are_small_and_used():
    text = "".join((ROOT / page).read_text() for page in PAGES)
    for path in (ROOT / "docs/images").glob("*.png"):
        assert path.stat().st_size <= MAKER["MOST_BYTES"]
        assert path.name in text, f"no page shows {path.name}"
