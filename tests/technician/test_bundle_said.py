"""What the kiosk says of itself and no rule knows, in a bundle: in its own words; and starts that had no end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stillscan.guidance.catalogue import sections
from stillscan.technician.bundle.ask import Ask, Places
from stillscan.technician.bundle.configuration import configuration
from stillscan.technician.bundle.figures import figure
from stillscan.technician.bundle.findings import BundleFinding, findings
from stillscan.technician.bundle.opened import Bundle

STARTED, ENDS = "INFO stillscan.kiosk: started", "INFO stillscan.kiosk: ends"


def bundle(*said: str) -> Bundle:
    return Bundle({}, {"kiosk-log.txt": [f"2026-11-28T10:00:00.000Z {line}" for line in said]}, "", "")


def found(*said: str) -> list[BundleFinding]:
    return findings(bundle(*said))


def names(*said: str) -> list[str]:
    return [one.name for one in found(*said)]


LOST = "WARNING stillscan.recordings.visit: a visit was not recorded: /record-bdfgkm/text-{}: no such file or folder"


def test_a_warning_that_no_rule_knows_is_told_in_its_own_words() -> None:
    (one,) = found(*(LOST.format(letters) for letters in ("bdfgkm", "bdfgkn", "bdfgkp")))
    assert one.name == "unexplained"
    assert one.title.endswith("a visit was not recorded: /record-bdfgkm/text-bdfgkm: no such file or folder")
    assert "line 1, 3 such lines" in one.evidence[0]


def test_a_warning_that_comes_twice_is_of_every_day_and_an_error_is_not() -> None:
    assert names(LOST, LOST) == []
    (one,) = found(LOST, LOST, LOST, "ERROR stillscan.web.api: the API could not answer: text-bdfgkm")
    assert "the API could not answer" in one.title  # the gravest leads


@pytest.mark.parametrize(
    "line",
    [
        "WARNING stillscan.kiosk: scanner trouble: /port-bdfgkm: the scanner went away (gone)",
        "WARNING stillscan.web.signin: a sign-in was refused: signin_wrong",
        "ERROR stillscan.terminal.trouble: /known-bdfgkm: no such file or folder",
        "WARNING asyncio: text-bdfgkm",
    ],
)
def test_what_rules_count_by_themselves_and_what_libraries_say_is_left_to_them(line: str) -> None:
    assert figure(bundle(*[line] * 3, "INFO stillscan.kiosk: started"), "unexplained") is None


def test_a_program_that_starts_without_having_ended_was_killed() -> None:
    assert names(STARTED, STARTED, STARTED) == ["killed"]
    assert names(STARTED, STARTED) == []  # a power cut comes once
    assert names(STARTED, ENDS, STARTED, "ERROR stillscan.terminal.trouble: stopped", STARTED, ENDS, STARTED) == []


def test_a_reader_that_is_ended_is_not_a_slow_computer() -> None:
    line = "WARNING stillscan.scanning.reader_process: the reader is started anew: "
    assert names(*[line + "failed"] * 3) == ["reader_ended"]
    assert names(*[line + "late"] * 3) == ["reader_late"]


def test_a_port_that_another_program_has() -> None:
    busy = "WARNING stillscan.kiosk: scanner trouble: /port-bdfgkm: another program uses it (busy)"
    got_it = "INFO stillscan.kiosk: scanner: not paired, simulator, firmware 0.2.0, protocol 1.4"
    assert names(got_it, busy) == ["port_busy"]
    assert names(busy, got_it) == [], "whoever had it has let go"
    assert names(*[busy, got_it] * 3) == ["port_busy"], "and takes it again and again"


def test_a_bundle_that_had_the_port_itself_while_the_kiosk_started_accuses_nobody() -> None:
    busy = "2026-11-28T10:15:00.000Z WARNING stillscan.kiosk: scanner trouble: /port-bdfgkm: text (busy)"
    facts: dict[str, Any] = {"scanner.json": {"reached": True, "standing": "paired"}}
    assert findings(Bundle(facts, {"kiosk-log.txt": [busy]}, "", "")) == []
    facts["scanner.json"] = {"reached": False, "trouble": "busy"}
    assert [one.name for one in findings(Bundle(facts, {"kiosk-log.txt": [busy]}, "", ""))] == ["port_busy"]


def test_a_defect_of_the_firmware_is_no_part_with_a_plug() -> None:
    stopped = ["WARNING stillscan.kiosk: state: fault, firmware: internal"] * 2
    assert names(*stopped) == ["firmware_defect", "part_failed"]


def test_a_sensor_that_the_lines_contradict() -> None:
    (one,) = found(*["WARNING stillscan.kiosk: sensor: flow_opposite"] * 2)
    assert one.name == "sensor_doubted"
    assert one.title.endswith(": flow_opposite")


def _reasons(reason: str, count: int, checks: int) -> list[BundleFinding]:
    hour = {"hour": "2026-11-28T10Z", "checks": checks, "reasons": [{"reason": reason, "count": count}], "verdicts": []}
    return findings(Bundle({"checks.json": {"checks": checks, "hours": [hour]}}, {"kiosk-log.txt": []}, "", ""))


def test_most_letters_refused_for_one_reason() -> None:
    (one,) = _reasons("face_mismatch", 5, 6)
    assert one.name == "reason_of_most"
    assert one.title.endswith(": face_mismatch")
    assert _reasons("face_mismatch", 2, 6) == []
    assert _reasons("face_not_confirmed", 6, 6) == []  # nobody was asked, because of another reason
    assert _reasons("face_mismatch", 3, 3) == []


def test_a_folder_that_the_kiosk_makes_need_not_be_there(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    (tmp_path / "taken").write_text("", encoding="utf-8")
    options = frozenset({"record"})
    for folder, usable in (("new/recordings", True), ("taken/recordings", False)):
        file.write_text(f'record = "{tmp_path}/{folder}"\n', encoding="utf-8")
        told = configuration(Ask(Places(configuration=file, options=options, files=options)))
        assert told is not None
        assert [row["usable"] for row in told["options"]] == [usable]


def test_a_file_that_the_configuration_names_and_that_is_not_there(tmp_path: Path) -> None:
    there = tmp_path / "secret"
    there.write_text("x", encoding="utf-8")
    file = tmp_path / "kiosk.toml"
    file.write_text(
        f'known = "{tmp_path}/gone"\nwebhook-secret = "{there}"\nrecord = "relative"\noffice = "/gone"\n',
        encoding="utf-8",
    )
    options = frozenset({"known", "webhook-secret", "record", "office"})
    ask = Ask(Places(configuration=file, options=options, files=options - {"office"}))
    told = configuration(ask)
    assert told is not None
    usable = {row["option"]: row.get("usable", "?") for row in told["options"]}
    assert usable == {"known": False, "webhook_secret": True, "record": None, "office": "?"}
    made = Bundle({"configuration.json": ask.plain.value(told)}, {}, "", "")
    (one,) = findings(made)
    assert one.name == "named_missing"
    assert one.title.endswith(": known")


def test_a_language_of_somebodys_own_that_lacks_a_text(tmp_path: Path) -> None:
    own = {table: dict(texts) for table, texts in sections("en").items()}
    file, kiosk = tmp_path / "sv.toml", tmp_path / "kiosk.toml"
    kiosk.write_text(f'language = "{file}"\n', encoding="utf-8")

    def told(texts: dict[str, dict[str, object]]) -> list[BundleFinding]:
        file.write_text(toml(texts), encoding="utf-8")
        ask = Ask(Places(configuration=kiosk, options=frozenset({"language"})))
        return findings(Bundle({"configuration.json": ask.plain.value(configuration(ask))}, {}, "", ""))

    assert told(own) == []
    del own["page"]["step_scan"]
    (one,) = told(own)
    assert one.name == "language_lacks"
    assert "page.step_scan" in one.title


def toml(tables: dict[str, dict[str, object]]) -> str:
    """Tables of texts as a file."""
    rows = []
    for table, texts in tables.items():
        flat = {name: text for name, text in texts.items() if not isinstance(text, dict)}
        rows += [f"[{table}]", *(f"{name} = {json.dumps(text, ensure_ascii=False)}" for name, text in flat.items())]
        inner = {f"{table}.{name}": text for name, text in texts.items() if isinstance(text, dict)}
        rows.append(toml(inner))
    return "\n".join(rows)
