"""Every line of the contract has a proof, on uvloop too, and no proof names another line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
IDS = [f"S{number}" for number in range(1, 24)]


def _marks(node: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Find `pytest.mark.name(...)` and `pytest.mark.name` inside *node*: name and arguments."""
    for each in ast.walk(node):
        call = each.func if isinstance(each, ast.Call) else each
        if isinstance(call, ast.Attribute) and ast.unparse(call.value) == "pytest.mark":
            values = each.args if isinstance(each, ast.Call) else []
            yield call.attr, [ast.literal_eval(v) for v in values if isinstance(v, ast.Constant)]


def _tests() -> Iterator[tuple[str, list[str], bool]]:
    """Find every test that names lines: its name, the lines, whether uvloop runs it too."""
    for path in sorted(HERE.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        everywhere = {
            mark
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
            for mark, _ in _marks(node.value)
        }
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                marks = [mark for each in node.decorator_list for mark in _marks(each)]
                names = everywhere | {name for name, _ in marks}
                lines = [line for name, values in marks if name == "contract" for line in values]
                asynchronous = isinstance(node, ast.AsyncFunctionDef)
                uvloop = asynchronous and bool(names & {"any_clock", "real_time"})
                if "contract" in names:
                    yield f"{path.name}::{node.name}", lines, uvloop


def test_every_line_of_the_contract_has_a_proof() -> None:
    proven = {line for _, lines, _ in _tests() for line in lines}
    assert [line for line in IDS if line not in proven] == []


def test_every_line_of_the_contract_is_proven_on_uvloop_too() -> None:
    proven = {line for _, lines, uvloop in _tests() if uvloop for line in lines}
    assert [line for line in IDS if line not in proven] == []


def test_no_test_names_a_line_that_is_not_in_the_contract() -> None:
    unknown = {name: lines for name, lines, _ in _tests() if not lines or set(lines) - set(IDS)}
    assert unknown == {}


def test_the_walk_finds_what_it_looks_for() -> None:
    source = "@pytest.mark.any_clock\n@pytest.mark.contract('S1', 'S99')\ndef test_it(): ...\n"
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    marks = [mark for each in function.decorator_list for mark in _marks(each)]
    assert ("any_clock", []) in marks
    assert ("contract", ["S1", "S99"]) in marks


@pytest.mark.parametrize("line", IDS)
def test_the_design_document_has_the_line(line: str) -> None:
    design = HERE.parent / "docs" / "design.md"
    if not design.exists():
        pytest.skip("the documents are not part of this copy")
    assert f"**{line}**" in design.read_text(encoding="utf-8")
