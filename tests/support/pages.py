# SPDX-License-Identifier: Apache-2.0
"""Pictures of notebooks, read as a browser reads them."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from typing import Any

#: Elements that pictures are made of; nothing here runs code, loads anything, or concerns the rest of the page.
ALLOWED = frozenset({
    "b", "details", "div", "g", "p", "path", "progress", "span", "summary", "svg", "table", "tbody", "td", "text", "th",
    "thead", "title", "tr",
})  # fmt: skip


class Page(HTMLParser):
    """A picture: its elements, its texts, and the attributes of all elements.

    Reading fails if elements are not closed in turn.
    """

    def __init__(self, html: str) -> None:
        """Read HTML."""
        super().__init__(convert_charrefs=True)
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.titles: list[str] = []
        self.outline: list[str] = []
        self._open: list[str] = []
        html.encode()
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    @property
    def text(self) -> str:
        """All texts that are seen without a pointer, with single spaces."""
        return " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.outline.append(f"{'  ' * len(self._open)}{tag}")
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"{tag} was not open"
        assert self._open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        inner = self._open[-1:] == ["title"]
        (self.titles if inner else self.texts).append(data)
        if not inner and data.strip() and not {"svg", "g"} & set(self._open):
            self.outline.append(f"{'  ' * len(self._open)}{data.strip()}")


def page_of(shown: Any) -> Page:
    """Return the picture of an object, which is safe: no element and no attribute can run or load anything."""
    page = Page(shown._repr_html_())
    assert set(page.elements) <= ALLOWED
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), f"{tag} has {name}"
        assert name not in {"href", "src", "id"}, f"{tag} has {name}"
        assert "url(" not in value
        assert "javascript" not in value
    return page
