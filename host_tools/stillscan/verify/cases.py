"""Cases as JSON, one object a line: the contract for trying the rules without a scanner, a database or a page."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, overload

from stillscan.errors import InputError
from stillscan.verify.case import Case, Consignment

MOST_CHARACTERS = 20_000
"""Of one line; more than any real case needs."""


class _Kind(NamedTuple):
    type: type
    called: str


_TEXT, _TRUTH, _OBJECT = _Kind(str, "a text"), _Kind(bool, "true or false"), _Kind(dict, "an object")


def case_from_json(line: str) -> Case:
    """The case that one line holds. InputError names the field that is wrong, never what stands in it.

    Fields: ``mrz`` (list of lines or null), ``certain``, ``consignment`` (``tracking``, ``order``, ``recipient``,
    ``deadline`` YYYY-MM-DD, ``released``, and where they apply ``office``, ``withdrawn``, ``returned``; or null),
    ``second_document`` ({"number": ...} or null), ``face_matches`` (true, false or null), ``now`` (ISO 8601 with a time
    zone), ``test_mode`` (false when left out).
    """
    if len(line) > MOST_CHARACTERS:
        raise InputError(f"longer than {MOST_CHARACTERS} characters")
    try:
        data = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InputError("not one JSON object") from None
    if not isinstance(data, dict):
        raise InputError("not one JSON object")
    _only(data, {"mrz", "certain", "consignment", "second_document", "face_matches", "now", "test_mode"}, "")
    letter = _field(data, "consignment", _OBJECT, null=True)
    second = _field(data, "second_document", _OBJECT, null=True)
    return Case(
        mrz=_lines(data),
        certain=_field(data, "certain", _TRUTH),
        consignment=None if letter is None else _consignment(letter),
        second_document=None if second is None else _number(second),
        face_matches=_field(data, "face_matches", _TRUTH, null=True),
        now=_moment(_field(data, "now", _TEXT)),
        test_mode=_field({"test_mode": False, **data}, "test_mode", _TRUTH),
    )


def _consignment(data: Mapping[str, Any]) -> Consignment:
    where = "consignment."
    _only(data, {"tracking", "order", "recipient", "deadline", "released", "office", "withdrawn", "returned"}, where)
    data = {"order": "", "office": "", "withdrawn": False, "returned": False, **data}
    try:
        deadline = date.fromisoformat(_field(data, "deadline", _TEXT, where))
    except ValueError:
        raise InputError("'consignment.deadline' is no date YYYY-MM-DD") from None
    return Consignment(
        tracking=_field(data, "tracking", _TEXT, where),
        order=_field(data, "order", _TEXT, where),
        recipient=_field(data, "recipient", _TEXT, where),
        deadline=deadline,
        released=_field(data, "released", _TRUTH, where),
        office=_field(data, "office", _TEXT, where),
        withdrawn=_field(data, "withdrawn", _TRUTH, where),
        returned=_field(data, "returned", _TRUTH, where),
    )


def _number(data: Mapping[str, Any]) -> str:
    _only(data, {"number"}, "second_document.")
    return str(_field(data, "number", _TEXT, "second_document."))


def _lines(data: Mapping[str, Any]) -> tuple[str, ...] | None:
    if "mrz" not in data:
        raise InputError("'mrz' is missing")
    lines = data["mrz"]
    if lines is None:
        return None
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise InputError("'mrz' is neither null nor a list of lines")
    return tuple(lines)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("'now' is no time such as 2026-11-22T12:00:00Z") from None
    if moment.tzinfo is None:
        raise InputError("'now' has no time zone; write Z for UTC")
    return moment


@overload
def _field(data: Mapping[str, Any], name: str, kind: _Kind, where: str = "") -> Any: ...
@overload
def _field(data: Mapping[str, Any], name: str, kind: _Kind, where: str = "", *, null: Literal[True]) -> Any | None: ...
def _field(data: Mapping[str, Any], name: str, kind: _Kind, where: str = "", *, null: bool = False) -> Any:
    if name not in data:
        raise InputError(f"'{where}{name}' is missing")
    value = data[name]
    if (value is None and null) or isinstance(value, kind.type):
        return value
    raise InputError(f"'{where}{name}' is not {kind.called}{' or null' if null else ''}")


def _only(data: Mapping[str, Any], known: set[str], where: str) -> None:
    """A misspelt name must not pass for one left out. Only its place is named: it may be anything."""
    if unknown := data.keys() - known:
        raise InputError(
            f"{len(unknown)} field(s) of '{where or 'case.'}' that no case has: there are {', '.join(sorted(known))}"
        )


def _no_constant(name: str) -> None:
    raise ValueError(name)
