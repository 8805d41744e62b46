# SPDX-License-Identifier: Apache-2.0
"""Import statements, and the names of modules that are used in full."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence

import libcst as cst

from .names import NEW, OLD, Home, home_of, is_module
from .source import Edit, Edited, Line, Source, Wanted, dotted, module_of, root_of

_MOVED = "{} has it today."
_NEEDED = "{} is needed in place of {}."
#: Names that rules for calls replace, and what such a rule needs in their place.
REPLACED = {
    "qiskit.IBMQ": (NEW, "IBMProvider"),
    "qiskit.compiler.execute": ("qiskit", "transpile"),
    "qiskit.execute": ("qiskit", "transpile"),
    "qiskit.execute_function.execute": ("qiskit", "transpile"),
    "qiskit.providers.ibmq.IBMQ": (NEW, "IBMProvider"),
}


class Imports:
    """The imports of a script, and what other rules want to import besides.

    Args:
        source: The script. Rules for calls have been applied: a name that they replaced everywhere is imported no more.
    """

    def __init__(self, source: Source) -> None:
        """Find the lines with imports."""
        self._source = source
        self._lines: dict[Line, dict[cst.BaseSmallStatement, list[cst.BaseSmallStatement]]] = {}
        self._reasons: dict[Line, list[str]] = {}

    def rewrite(self, wanted: Iterable[Wanted]) -> None:
        """Ask for the edits of all imports, and for the ``wanted`` ones."""
        for statement in self._source.all(cst.ImportFrom):
            self._rewrite_from(statement)
        for plain in self._source.all(cst.Import):
            self._rewrite_plain(plain)
        for origin, module, name in wanted:
            self._add(origin, module, name)
        for line, parts in self._lines.items():
            self._source.change(line, _line_edit(line, parts), " ".join(dict.fromkeys(self._reasons[line])))

    def _rewrite_from(self, statement: cst.ImportFrom) -> None:
        module = module_of(statement)
        if module is None:
            return
        if isinstance(statement.names, cst.ImportStar):
            home = home_of(module)
            if home is not None and module != "qiskit":
                self._rewrite_star(statement, module, home)
            return
        moved: dict[str, list[cst.ImportAlias]] = {}
        gone: dict[str, list[str]] = {}
        present = {(module, alias.evaluated_alias or alias.evaluated_name) for alias in statement.names}
        for alias in statement.names:
            name = f"{module}.{alias.evaluated_name}"
            home = self._home_of_import(statement, alias, name)
            if home is not None and home.module is not None:
                if (home.module, home.name) not in present:
                    moved.setdefault(home.module, []).append(_renamed(alias, home, is_replaced=name in REPLACED))
                reason = (
                    _NEEDED.format(home.name, alias.evaluated_name) if name in REPLACED else _MOVED.format(home.module)
                )
                self._say(statement, reason)
                continue
            moved.setdefault(module, []).append(alias)
            if home is not None:
                gone.setdefault(home.advice, []).append(alias.evaluated_name)
        for advice, names in gone.items():
            self._source.leave(statement, f"{', '.join(names)}: {advice}.")
        here = moved.get(module, ())
        if len(here) != len(statement.names) or any(map(operator.is_not, here, statement.names)):
            self._replace(statement, _statements_from(statement, module, moved))

    def _home_of_import(self, statement: cst.ImportFrom, alias: cst.ImportAlias, name: str) -> Home | None:
        if name not in REPLACED:
            return home_of(name)
        references = self._source.references_to(statement, alias.evaluated_alias or alias.evaluated_name)
        if all(reference in self._source.replaced for reference in references):
            return Home(*REPLACED[name])
        if any(reference in self._source.replaced for reference in references):
            self._add(statement, *REPLACED[name])
        return home_of(name)

    def _rewrite_star(self, statement: cst.ImportFrom, module: str, home: Home) -> None:
        if home.module is None:
            self._source.leave(statement, f"{module}: {home.advice}.")
            return
        new = statement.with_changes(module=dotted(_joined(home)))
        self._replace(statement, [new])
        self._say(statement, _MOVED.format(_joined(home)))

    def _rewrite_plain(self, statement: cst.Import) -> None:
        names: list[cst.ImportAlias] = []
        for alias in statement.names:
            name = alias.evaluated_name
            home = home_of(name)
            # A module, even if a function is called like it.
            if name.startswith(f"{OLD}.") and is_module(path := f"{NEW}.{name[len(OLD) + 1 :]}"):
                home = Home(path)
            if home is not None and home.module is None:
                self._source.leave(statement, f"{name}: {home.advice}.")
            if home is None or home.module is None:
                names.append(alias)
                continue
            self._say(statement, _MOVED.format(_joined(home)))
            names.append(alias.with_changes(name=dotted(_joined(home))))
            if alias.asname is None and name.startswith("qiskit."):
                # The statement has brought "qiskit", too.
                names.append(cst.ImportAlias(cst.Name("qiskit")))
        if any(new is not old for new, old in zip(names, statement.names, strict=False)):
            self._replace(statement, [statement.with_changes(names=_separated(names))])

    def _add(self, statement: cst.Import | cst.ImportFrom, module: str, name: str = "") -> None:
        alias = [cst.ImportAlias(dotted(name or module))]
        new = cst.ImportFrom(dotted(module), alias) if name else cst.Import(alias)
        line = self._source.line_of(statement)
        if any(_brings(old, new) for old in self._new_of(line)):
            return
        parts = self._lines.setdefault(line, {})
        parts.setdefault(statement, [statement]).append(new)
        self._say(statement, f"{_joined(Home(module, name))} is needed.")

    def _new_of(self, line: Line) -> Sequence[cst.BaseSmallStatement]:
        return [new for parts in self._lines.get(line, {}).values() for new in parts]

    def _replace(self, statement: cst.Import | cst.ImportFrom, new: list[cst.BaseSmallStatement]) -> None:
        parts = self._lines.setdefault(self._source.line_of(statement), {})
        parts[statement] = [*new, *parts.get(statement, [statement])[1:]]

    def _say(self, statement: cst.Import | cst.ImportFrom, reason: str) -> None:
        self._reasons.setdefault(self._source.line_of(statement), []).append(reason)


def rewrite_full_names(source: Source) -> list[Wanted]:
    """Ask for edits of names that are used with their modules; return what to import besides."""
    wanted: list[Wanted] = []
    for node in [*source.all(cst.Name), *source.all(cst.Attribute)]:
        parent = source.parent_of(node)
        if isinstance(parent, cst.Attribute | cst.ImportAlias | cst.ImportFrom) or root_of(node) in source.replaced:
            continue
        statement = source.import_of(node)
        if isinstance(statement, cst.Import):
            wanted += _rewrite_full_name(source, node, statement)
    return wanted


def _rewrite_full_name(source: Source, whole: cst.CSTNode, statement: cst.Import) -> list[Wanted]:
    name = source.name_of(whole) or ""
    is_in_full = source.code_of(whole) == name
    home = home_of(name)
    if home is not None and home.module is None:
        source.leave(whole, f"{name}: {home.advice}.")
    elif name == OLD or name.startswith(f"{OLD}."):
        if is_in_full:
            source.change(whole, _to(dotted(f"{NEW}{name[len(OLD) :]}")), f"The package is {NEW} today.")
    elif is_in_full:
        # Attributes of what has moved go with it.
        for node in _inner(whole):
            home = home_of(source.code_of(node))
            if home is not None and home.module is not None:
                source.change(node, _to(dotted(_joined(home))), _MOVED.format(home.module))
                return [(statement, home.module, "")]
    return []


def _inner(node: cst.CSTNode) -> list[cst.CSTNode]:
    """Return ``a``, ``a.b`` and ``a.b.c`` of ``a.b.c``."""
    return [*(_inner(node.value) if isinstance(node, cst.Attribute) else []), node]


def _to(new: cst.BaseExpression) -> Edit:
    def edit(_: cst.CSTNode) -> Edited:
        return new

    return edit


def _statements_from(
    statement: cst.ImportFrom, module: str, names_by_module: dict[str, list[cst.ImportAlias]]
) -> list[cst.BaseSmallStatement]:
    if len(names_by_module) == 1:
        here, names = next(iter(names_by_module.items()))
        return [statement.with_changes(module=dotted(here), names=_ended(names, statement))]
    # Names that stay keep their lines and comments.
    first = {module: names_by_module[module]} if module in names_by_module else {}
    others = {here: names for here, names in names_by_module.items() if here != module}
    return [
        *(statement.with_changes(names=_ended(names, statement)) for names in first.values()),
        *(
            cst.ImportFrom(dotted(here), _separated([cst.ImportAlias(alias.name, alias.asname) for alias in names]))
            for here, names in others.items()
        ),
    ]


def _ended(names: list[cst.ImportAlias], statement: cst.ImportFrom) -> list[cst.ImportAlias]:
    """Return names of which the last one ends as that of the statement did."""
    if isinstance(statement.names, cst.ImportStar):
        return names
    own, former = names[-1].comma, statement.names[-1].comma
    if isinstance(own, cst.Comma) and isinstance(former, cst.Comma):
        space, end = own.whitespace_after, former.whitespace_after
        if isinstance(space, cst.ParenthesizedWhitespace) and isinstance(end, cst.ParenthesizedWhitespace):
            # With its own comment, before a parenthesis that is where it was.
            space = space.with_changes(indent=end.indent, last_line=end.last_line, empty_lines=end.empty_lines)
            former = own.with_changes(whitespace_after=space)
    return [*names[:-1], names[-1].with_changes(comma=former)]


def _separated(names: Sequence[cst.ImportAlias]) -> list[cst.ImportAlias]:
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return [
        *(alias.with_changes(comma=comma) for alias in names[:-1]),
        names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT),
    ]


def _renamed(alias: cst.ImportAlias, home: Home, is_replaced: bool) -> cst.ImportAlias:
    """Return an import of the new name that binds the old one, unless rules have replaced that."""
    old = alias.evaluated_name
    if is_replaced:
        return alias.with_changes(name=cst.Name(home.name), asname=None)
    if home.name == old:
        return alias
    asname = alias.asname or cst.AsName(cst.Name(old))
    return alias.with_changes(name=dotted(home.name), asname=asname)


def _line_edit(line: Line, parts: dict[cst.BaseSmallStatement, list[cst.BaseSmallStatement]]) -> Edit:
    def edit(updated: cst.CSTNode) -> Edited:
        if not isinstance(updated, Line):
            raise TypeError("a line of statements stays one")
        body: list[cst.BaseSmallStatement] = []
        for old, unchanged in zip(line.body, updated.body, strict=True):
            body.extend(parts.get(old, [unchanged]))
        if len(line.body) > 1 or isinstance(updated, cst.SimpleStatementSuite):
            return updated.with_changes(body=body)
        first, *others = body
        # The comment behind the line stays with the first statement.
        return cst.FlattenSentinel(
            [updated.with_changes(body=[first]), *(cst.SimpleStatementLine([other]) for other in others)]
        )

    return edit


def _brings(old: cst.BaseSmallStatement, new: cst.Import | cst.ImportFrom) -> bool:
    """Return whether a statement imports the same as one with a single name."""
    if old.deep_equals(new):
        return True
    return (
        isinstance(old, cst.Import)
        and isinstance(new, cst.Import)
        and any(alias.asname is None and alias.evaluated_name == new.names[0].evaluated_name for alias in old.names)
    )


def _joined(home: Home) -> str:
    return ".".join(filter(None, (home.module, home.name)))
