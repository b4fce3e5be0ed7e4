"""Each value of a TOML file is found on its line, however it is written."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.toml_lines import line_at, lines_of

TEXT = '''# a file
title = "one" # remark with [brackets] and = signs
a.b."c.d" = 1
text = """
several = lines
[[not]] a header \\""" still """

list = [ # here
  1, { x = 2, 'y z' = "}" },

  [3,
   4],
]
[table]
key = 1979-05-27
[table.below]
deep = '#'
[[steps]]
one = 1
[[steps]]
two = { three = 3 }
[steps.more]
four = 4
[[steps.inner]]
five = 5
'''


def test_where_values_stand() -> None:
    lines = lines_of(TEXT)
    assert [line_at(lines, path) for path in (("title",), ("a", "b", "c.d"), ("text",), ("list",))] == [2, 3, 4, 8]
    assert [lines["list", 0], lines["list", 1], lines["list", 1, "y z"], lines["list", 2, 1]] == [9, 9, 9, 12]
    assert [lines["table", "key"], lines["table", "below", "deep"]] == [15, 17]
    assert [lines["steps", 0, "one"], lines["steps", 1, "two", "three"], lines["steps", 1]] == [19, 21, 20]
    assert [lines["steps", 1, "more", "four"], lines["steps", 1, "inner", 0, "five"]] == [23, 25]
    assert line_at(lines, ("steps", 1, "two", "none")) == 21
    assert line_at(lines, ("none",)) == 1


def every(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, below in inner for found in every(below, (*path, key)))]


def written(value: object) -> str:
    """As a value of TOML, in one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {written(below)}" for key, below in value.items()) + " }"
    if isinstance(value, list):
        return "[\n" + "".join(f"{written(below)}, # it\n" for below in value) + "]"
    return json.dumps(value)


_WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)
_VALUES = st.recursive(
    st.integers(-5, 5) | st.booleans() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.dictionaries(_WORDS, _VALUES, max_size=4))
def test_every_value_of_any_file_has_a_line(table: dict[str, object]) -> None:
    text = "".join(f"{json.dumps(key)} = {written(value)}\n" for key, value in table.items())
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # a line break within braces
        return
    lines = lines_of(text)
    for path in every(found)[1:]:
        assert path in lines, text
        assert 1 <= lines[path] <= text.count("\n")


@pytest.mark.parametrize("text", ["", "\n\n", "a=1", "a = [\n]\n", "[a]\n", 'a = """"x""""', "a = ''''x'''''"])
def test_short_files(text: str) -> None:
    assert set(lines_of(text)) == set(every(tomllib.loads(text))[1:])
