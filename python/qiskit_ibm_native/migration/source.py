# SPDX-License-Identifier: Apache-2.0
"""The syntax tree of one script: the meaning of its names, and the edits that rules ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import libcst as cst
from libcst import matchers
from libcst.helpers import get_full_name_for_node
from libcst.metadata import (
    Assignment,
    CodeRange,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    QualifiedNameSource,
    Scope,
    ScopeProvider,
)

from .findings import Finding
from .names import home_of

Node = TypeVar("Node", bound=cst.CSTNode)
Edited = cst.CSTNode | cst.FlattenSentinel[cst.BaseStatement]
#: Simple statements on a line of their own, or behind a colon.
Line = cst.SimpleStatementLine | cst.SimpleStatementSuite
Edit = Callable[[cst.CSTNode], Edited]
#: An import behind another one: of a module, or of a name in it.
Wanted = tuple[cst.Import | cst.ImportFrom, str, str]
#: Characters of code that a finding shows.
_SHOWN = 100
#: Tokens in scripts, which findings do not repeat: they may end in a log.
_KEY = re.compile(r"([\"'])[0-9A-Za-z_-]{32,}\1")


class Source:
    """A script, as rules see it.

    Args:
        code: The script as it is on the disk.

    Raises:
        libcst.ParserSyntaxError: The script is no valid Python.
        UnicodeError: The script is not in the encoding that it declares.
    """

    def __init__(self, code: bytes) -> None:
        """Parse the script."""
        wrapper = MetadataWrapper(cst.parse_module(code), unsafe_skip_copy=False)
        self.module = wrapper.module
        # Going over the tree is most of the time: at once for all.
        found: Any = wrapper.resolve_many([PositionProvider, ScopeProvider, ParentNodeProvider])
        self._positions: Mapping[cst.CSTNode, CodeRange] = found[PositionProvider]
        self._scopes: Mapping[cst.CSTNode, Scope | None] = found[ScopeProvider]
        self._parents: Mapping[cst.CSTNode, cst.CSTNode] = found[ParentNodeProvider]
        self._edits: dict[cst.CSTNode, tuple[Edit, str]] = {}
        self._left: list[Finding] = []
        #: References to names of modules that an edit replaces.
        self.replaced: set[cst.CSTNode] = set()
        self._stars = self._star_imports()

    # The meaning of names

    def all(self, kind: type[Node]) -> Iterator[Node]:
        """Yield all nodes of a kind."""
        for node in self._positions:
            if isinstance(node, kind):
                yield node

    def name_of(self, node: cst.CSTNode) -> str | None:
        """Return the full name that imports give to ``name`` or ``name.name.name``; ``None`` for others."""
        root = root_of(node)
        if root is None:
            return None
        scope = self._scopes.get(root)
        if scope is None:
            return None
        found = scope.get_qualified_names_for(node)
        names = {name.name for name in found if name.source is QualifiedNameSource.IMPORT}
        if len(names) == 1:
            return names.pop()
        if names or root.value in scope:
            return None
        # Nothing assigns the name, so that an import of everything may have brought it.
        for module in self._stars:
            home = home_of(f"{module}.{root.value}")
            if home is not None and (home.module is not None or module == "qiskit"):
                return f"{module}.{get_full_name_for_node(node)}"
        return None

    def assignments_of(self, name: cst.Name) -> list[Assignment]:
        """Return what gives a name its value; built-in names have none."""
        scope = self._scopes.get(name)
        if scope is None:
            return []
        return [assignment for assignment in scope[name.value] if isinstance(assignment, Assignment)]

    def is_taken(self, name: str, *full_names: str) -> bool:
        """Return whether a script has another use for a name than to import one of ``full_names``."""
        return any(
            found.source is not QualifiedNameSource.IMPORT or found.name not in full_names
            for node in self.all(cst.Name)
            if node.value == name
            for assignment in self.assignments_of(node)
            for found in assignment.get_qualified_names_for(name)
        )

    def import_of(self, node: cst.CSTNode) -> cst.Import | cst.ImportFrom | None:
        """Return the import that brings the root of a dotted name, one of everything included."""
        root = root_of(node)
        if root is None:
            return None
        for assignment in self.assignments_of(root):
            if isinstance(assignment.node, cst.Import | cst.ImportFrom):
                return assignment.node
        name = self.name_of(node)
        stars = [star for module, star in self._stars.items() if name is not None and name.startswith(f"{module}.")]
        return stars[0] if stars else None

    def references_to(self, statement: cst.Import | cst.ImportFrom, name: str) -> list[cst.CSTNode]:
        """Return the uses of a name that an import statement binds."""
        scope = self._scopes.get(statement)
        found = scope[name] if scope is not None else ()
        return [
            access.node
            for assignment in found
            if isinstance(assignment, Assignment) and assignment.node is statement
            for access in assignment.references
        ]

    def parent_of(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return the node that a node is part of."""
        return self._parents.get(node)

    def line_of(self, statement: cst.BaseSmallStatement) -> Line:
        """Return the line that a statement is in, maybe with others."""
        parent = self.parent_of(statement)
        if not isinstance(parent, cst.SimpleStatementLine | cst.SimpleStatementSuite):
            raise TypeError("a small statement is in a line")
        return parent

    def code_of(self, node: cst.CSTNode) -> str:
        """Return the code of a node."""
        return self.module.code_for_node(node)

    def imports_within(self, *modules: str) -> bool:
        """Return whether a script imports something from one of these modules or below."""
        return any(name == module or name.startswith(f"{module}.") for name in self.imported() for module in modules)

    def uses(self, name: str) -> bool:
        """Return whether a script uses a name, however it was imported."""
        return any(self.name_of(node) == name for kind in (cst.Name, cst.Attribute) for node in self.all(kind))

    def imported(self) -> Iterator[str]:
        """Yield the full names of all that is imported; a star is one of them."""
        for statement in self.all(cst.Import):
            for alias in statement.names:
                yield alias.evaluated_name
        for origin in self.all(cst.ImportFrom):
            module = module_of(origin)
            if module is None:
                continue
            if isinstance(origin.names, cst.ImportStar):
                yield f"{module}.*"
            else:
                for alias in origin.names:
                    yield f"{module}.{alias.evaluated_name}"

    def _star_imports(self) -> dict[str, cst.ImportFrom]:
        stars = {}
        for statement in self.all(cst.ImportFrom):
            module = module_of(statement)
            if module is not None and isinstance(statement.names, cst.ImportStar):
                stars[module] = statement
        return stars

    # Edits

    def change(self, node: cst.CSTNode, edit: Edit, reason: str) -> None:
        """Replace a node by what ``edit`` makes of it, after the edits of what is inside."""
        self._edits[node] = edit, reason

    def leave(self, node: cst.CSTNode, reason: str) -> None:
        """Report something that is left to the user."""
        self._left.append(Finding(self._line(node), self._shown(node), None, reason))

    def apply(self) -> tuple[bytes, list[Finding]]:
        """Return the script with all edits, and the findings in the order of lines."""
        transformer = _Edits(self._edits)
        changed = self.module.visit(transformer)
        findings = [*self._left]
        for node, new in transformer.made.items():
            parts = list(new) if isinstance(new, cst.FlattenSentinel) else [new]
            old_code, new_code = self._shown(node), "; ".join(map(self._shown, parts))
            if new_code != old_code:
                kept = [comment for part in parts for comment in _comments_in(part)]
                lost = [comment for comment in _comments_in(node) if comment not in kept]
                reason = " ".join([self._edits[node][1], *(f"Dropped with it: {comment}" for comment in lost)])
                findings.append(Finding(self._line(node), old_code, new_code, reason))
        return changed.bytes, sorted(findings, key=lambda finding: (finding.line, finding.new is None, finding.old))

    def _shown(self, node: cst.CSTNode) -> str:
        # Without the comments around a line.
        parts = node.body if isinstance(node, Line) else [node]
        line = "; ".join(" ".join(self.code_of(part).split()).removesuffix(";") for part in parts)
        line = _KEY.sub(r"\1***\1", line)
        return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}..."

    def _line(self, node: cst.CSTNode) -> int:
        return int(self._positions[node].start.line)


class _Edits(cst.CSTTransformer):
    def __init__(self, edits: dict[cst.CSTNode, tuple[Edit, str]]) -> None:
        super().__init__()
        self._edits = edits
        self.made: dict[cst.CSTNode, Edited] = {}

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        # The result of a rule fits where the node was, which types cannot say.
        edited: Any = super().on_leave(original_node, updated_node)
        if original_node in self._edits:
            edited = self._edits[original_node][0](edited)
            self.made[original_node] = edited
        return edited


def _comments_in(node: cst.CSTNode) -> list[str]:
    return [comment.value for comment in matchers.findall(node, matchers.Comment()) if isinstance(comment, cst.Comment)]


def root_of(node: cst.CSTNode) -> cst.Name | None:
    """Return the first name of ``name.name.name``; ``None`` if there is something else inside, such as a call."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return node if isinstance(node, cst.Name) else None


def module_of(statement: cst.ImportFrom) -> str | None:
    """Return the module that names are imported from; ``None`` for a relative import."""
    if statement.relative or statement.module is None:
        return None
    return get_full_name_for_node(statement.module)


def dotted(name: str) -> cst.Name | cst.Attribute:
    """Return the expression of a dotted name."""
    first, *others = name.split(".")
    node: cst.Name | cst.Attribute = cst.Name(first)
    for part in others:
        node = cst.Attribute(node, cst.Name(part))
    return node


def text_of(node: cst.CSTNode) -> str | None:
    """Return the text of a literal, with ``{}`` for the expressions of an f-string; ``None`` for other nodes."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    if isinstance(node, cst.FormattedString):
        return "".join(part.value if isinstance(part, cst.FormattedStringText) else "{}" for part in node.parts)
    return None


def argument(arguments: Sequence[cst.Arg], name: str, position: int | None = None) -> cst.Arg | None:
    """Return an argument of a call by its keyword, or by its position among those without one."""
    for given in arguments:
        if given.keyword is not None and given.keyword.value == name:
            return given
    if position is not None and position < len(arguments):
        candidate = arguments[position]
        if candidate.keyword is None and not candidate.star:
            return candidate
    return None
