from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import pytest

from kiosk import wire
from stillscan.boards.files import firmware_folder
from stillscan.link import messages

from .golden import GOLDEN

TYPES = {"u8": "B", "u16": "H", "u32": "I", "i16": "h", "i32": "i", "text8": "8s", "text16": "16s"}
TYPES |= {"raw8": "8s", "raw16": "16s"}
Table = list[dict[str, str]]
LINES = (firmware_folder() / "PROTOCOL.md").read_text().splitlines()


def _firmware(module: str) -> dict[str, Any]:
    """The names of a module of the firmware, its annotations unread: they are for the type checker alone."""
    path = firmware_folder() / "kiosk" / f"{module}.py"
    names: dict[str, Any] = {}
    exec("from __future__ import annotations\n" + path.read_text(encoding="utf-8"), names)
    return names


def _tables() -> dict[str, Table]:
    """The table of every section that has one, by heading; cells by the name of their column."""
    found: dict[str, Table] = {}
    heading = ""
    columns: list[str] = []
    for line in LINES:
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if not cells:
            columns = []
        elif not columns:
            columns = cells
            assert heading not in found, f"two tables below {heading}"
            found[heading] = []
        elif set(cells) != {"---"}:
            assert len(cells) == len(columns), line
            found[heading].append(dict(zip(columns, cells, strict=True)))
    return found


TABLES = _tables()
MESSAGES = {
    int(match[1], 16): (match[2], match[3], TABLES[heading])
    for heading in TABLES
    if (match := re.fullmatch(r"(0x[0-9A-F]{2}) ([A-Z_]+) \(`([CM]_[A-Z_]+)`\)", heading))
}


def test_every_message_is_described() -> None:
    assert sorted(MESSAGES) == sorted(wire.BODIES)
    assert sorted(wire.FIELDS) == sorted(name for _, name, _ in MESSAGES.values())
    assert all(getattr(wire, name) == kind for kind, (_, name, _) in MESSAGES.items())
    assert all(name[2:] == title for title, name, _ in MESSAGES.values())
    assert all((kind >= 0x80) == name.startswith("M_") for kind, (_, name, _) in MESSAGES.items())


@pytest.mark.parametrize("kind", wire.BODIES, ids=hex)
def test_fields_are_those_of_wire(kind: int) -> None:
    form = wire.BODIES[kind]
    _, name, table = MESSAGES[kind]
    assert " ".join(row["field"] for row in table) == wire.FIELDS[name]
    assert "<" + "".join(TYPES[row["type"]] for row in table) == form
    assert all(row["unit"] for row in table), "every field has a unit, or -"


def test_log_entry() -> None:
    table = TABLES["Log entry (`LOG_ENTRY`)"]
    assert "<" + "".join(TYPES[row["type"]] for row in table) == wire.LOG_ENTRY
    assert all(row["unit"] for row in table)


ENUMERATIONS = (
    *("STATES", "CAUSES", "PARTS", "FAULTS", "RESULTS", "ERRORS", "EVENTS", "ROLLBACKS"),
    *("RESET_CAUSES", "SERVICE_ENDS", "MEASURES", "COUNTERS"),
)


@pytest.mark.parametrize("name", ENUMERATIONS)
def test_enumerations(name: str) -> None:
    table = TABLES[f"{name.capitalize().replace('_', ' ')} (`{name}`)"]
    assert [row["number"] for row in table] == [str(n) for n in range(len(table))]
    assert tuple(row["name"] for row in table) == getattr(wire, name)


NUMBERS = {
    "STATES": "",
    "CAUSES": "",
    "PARTS": "",
    "FAULTS": "",
    "ERRORS": "E_",
    "EVENTS": "EV_",
    "ROLLBACKS": "",
    "RESET_CAUSES": "",
    "SERVICE_ENDS": "",
    "MEASURES": "",
    "COUNTERS": "",
}


@pytest.mark.parametrize("names", NUMBERS)
def test_numbers_of_enumerations(names: str) -> None:
    """wire.MOVED is the index of "moved" in wire.STATES, and so on; "none" is named after its table."""
    for number, name in enumerate(getattr(wire, names)):
        if name == "none":
            constant = f"NO_{names[:-1]}"
            assert getattr(wire, constant, 0) == number
        else:
            assert getattr(wire, NUMBERS[names] + name.upper()) == number


@pytest.mark.parametrize(("title", "prefix"), [("Streams", "STREAM_"), ("Capabilities", "CAN_")])
def test_bits(title: str, prefix: str) -> None:
    written = {prefix + row["name"]: int(row["bit"], 16) for row in TABLES[f"{title} (`{prefix}`)"]}
    assert written == {name: value for name, value in vars(wire).items() if name.startswith(prefix)}
    assert [value.bit_count() for value in written.values()] == [1] * len(written)
    assert len(set(written.values())) == len(written)


def test_constants() -> None:
    assert all(getattr(wire, row["name"]) == int(row["value"]) and row["unit"] for row in TABLES["Constants"])
    assert {row["name"] for row in TABLES["Constants"]} >= {"MAJOR", "MINOR", "MAX_FRAME", "MAX_COMMAND", "OVERHEAD"}


def test_host_has_the_same_fields() -> None:
    """The typed messages of the host: names and order of wire.FIELDS, checked by the document's tables as well."""
    fields = {getattr(wire, name): names for name, names in wire.FIELDS.items()}
    for kind, made in messages.PLAIN.items():
        assert " ".join(made._fields) == fields[kind]
    assert " ".join(messages.BandHeader._fields) == fields[wire.M_BAND]
    assert " ".join(messages.LineHeader._fields) == fields[wire.M_LINE]
    assert {*messages.PLAIN, *messages.WITH_DATA} == {kind for kind in wire.BODIES if kind >= 0x80}


def test_ring_and_beeper() -> None:
    signals = _firmware("signals")
    tones = {
        "": signals["SILENCE"],
        "one soft": signals["SOFT"],
        f"one short, at most one in {signals['MOVEMENT_APART_MS'] // 1000} s": signals["SHORT"],
        "two low": signals["LOW_TWICE"],
    }
    written = {}
    for row in TABLES["Ring and beeper"]:
        cause = None if row["cause"] == "any" else wire.CAUSES.index(row["cause"])
        look = (signals[row["ring"].upper()], int(row["%"]), int(row["after ms"]), tones[row["tone"]])
        written[wire.STATES.index(row["state"]), cause] = look
    assert written == signals["TABLE"]
    assert {state for state, cause in written if cause is None} == set(range(len(wire.STATES)))
    assert f"until amber was seen for {signals['SEEN_MS']} ms" in " ".join(LINES)


def test_settings_that_the_document_names_exist() -> None:
    text = " ".join(LINES)
    named = {*re.findall(r"`(\w+)` (?:ms )?\(a setting\)", text), *re.findall(r"[Ss]ettings? `(\w+)`", text)}
    named |= set(re.findall(r"settings `\w+` and `(\w+)`", text))
    assert named >= {"slip", "stall", "health", "ring", "volume"}
    assert named <= set(_firmware("settings")["NAMES"])


def test_example_frame_is_golden() -> None:
    example = next(line for line in LINES if line.startswith("    > 00 "))
    shown = bytes.fromhex("".join(re.findall(r"\b[0-9A-F]{2}\b", example)))
    assert shown == next(golden.frame for golden in GOLDEN if golden.name == "host hello")


def test_longest_messages_fit() -> None:
    """A full-width band or line and a full log or history stay within MAX_FRAME, every command within MAX_COMMAND."""
    assert wire.OVERHEAD + wire.BAND_HEADER + 1476 <= wire.MAX_FRAME
    assert wire.OVERHEAD + 1 + 64 * struct.calcsize(wire.LOG_ENTRY) <= wire.MAX_FRAME
    assert wire.OVERHEAD + wire.TAG + wire.LINE_HEADER + 1476 <= wire.MAX_FRAME
    assert struct.calcsize(wire.BODIES[wire.M_LINE]) == wire.LINE_HEADER
    assert struct.calcsize(wire.BODIES[wire.M_BAND]) == wire.BAND_HEADER
    for kind, form in wire.BODIES.items():
        assert wire.OVERHEAD + struct.calcsize(form) <= (wire.MAX_FRAME if kind >= 0x80 else wire.MAX_COMMAND)


def test_files_that_the_document_names_exist() -> None:
    root = Path(__file__).parents[2]
    named = re.findall(r"`((?:tests|kiosk)/[\w/]+\.\w+)`", "\n".join(LINES))
    assert named
    for name in named:
        assert (root / name).exists() or (firmware_folder() / name).exists(), name
