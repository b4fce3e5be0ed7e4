"""Whoever reads a number that was chosen finds beside it what it is and by what it was chosen."""

import ast
import io
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
