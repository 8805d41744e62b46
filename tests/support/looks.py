# SPDX-License-Identifier: Apache-2.0
"""Pictures are compared with references as eyes do: blurred, so that the antialiasing of fonts does not matter.

``UPDATE_REFERENCES=1`` writes the references anew: look at them before they are committed.
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from tests.support import TESTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

REFERENCES = TESTS / "visualization/references"
#: Dots in an inch of references, which are small, and bytes of the largest one.
_DPI, _MOST_BYTES = 50, 60_000
#: Side of the squares, pixels, of which the mean colours are compared.
_BLUR = 4
#: The largest difference of a square that is the same picture, and the largest mean difference; of 255.
_MOST_ANYWHERE, _MOST_MEAN = 60.0, 1.5


def assert_looks_like(figure: Figure, name: str) -> None:
    """Assert that a figure looks like its reference; a picture of both and their difference is kept if it does not.

    Args:
        figure: The figure.
        name: The name of the reference, without ``.png``.
    """
    drawn = _pixels(figure)
    path = REFERENCES / f"{name}.png"
    if os.environ.get("UPDATE_REFERENCES"):
        REFERENCES.mkdir(exist_ok=True)
        Image.fromarray(drawn).quantize(256, method=Image.Quantize.FASTOCTREE).save(path, optimize=True)
        assert path.stat().st_size <= _MOST_BYTES, f"{path.name} has {path.stat().st_size:,} bytes"
    reference = np.asarray(Image.open(path).convert("RGB"))
    assert drawn.shape == reference.shape, f"{name} has the size {drawn.shape}, and its reference {reference.shape}"
    difference = np.abs(blurred(drawn) - blurred(reference)).max(axis=2)
    if difference.max() > _MOST_ANYWHERE or difference.mean() > _MOST_MEAN:
        kept = _kept(name, drawn, reference, difference)
        raise AssertionError(
            f"{name} looks different: by {difference.max():.0f} of 255 where most, {difference.mean():.2f} in the mean. See"
            f" {kept}: the picture, its reference and their difference. UPDATE_REFERENCES=1 accepts the picture."
        )


def _pixels(figure: Figure) -> NDArray[np.uint8]:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI)
    return np.asarray(Image.open(file).convert("RGB"))


def blurred(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the mean colours of small squares, an array ``(rows, columns, 3)``."""
    height, width = (size // _BLUR * _BLUR for size in pixels.shape[:2])
    squares = pixels[:height, :width].reshape(height // _BLUR, _BLUR, width // _BLUR, _BLUR, 3)
    return squares.mean(axis=(1, 3), dtype=float)


def _kept(name: str, drawn: Any, reference: Any, difference: Any) -> Path:
    large = np.kron(np.minimum(3 * difference, 255).astype(np.uint8), np.ones((_BLUR, _BLUR), dtype=np.uint8))
    shown = np.zeros_like(drawn)
    shown[: large.shape[0], : large.shape[1]] = large[:, :, None]
    path = Path(tempfile.mkdtemp(prefix="picture-")) / f"{name}.png"
    Image.fromarray(np.hstack([drawn, reference, shown])).save(path)
    return path
