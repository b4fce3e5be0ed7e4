"""A technician's words: every text of the tables and of what the scanner's side answers, in every language."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stillscan.technician as package
from kiosk import names
from stillscan.boards.settings import known
from stillscan.errors import InputError
from stillscan.guidance import languages, technicians
from stillscan.guidance.technicians import Words, counter_in, event_in, technician_languages, technician_words
from stillscan.link.messages import Health
from stillscan.technician.about import SETTINGS
from stillscan.technician.procedures import pictures, spoken
from stillscan.technician.procedures.table import procedures

ROOM = Path(next(iter(package.__path__)))
ANSWERS = (
    "relay.py", "lease.py", "room.py", "at_scanner.py", "calibrating.py", "looking.py", "sliding.py", "tasks.py",
    "limits.py", "alignment.py", "card/judged.py", "card/scanning.py", "procedures/answers.py",
    "procedures/carrying_out.py", "procedures/report.py", "procedures/pictures.py",
)  # fmt: skip
"""Modules whose sentences reach the page."""
ENGLISH = re.compile(r"\b(the|and|of|not|with|from|when|then|lies|again|lamp's|below)\b")
COMMAND_MODULES = ("clean.py", "guided.py", "scanner.py", "scanner_calibrate.py", "scanner_test.py", "service.py")
REFUSING = (
    *(f"commands/{name}" for name in (*COMMAND_MODULES, "at_scanner.py")), "technician/procedures/run.py",
    "technician/alignment.py", "technician/calibrating.py",
)  # fmt: skip
"""Modules whose trouble a command tells in the language (commands.in_words), beside those that answer."""
WORDS = re.compile(r"say|words\(args\)|self\._(words|line|number|refuse)")
NEVER_SHOWN = re.compile(r"^_LOG|^InputError|^AssertionError|\.startswith$")
NUMBER = re.compile(r"\d+")
COMMANDS = re.compile(r"'stillscan [^']*'|`[^`]*`|mpremote exec .*")


def sentences(module: str) -> set[str]:
    """Texts of a module with at least three words, values as ``{}``; neither docstrings nor lines of the log."""
    tree = ast.parse((ROOM / module).read_text(encoding="utf-8"))
    left_out = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and NEVER_SHOWN.search(ast.unparse(node.func)):
            left_out |= {id(one) for one in ast.walk(node)}
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(one) for one in node.values}
    found = set()
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            found.add("".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return {text for text in found if len(re.findall("[a-z]{2,}", text)) >= 3 and " " in text}


@pytest.mark.slow
@pytest.mark.parametrize("language", technician_languages())
def test_no_text_of_the_tables_is_english(language: str) -> None:
    words = technician_words(language)
    spoken.check_words()
    for where, text in spoken.texts():
        own = COMMANDS.sub("", words(text))
        assert not ENGLISH.search(own), (where, own)
        assert NUMBER.findall(text.replace("1,000", "1000")) == NUMBER.findall(words(text)), (where, own)


@pytest.mark.slow
@pytest.mark.parametrize("language", technician_languages())
def test_what_the_scanner_s_side_answers_is_said_in_the_language(language: str) -> None:
    words = technician_words(language)
    wrong = []
    for module in ANSWERS:
        for text in sorted(sentences(module)):
            asked = (f"sim: {text[4:]}" if text.startswith("{}: ") else text).replace("{}", "7")
            if words.tongue(asked) != language or ENGLISH.search(COMMANDS.sub("", words(asked))):
                wrong.append((module, text))
    assert wrong == []


def spoken_by(module: str) -> set[str]:
    """What a command hands to ``say`` or ``words(args)``, values as ``7``, and what it asks a person."""
    tree = ast.parse((ROOM.parent / "commands" / module).read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not WORDS.fullmatch(ast.unparse(node.func)):
            continue
        inside = {id(part) for one in ast.walk(node.args[0]) if isinstance(one, ast.JoinedStr) for part in one.values}
        for one in ast.walk(node.args[0]):
            if id(one) in inside:
                continue
            if isinstance(one, ast.JoinedStr):
                found.add("".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in one.values))
            elif isinstance(one, ast.Constant) and isinstance(one.value, str) and " " in one.value.strip():
                found.add(one.value)
    return {text for text in found if len(re.findall("[A-Za-z]{2,}", text)) >= 2}


@pytest.mark.parametrize("language", technician_languages())
@pytest.mark.parametrize("module", COMMAND_MODULES)
def test_what_commands_print_is_said_in_the_language(language: str, module: str) -> None:
    words, said = technician_words(language), spoken_by(module)
    assert said
    wrong = [text for text in said if words.tongue(text) != language]
    assert wrong == []


def refused_by(module: str) -> set[str]:
    """What a module's InputErrors and DeviceErrors say, values as ``7``."""
    tree = ast.parse((ROOM.parent / module).read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("InputError", "DeviceError"):
            said = node.args[0]
            parts = said.values if isinstance(said, ast.JoinedStr) else [said]
            found.add("".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in parts))
    return {text for text in found if len(re.findall("[A-Za-z]{2,}", text)) >= 2}


@pytest.mark.parametrize("language", technician_languages())
@pytest.mark.parametrize("module", REFUSING)
def test_what_goes_wrong_in_commands_is_said_in_the_language(language: str, module: str) -> None:
    words = technician_words(language)
    assert [text for text in sorted(refused_by(module)) if words.tongue(text) != language] == []


@pytest.mark.parametrize("language", technician_languages())
def test_numbers_within_a_text_have_the_decimal_mark_of_its_language(language: str) -> None:
    words = technician_words(language)
    assert "0,42 mm" in words("a speck of 0.42 mm on the strip, 12.5 mm from the left")
    assert "12,5 mm" in words("a speck of 0.42 mm on the strip, 12.5 mm from the left")
    assert words("calibrated at 31.5 C").endswith(" 31,5 °C")
    assert "protokoll 1.10" in event_in(words, "protocol 1.10"), "a version is no number"
    assert (words.number(0.5), words.number(12.25, "6.1f"), words("us"), words("C")) == ("0,5", "  12,2", "µs", "°C")
    assert technicians.ENGLISH.number(0.5) == "0.5"


def test_languages_have_the_same_texts_with_the_same_values() -> None:
    first, *others = (technician_words(language) for language in technician_languages())
    assert {"nb", "nn"} <= set(technician_languages()) <= set(languages())
    for other in others:
        assert other._table.keys() == first._table.keys()


def test_sentences_with_values_are_known_by_their_words() -> None:
    nb, nn = technician_words("nb"), technician_words("nn")
    assert nb("measuring: lamps and line sensor ...") == "måler: lamper og linjesensor ..."
    assert nn("sim: the carriage did not go on: carriage: lost_steps") == (
        "sim: vogna gjekk ikkje vidare: vogn: har mista steg"
    )
    assert nb("the card lies too low; check: sensors; order: motor (a NEMA 17 (1.8 degrees))") == (
        "kortet ligger for lavt; se på: sensorer; bestill: motor (a NEMA 17 (1.8 degrees))"
    )
    assert nb("kari is at the scanner now; try again when they have finished").startswith("kari er ved skanneren")
    assert (nb("no such text"), nb.tongue("no such text"), nb.tongue("dirt")) == ("no such text", "en", "nb")
    assert technician_words("en")("dirt") == technician_words("xx")("dirt") == "dirt"


@pytest.mark.slow
@given(st.text(max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    assert isinstance(technician_words("nn")(text), str)


@pytest.mark.slow
def test_a_language_that_lacks_a_text_is_refused_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    table = dict(technician_words("nb")._table)
    del table["no dust, no play"]
    monkeypatch.setattr(spoken, "technician_words", lambda language: Words(language, table))
    with pytest.raises(InputError, match=r"technician/nb.toml has no text for step 'rail', expected: 'no dust"):
        spoken.check_words()


def test_a_text_with_another_value_in_braces_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "technician").mkdir()
    (tmp_path / "technician" / "nb.toml").write_text('"not measured: {why}" = "ikke målt: {hvorfor}"\n')
    monkeypatch.setattr(technicians, "files", lambda _: tmp_path)
    monkeypatch.setattr(technicians, "technician_languages", lambda: ("nb",))
    with pytest.raises(InputError, match=r"technician/nb.toml: 'not measured: \{why\}'"):
        technicians.technician_words.__wrapped__("nb")


def test_a_procedure_is_spoken_whole_and_stays_the_same_procedure() -> None:
    for procedure in procedures().values():
        said = spoken.spoken(procedure, technician_words("nn"))
        assert [step.id for step in said.steps] == [step.id for step in procedure.steps]
        assert [one.low for step in said.steps for one in step.ask] == [
            one.low for step in procedure.steps for one in step.ask
        ]
        assert said.title != procedure.title


@pytest.mark.parametrize("language", technician_languages())
def test_whatever_the_wire_s_tables_name_has_a_word(language: str) -> None:
    """States, causes, events, counters: those of a firmware that is added later too."""
    words = technician_words(language)
    tables = (names.STATES, names.CAUSES, names.PARTS, names.FAULTS, names.EVENTS, names.RESET_CAUSES)
    named = {name for table in (*tables, names.SERVICE_ENDS, names.COUNTERS, Health._fields) for name in table}
    assert [name for name in sorted(named) if words.tongue(name) != language] == []


def test_events_and_counters_are_said_part_by_part() -> None:
    nb = technician_words("nb")
    assert event_in(nb, "slip at row 120") == "glidning ved rad 120"
    assert event_in(nb, "empty, none") == "tom, ingen"
    assert event_in(nb, "power, number 00000001") == "strøm, nummer 00000001"
    assert event_in(nb, "number 3 is 200") == "nummer 3 er 200"
    assert event_in(nb, "protocol 1.4") == "protokoll 1.4"
    assert event_in(nb, "") == ""
    assert event_in(nb, "ended: asked") == "avsluttet: bedt om det"
    assert counter_in(nb, "aborts_slip") == "avbrudd: glidning"
    assert counter_in(nb, "heap_free") == "ledig minne (byte)"
    english = technician_words("en")
    assert (event_in(english, "slip at row 120"), counter_in(english, "aborts_slip")) == (
        "slip at row 120",
        "aborts_slip",
    )


def test_every_setting_of_the_scanner_is_told_of() -> None:
    assert set(SETTINGS) == set(known().rows)


@pytest.mark.parametrize("language", technician_languages())
@pytest.mark.parametrize("board", ["rpi_pico", "rpi_pico2", "rpi_pico_adns"])
def test_wiring_is_drawn_in_the_language_and_pins_keep_their_names(board: str, language: str) -> None:
    drawn = re.findall(r">([^<>]+)<", pictures.picture("wiring", board, technician_words(language)))
    english = re.findall(r">([^<>]+)<", pictures.picture("wiring", board))
    assert [text for text in drawn if ENGLISH.search(text) or "sensor," in text] == []
    assert {"motor_off", "flow_sck", "sensor_out", "GPIO 7", "VMOT", "3.3 V"} <= set(drawn) & set(english)
    assert len({*english} - {*drawn}) > 20
