# SPDX-License-Identifier: Apache-2.0
"""Pages of the project and their snippets."""

from __future__ import annotations

import re

from tests.support import ROOT

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "benchmarks/README.md"]
)


def snippets(page: str) -> str:
    """Return the Python snippets of a page as one program."""
    return "\n".join(re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL))
