# SPDX-License-Identifier: Apache-2.0
"""The table of clients in docs/local-service.md says what the tests in tests/clients say, no more and no less.

Those tests need an environment with all clients (`make test-clients`); here, only their decorators are read.
"""

from __future__ import annotations

import ast
import re

from tests.support import TESTS

WORKS = "yes"
#: Cells that promise nothing: the client has no such call; it refuses by itself.
NOTHING = re.compile(r"–|no: .+")


def promised() -> dict[tuple[str, str], str]:
    """Return the cells of the table by client and call."""
    text = (TESTS.parent / "docs" / "local-service.md").read_text()
    section = text.split("\n## Clients\n", 1)[1].split("\n## ", 1)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")
    ]
    header = rows[0]
    return {(client, row[0]): cell for row in rows[2:] for client, cell in zip(header[1:], row[1:], strict=True)}


def declared() -> set[tuple[str, str]]:
    """Return client and call of every decorator ``works`` in tests/clients."""
    found = set()
    module = ast.parse((TESTS / "clients" / "calls.py").read_text())
    (names,) = (
        statement for statement in module.body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple)
    )  # fmt: skip
    assert isinstance(names.targets[0], ast.Tuple)
    variables = [ast.unparse(name) for name in names.targets[0].elts]
    clients = dict(zip(variables, ast.literal_eval(names.value), strict=True))
    for path in sorted((TESTS / "clients").glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "works":
                        client, *calls = decorator.args
                        found |= {(clients[ast.unparse(client)], ast.literal_eval(call)) for call in calls}
    return found


def test_every_cell_of_the_table_of_clients_has_a_test_and_every_test_a_cell() -> None:
    cells = promised()
    assert {cell for cell, text in cells.items() if text == WORKS} == declared()
    assert all(text == WORKS or NOTHING.fullmatch(text) for text in cells.values())
    assert {client for client, _ in cells} == {client for client, _ in declared()}
    assert len(declared()) > 50
