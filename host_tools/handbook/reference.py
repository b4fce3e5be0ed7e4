"""The pages that are made: commands from their parsers, the API from its description, Python from docstrings."""

from __future__ import annotations

import argparse
import contextlib
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from stillscan.cli import COMMANDS
from stillscan.commands.parser import Parser, add_log
from stillscan.web.api import api

MODULES = ("stillscan.testing", "stillscan.mrz", "stillscan.verify")
"""What may be imported from outside."""


def write(out: Path) -> None:
    """The pages of the reference, in the folder ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    for name, lines in (("commands", commands()), ("api", interface(description())), ("python", names())):
        (out / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def commands() -> Iterator[str]:
    """Every command and subcommand with its own help."""
    yield "# Commands\n"
    yield "What `--help` says of each. Exit codes and signals: [the kiosk as a service](../host_tools/docs/kiosk.md).\n"
    parser = Parser(prog="stillscan")
    below = parser.add_subparsers()
    for name in sorted(COMMANDS):
        import_module(f"stillscan.commands.{name}").add_parser(below)
        add_log(below.choices[name])
        yield from _help(below.choices[name], 2)


def _help(parser: argparse.ArgumentParser, level: int) -> Iterator[str]:
    yield f"{'#' * level} {parser.prog}\n\n```text\n{parser.format_help().rstrip()}\n```\n"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from _help(one, level + 1)


def description() -> dict[str, Any]:
    """The API's own description, as ``/api/v1/openapi.json`` gives it: it needs no records."""
    nothing = cast(Any, SimpleNamespace(test_mode=False, find=None))
    return api(nothing, nothing, nothing, nothing).openapi()


def interface(described: dict[str, Any]) -> Iterator[str]:
    """Every call with its scope, parameters, body and answers; what is sent to others; the fields of every object."""
    version = described["info"]["version"]
    yield f"# API\n\nVersion {version}, under `/api/v1` of the page's address. A running kiosk describes it in"
    yield "`/api/v1/openapi.json`. Tokens: [people and PINs](../host_tools/docs/staff.md).\n"
    for path, methods in described["paths"].items():
        for method, call in methods.items():
            yield from _call(f"{method.upper()} {path}", call)
    for name, methods in described["webhooks"].items():
        for method, call in methods.items():
            yield from _call(f"{method.upper()} to a receiver: {name}", call)
    for name, schema in described["components"]["schemas"].items():
        yield f"## {name}\n\n{schema.get('description', '')}\n"
        wanted = schema.get("required", [])
        rows = [
            (f"`{field}`", _kind(one), one.get("description", "") + ("" if field in wanted else " (may be left out)"))
            for field, one in schema.get("properties", {}).items()
        ]
        yield from _table("field", rows)


def _call(name: str, call: dict[str, Any]) -> Iterator[str]:
    yield f"## {name}\n\n{call.get('description', call['summary'])}\n"
    for needed in call.get("security", []):
        yield f"Scope of the token: {', '.join(f'`{scope}`' for scopes in needed.values() for scope in scopes)}\n"
    yield from _table("parameter", [_parameter(one) for one in call.get("parameters", [])])
    body = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        yield f"Body: {_kind(body)}\n"
    rows = []
    for code, answer in call["responses"].items():
        kinds = [(form, told.get("schema", {})) for form, told in answer.get("content", {}).items()]
        form, schema = kinds[0] if kinds else ("", {})
        said = schema.get("description", answer.get("description", ""))
        rows.append((code, form if form == "text/event-stream" else _kind(schema), said))
    yield from _table("answer", rows)


def _parameter(one: dict[str, Any]) -> tuple[str, str, str]:
    needed = "" if one.get("required") else "may be left out"
    return f"`{one['name']}` ({one['in']})", _kind(one.get("schema", {})), one.get("description", needed)


def _table(first: str, rows: list[tuple[str, str, str]]) -> Iterator[str]:
    if rows:
        yield f"| {first} | kind | what it is |\n|---|---|---|"
        yield from (
            "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |" for row in rows
        )
        yield ""


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words, with a link where it is an object of its own."""
    match schema:
        case {"$ref": str(place)}:
            name = place.rsplit("/", 1)[1]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": list(kinds)} | {"oneOf": list(kinds)}:
            return " or ".join(map(_kind, kinds))
        case {"type": "array", "items": dict(items)}:
            return f"list of {_kind(items)}"
        case {"enum": list(values)}:
            return ", ".join(f"`{value}`" for value in values)
        case {"type": str(name)}:
            return name
    return "any" if schema else ""


def names() -> Iterator[str]:
    """What each public module exports, with signatures and docstrings."""
    yield "# Python\n"
    for place in MODULES:
        module = import_module(place)
        yield f"## {place}\n\n{inspect.getdoc(module) or ''}\n"
        for name in sorted(module.__all__):
            yield from _object(f"{place}.{name}", getattr(module, name), 3)


def _object(name: str, value: Any, level: int) -> Iterator[str]:
    yield f"{'#' * level} {name.rsplit('.', 1)[1]}\n"
    if not callable(value):
        return
    with contextlib.suppress(TypeError, ValueError):  # an alias of a type, an exception of C
        yield f"```python\n{name.rsplit('.', 1)[1]}{inspect.signature(value)}\n```\n"
    yield f"{inspect.getdoc(value) or ''}\n"
    if inspect.isclass(value):
        for part, method in sorted(vars(value).items()):
            if not part.startswith("_") and inspect.isfunction(method):
                yield f"**{part}**`{inspect.signature(method)}`\n\n{inspect.getdoc(method) or ''}\n"
