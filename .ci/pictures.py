# SPDX-License-Identifier: Apache-2.0
"""Make the pictures of README and docs, by the code that stands above them.

A picture is the variable ``figure`` after the last snippet before it; snippets of a page run one after the other.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/pictures.md")
#: Dots in an inch, and bytes of the largest picture.
DPI, MOST_BYTES = 80, 150_000


def pictures(page: str) -> dict[str, Any]:
    """Run the snippets of a page, and return its figures by the paths of their pictures."""
    text = (ROOT / page).read_text()
    parts = re.findall(r"```python\n(.*?)```|!\[[^]]*\]\(([^)]+\.png)\)", text, re.DOTALL)
    names: dict[str, Any] = {}
    found = {}
    # Code after the last picture makes none.
    last = max((number for number, (_, path) in enumerate(parts) if path), default=-1)
    for code, path in parts[: last + 1]:
        if path:
            found[os.path.normpath(Path(page).parent / path)] = names["figure"]
        else:
            exec(code, names)  # noqa: S102 (our own documents)
    return found


def png(figure: Any) -> bytes:
    """Return a figure as a small PNG file, the same each time."""
    drawn, small = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", dpi=DPI)
    image = Image.open(drawn).convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE)
    image.save(small, format="png", optimize=True)
    return small.getvalue()


def main() -> None:
    """Write the pictures of all pages."""
    with tempfile.TemporaryDirectory() as folder:
        # Snippets write files.
        os.chdir(folder)
        for page in PAGES:
            for path, figure in pictures(page).items():
                content = png(figure)
                if len(content) > MOST_BYTES:
                    sys.exit(f"{path} has {len(content):,} bytes, which are too many for a page")
                (ROOT / path).parent.mkdir(exist_ok=True)
                (ROOT / path).write_bytes(content)
                print(f"{path}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
