# SPDX-License-Identifier: Apache-2.0
"""Makes the pictures of ``docs/pictures.md`` by running its snippets: what readers see is what the code makes.

The same code gives the same files, so that ``git diff`` shows which pictures a change concerns.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE, IMAGES = ROOT / "docs/pictures.md", ROOT / "docs/images"
#: Bytes of the largest picture.
MOST_BYTES = 150_000


def main() -> None:
    """Run the snippets in an empty folder, and move the pictures that they save to the others of the documents."""
    text = PAGE.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    shown = set(re.findall(r"\(images/([\w-]+\.png)\)", text))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=folder, check=True)
        made = {path.name: path for path in Path(folder).glob("*.png")}
        if missing := shown - set(made):
            sys.exit(f"{PAGE.name} shows {', '.join(sorted(missing))}, which its snippets do not save.")
        IMAGES.mkdir(exist_ok=True)
        for name in sorted(shown):
            size = made[name].stat().st_size
            if size > MOST_BYTES:
                sys.exit(f"{name} has {size:,} bytes, of {MOST_BYTES:,} that pictures of documents may have.")
            shutil.copyfile(made[name], IMAGES / name)
            print(f"{size:>8,} {name}")


if __name__ == "__main__":
    main()
