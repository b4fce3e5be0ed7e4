"""Rows of a file of consignments, CSV or JSON, each with the line that it begins on. Judges form, not contents."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

MOST_BYTES = 64 * 1024 * 1024  # a letter takes about 50 bytes as CSV, 120 as JSON: half a million of them


class _TwiceError(ValueError):
    """An object names a field twice."""


class Row(NamedTuple):
    """One row: its fields, or what is wrong with its form."""

    line: int
    fields: dict[str, object] | None
    problem: str = ""


def rows(content: bytes, known: tuple[str, ...], optional: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a file. Never raises: what cannot be read is a row with a problem.

    JSON is a list of objects, or one object after another; anything else is CSV with a header, parted by commas,
    semicolons or tabs.
    """
    if len(content) > MOST_BYTES:
        yield Row(1, None, f"the file is larger than {MOST_BYTES // 1024 // 1024} MB")
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield Row(content[: error.start].count(b"\n") + 1, None, "is not UTF-8 text")
        return
    if not text.strip():
        yield Row(1, None, "the file is empty")
        return
    found = _json(text) if text.lstrip()[0] in "[{" else _csv(text, known, optional)
    for row in found:
        unknown = sorted(set(row.fields or ()) - set(known))
        yield row if not unknown else Row(row.line, None, f"there is no field {_quoted(unknown[0])}")


def _csv(text: str, known: tuple[str, ...], optional: tuple[str, ...]) -> Iterator[Row]:
    head = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    header: list[str] | None = None
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, None, f"is not CSV ({error})")
            return
        begin, line = line, reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in cells]
            if wrong := _header(header, known, optional):
                yield Row(begin, None, wrong)
                return
        elif len(cells) != len(header):
            yield Row(begin, None, f"has {len(cells)} fields, the header {len(header)}")
        else:
            yield Row(begin, dict(zip(header, cells, strict=True)))


def _header(header: list[str], known: tuple[str, ...], optional: tuple[str, ...]) -> str | None:
    names = f"the header names {', '.join(known)}"
    for name in header:
        if name not in known:
            return f"there is no field {_quoted(name)}; {names}"
        if header.count(name) > 1:
            return f"the header names {name} twice"
    missing = [name for name in known if name not in header and name not in optional]
    return f"the header lacks {', '.join(missing)}; {names}" if missing else None


_BETWEEN = re.compile(r"[ \t\r\n]*")


def _json(text: str) -> Iterator[Row]:
    decoder = json.JSONDecoder(object_pairs_hook=_object)
    listed = text.lstrip()[0] == "["
    at = _BETWEEN.match(text, text.index("[") + 1 if listed else 0).end()  # type: ignore[union-attr]
    line, counted = 1, 0
    while at < len(text) and not (listed and text[at] == "]"):
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            yield Row(error.lineno, None, f"is not JSON ({error.msg[:1].lower()}{error.msg[1:]})")
            return
        except _TwiceError:
            yield Row(line, None, "is not JSON (an object names a field twice)")
            return
        except RecursionError:
            yield Row(line, None, "is not JSON that can be read (lists in lists without end)")
            return
        except ValueError:
            yield Row(line, None, "is not JSON that can be read (a number of thousands of digits)")
            return
        yield Row(line, value) if isinstance(value, dict) else Row(line, None, "is not an object")
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        if listed and at < len(text) and text[at] == ",":
            at = _BETWEEN.match(text, at + 1).end()  # type: ignore[union-attr]
        elif listed and (at >= len(text) or text[at] != "]"):
            yield Row(line, None, "is not JSON (the list does not end)")
            return
    if listed and (at >= len(text) or text[at + 1 :].strip()):
        yield Row(line, None, "is not JSON (the list does not end, or something follows it)")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _TwiceError
    return fields


def _quoted(name: str) -> str:
    return repr(name[:40]).replace("\\", "")
