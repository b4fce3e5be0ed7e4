"""Whoever reads a number that was chosen finds beside it what it is and by what it was chosen."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "host_tools" / "stillscan"
PLAIN = {-1, 0, 1, 2}
"""Numbers that count or index: nobody chose them."""


def _numbers(value: ast.expr) -> Iterator[float]:
    """The numbers of an expression that is one or a table of them: literals, sums, tuples, ranges."""
    match value:
        case ast.Constant(value=bool()):
            return
        case ast.Constant(value=int() | float() as number):
            yield number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            yield -number
        case ast.BinOp(left=left, right=right):
            yield from _numbers(left)
            yield from _numbers(right)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts) | ast.Call(args=parts):
            found = [list(_numbers(part)) for part in parts]
            if all(found):  # a table of other things is no number
                yield from (number for numbers in found for number in numbers)


def unexplained(source: str) -> Iterator[tuple[int, str]]:
    """Line and names of numbers on the level of a module, without a comment on or before their line or a docstring."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    commented = {token.start[0] for token in comments}
    whole_lines = {token.start[0] for token in comments if token.line.lstrip().startswith("#")}
    body = ast.parse(source).body
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        if all(number in PLAIN for number in _numbers(statement.value)):
            continue
        match following:
            case ast.Expr(value=ast.Constant(value=str())):
                continue
        own_lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        if statement.lineno - 1 not in whole_lines and not commented & set(own_lines):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield statement.lineno, ", ".join(ast.unparse(target) for target in targets)


@pytest.mark.slow
def test_every_chosen_number_says_by_what_it_was_chosen() -> None:
    bare = [
        f"{path.relative_to(PACKAGE)}:{line}: {names}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, names in unexplained(path.read_text(encoding="utf-8"))
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("A = 3\n", ["A"]),
        ("A: float = -0.5\nB = 4  # a reason\n", ["A"]),
        ("A = range(1, 65)\n", ["A"]),
        ("A, B = 5, 0\n", ["(A, B)"]),
        ("A = {1: (44, 36)}\n", ["A"]),
        ("A = B * 5 + 1\n", ["A"]),
        ("# a reason\nA = 3\nB = 4\n", ["B"]),
        ("A = 3  # a reason of its own\nB = 4\n", ["B"]),
        ('A = 3\nB = 4\n"""A reason."""\n', ["A"]),
        ("A = (0, 1, 2, -1)\n", []),
        ("A = True\nB = struct.Struct('<4H')\nC = f('x', 3)\n", []),
        ("def f():\n    a = 3\n", []),
    ],
)
def test_numbers_without_a_reason_are_found(source: str, found: list[str]) -> None:
    assert [names for _, names in unexplained(source)] == found


ROOT = Path(__file__).parents[2]
READ_BY_THE_HOST = {"settings.py", "signals.py"}  # CPython's micropython has no const
_NUMBER = r"-?(?:0x[0-9A-Fa-f]+|const\(\d+\)|\d+)"
NAMED = re.compile(rf"^(_[A-Z0-9_]+|_[A-Z0-9_]+(?:, _[A-Z0-9_]+)+) = {_NUMBER}(?:, {_NUMBER})*(?:\s*#(.*))?$", re.M)


def named_at_run_time(source: str) -> list[str]:
    """Private whole numbers of a module of the firmware that are no const() and do not say why."""
    return [
        found[1]
        for found in NAMED.finditer(source)
        if "no const" not in (found[2] or "") and ("," in found[1] or "const(" not in found[0])
    ]


def test_numbers_of_the_firmware_have_no_name_at_run_time() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("firmware", "boards")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "models" not in path.parts and path.name not in READ_BY_THE_HOST
        for name in named_at_run_time(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_number_with_a_name_at_run_time_is_found() -> None:
    source = "_A = 3\n_B = const(4)\n_C = 0x1F  # of a register\n_D = 5  # tests have less, so no const\nE = 7\n"
    assert named_at_run_time(source) == ["_A", "_C"]
    assert named_at_run_time("_A, _B = const(1), const(2)  # which the compiler does not see\n") == ["_A, _B"]
