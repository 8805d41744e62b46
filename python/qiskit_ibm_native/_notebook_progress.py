# SPDX-License-Identifier: Apache-2.0
"""Progress of long work in notebooks: one display for each work, which is updated in place, without ipywidgets.

``tqdm.auto`` would warn in a notebook without ipywidgets, and its bars need that package in the page, too. Displays
with an identifier are part of Jupyter's protocol, which every front end knows. The last state stays in the notebook.
"""

from __future__ import annotations

import sys
import threading
import time
from contextvars import copy_context
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from . import _html
from ._words import count, duration

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


def is_notebook() -> bool:
    """Return whether the program runs in the kernel of a notebook.

    IPython is asked if it runs: importing it would take half a second.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    # Colab has a shell of its own, which is a child of this one.
    return any(kind.__name__ == "ZMQInteractiveShell" for kind in type(shell).__mro__)


class Display:
    """A display of a notebook that is updated in place; it appears when it shows something for the first time.

    Any thread may update it: it belongs to the cell that made it.
    """

    def __init__(self) -> None:
        """Create it; nothing is shown yet."""
        self._handle: Any = None
        self._lock = threading.Lock()
        # The kernel finds the cell by variables of the context.
        self._context = copy_context()

    @property
    def is_shown(self) -> bool:
        """Whether something has been shown."""
        return self._handle is not None

    def show(self, html: str, text: str) -> None:
        """Show something in place of what was shown before.

        Args:
            html: It for pages.
            text: The same for front ends that show no pages.
        """
        with self._lock:
            # A context runs once at a time.
            self._context.copy().run(self._publish, {"text/html": html, "text/plain": text})

    def _publish(self, content: dict[str, str]) -> None:
        if self._handle is None:
            from IPython.display import display

            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


class InNotebook:
    """A line that says what is waited for, and is empty afterwards; it belongs to the cell that makes it."""

    def __init__(self) -> None:
        """Create it; nothing is shown yet."""
        self._display = Display()

    def show(self, text: str, seconds: float) -> None:
        """Show what is waited for, and for how long it has been."""
        told = f"{text}, {duration(seconds)} so far"
        self._display.show(_html.panel(_html.note(f"{told} ...")), told)

    def erase(self) -> None:
        """Remove the line."""
        if self._display.is_shown:
            self._display.show("", "")


class StatusLine:
    """A line with a status, such as that of a job that is waited for."""

    def __init__(self, name: str) -> None:
        """Create it; nothing is shown yet.

        Args:
            name: The name of what has the status, such as ``"job d1a2"``.
        """
        self._name = name
        self._display = Display()

    @property
    def is_shown(self) -> bool:
        """Whether the line is in the notebook."""
        return self._display.is_shown

    def show(self, status: str, *notes: str, tone: str = "busy") -> None:
        """Show a status.

        Args:
            status: A word or a few.
            notes: What else there is to know, such as the position in the queue.
            tone: As in ``_html.badge``.
        """
        told = [note for note in notes if note]
        heading = _html.heading(self._name, *told, badges=[_html.badge(status, tone)])
        self._display.show(_html.panel(heading), ", ".join([f"{self._name}: {status}", *told]))


#: Bars that are at work.
_BARS: WeakSet[NotebookBar] = WeakSet()


def has_bars() -> bool:
    """Return whether there are bars in notebooks that show that something goes on."""
    return any(bar.is_shown for bar in tuple(_BARS))


class NotebookBar:
    """A bar with the methods of one of tqdm that this package uses.

    Attributes:
        n: The number of parts that are done.
        total: The number of parts.
        initial: The number of those that were done before, which do not count for the remaining time.
    """

    def __init__(
        self, total: float, unit: str, title: str | None = None, *, interval: float = 0.2, delay: float = 0.0
    ) -> None:
        """Create it.

        Args:
            total: The number of parts.
            unit: The name of one part; ``"%"`` if parts are not counted.
            title: The name of the work.
            interval: Seconds between two updates of the page.
            delay: Seconds until the bar appears; work that ends before shows nothing.
        """
        self.n: float = 0
        self.total = total
        self.initial: float = 0
        self._unit, self._title, self._interval = unit, title or "", interval
        self._notes: dict[str, Any] = {}
        self._display = Display()
        self._started = time.monotonic()
        self._next = self._started + delay
        _BARS.add(self)
        if not delay:
            self.refresh()

    @property
    def is_shown(self) -> bool:
        """Whether the bar is in the notebook."""
        return self._display.is_shown

    def update(self, parts: float = 1) -> None:
        """Count parts that were done."""
        self.n += parts
        self.refresh_if_due(time.monotonic())

    def refresh_if_due(self, now: float) -> None:
        """Show the present state, if the last one was not shown a moment ago.

        Args:
            now: The time of the monotonic clock, in seconds.
        """
        if now >= self._next:
            self.refresh()

    def set_postfix(self, notes: dict[str, Any] | None = None, *, refresh: bool = True, **more: Any) -> None:
        """Set what is told behind the counts, as names and values."""
        self._notes = {**(notes or {}), **more}
        if refresh:
            self.refresh_if_due(time.monotonic())

    def refresh(self) -> None:
        """Show the present state."""
        self._next = time.monotonic() + self._interval
        self._show(self._remaining(), is_at_work=True)

    def close(self, *, is_interrupted: bool = False) -> None:
        """Show the last state, unless nothing has been shown."""
        _BARS.discard(self)
        if self._display.is_shown:
            seconds = time.monotonic() - self._started
            self._show(f"{'stopped' if is_interrupted else 'done'} after {duration(seconds)}", is_at_work=False)

    def _remaining(self) -> str:
        done = self.n - self.initial
        if done <= 0 or self.n >= self.total:
            return ""
        seconds = (time.monotonic() - self._started) / done * (self.total - self.n)
        return f"about {duration(seconds)} left" if seconds >= 1 else ""

    def _counts(self) -> str:
        share = self.n / self.total if self.total else 1.0
        if self._unit == "%":
            return f"{share:.0%}"
        return f"{self.n:,.0f} of {count(int(self.total), self._unit)}, {share:.0%}"

    def _show(self, time_text: str, *, is_at_work: bool) -> None:
        notes = [f"{value} {name}" for name, value in self._notes.items()]
        told = [self._counts(), *notes, *([time_text] if time_text else [])]
        style = "width:14em;height:.7em;vertical-align:baseline;accent-color:var(--jp-brand-color1,#3b82d6)"
        share = min(max(self.n / self.total, 0.0), 1.0) if self.total else 1.0
        bar = f'<progress style="{style}" value="{share:.4f}" max="1"></progress>' if is_at_work else ""
        title = f"<b>{_html.cell(self._title)}</b> " if self._title else ""
        html = f'<p style="margin:2px 0">{title}{bar} {_html.cell(" · ".join(told))}</p>'
        self._display.show(_html.panel(html), f"{self._title}{': ' if self._title else ''}{', '.join(told)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close(is_interrupted=error is not None)
