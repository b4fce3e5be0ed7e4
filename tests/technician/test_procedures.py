"""Guided procedures: their tables, a run that is cut off after every write, answers that are none, and the report."""
# long-ok: one run, from its tables to its report

from __future__ import annotations

import io
import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from stillscan.boards.table import find_board
from stillscan.commands.guided import Guide, Left
from stillscan.errors import InputError
from stillscan.guidance.technicians import ENGLISH, technician_languages, technician_words
from stillscan.technician.limits import Judged, limits
from stillscan.technician.measuring import GROUPS
from stillscan.technician.parts import read_parts
from stillscan.technician.procedures.carrying_out import Bench, Came
from stillscan.technician.procedures.pictures import NAMES, picture
from stillscan.technician.procedures.report import report
from stillscan.technician.procedures.report_html import html
from stillscan.technician.procedures.report_pdf import pdf
from stillscan.technician.procedures.run import STATE, Found, Run, begin, load, open_run, runs
from stillscan.technician.procedures.table import AT_SCANNER, Step, checklist, find, procedures, steps

NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


# --- tables -----------------------------------------------------------------------------------------------------------


def test_the_checklist_of_the_boards_is_written_from_the_steps() -> None:
    numbers = [step.number for step in steps().values() if step.number]
    assert sorted(numbers) == list(range(1, 44))
    assert (ROOT / "boards" / "README.md").read_text(encoding="utf-8").endswith(checklist())
    done = {step.number for step in find("acceptance").steps}
    assert done >= set(numbers), "an acceptance goes through all of them"


def test_steps_name_what_there_is() -> None:
    to_buy = read_parts(find_board("rpi_pico")).parts
    known = {f"{part}/{measurement}" for part, measurement in limits("rpi_pico")}
    for step in steps().values():
        assert step.part is None or step.part in to_buy, step.id
        assert set(step.values) <= known, step.id
        assert step.picture is None or step.picture in NAMES, step.id
        assert step.test is None or step.test in {*GROUPS, "controller"}, step.id
        assert step.by not in ("test", "card", "slide") or step.values, step.id
        for one in step.ask:
            assert one.low < one.high, step.id
        numbers = {float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", step.expected)}
        assert (
            step.id == "current-limit"
            or not step.ask
            or {one.low for one in step.ask} | {one.high for one in step.ask} & numbers
        ), step.id
    for name in procedures():
        if name.startswith("replace-"):
            assert name.removeprefix("replace-") in to_buy


@pytest.mark.slow
def test_pictures_are_drawn_for_every_board() -> None:
    for name in NAMES:
        for board in ("rpi_pico", "rpi_pico2", "simulator", ""):
            root = ElementTree.fromstring(picture(name, board))
            assert root.tag.endswith("svg")


def test_what_is_asked_for_and_is_not_there_is_told() -> None:
    for name in ("accept", "replace-", "replace-glass", ""):
        with pytest.raises(InputError, match=r"there are|PART is"):
            find(name)


# --- a run ------------------------------------------------------------------------------------------------------------


class FakeBench(Bench):
    """No scanner: every measured step comes out well, but those that ``fails`` names."""

    def __init__(self, fails: tuple[str, ...] = ()) -> None:
        self.fails = fails
        self.measured: list[str] = []

    @property
    def board(self) -> str:
        return "rpi_pico"

    def let_go(self) -> None:
        pass

    def forget(self, step: Step) -> None:
        self.fails = tuple(one for one in self.fails if one != step.id)

    def carry_out(self, step: Step) -> Came:
        self.measured.append(step.id)
        ok = step.id not in self.fails
        value = Judged("lamp", "level", 150.0, "LSB", 105.0, 200.0, ok, None if ok else "order: a lamp")
        return Came(
            [value], None, {"dark": [1.0, 2.0], "near infrared": [150.0, 151.0]} if step.test == "light" else {}
        )


@pytest.fixture(autouse=True)
def _no_scanner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillscan.files.os.fsync", lambda _: None)  # this computer keeps its power

    def meet(guide: Guide) -> None:
        guide._run.scanner = {"serial": "0123", "board": "rpi_pico", "firmware": "0.1.0", "build": "abc"}

    monkeypatch.setattr(Guide, "_meet", meet)


def answers(run: Run) -> str:
    """A line for every question that is left, all as it has to be."""
    lines = []
    for step in run.procedure.steps:
        if step.id in run.found:
            continue
        if step.by == "ask":
            lines += [str((one.low + one.high) / 2) for one in step.ask]
        elif step.by in ("confirm", "ring", "beeper"):
            lines.append("y")
        elif step.by == "do":
            lines.append("")
    return "".join(f"{line}\n" for line in lines)


def lead(monkeypatch: pytest.MonkeyPatch, run: Run, typed: str, bench: FakeBench | None = None) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    Guide(run, bench or FakeBench(), "kari", lambda _: None, ENGLISH).lead()


@pytest.mark.slow
def test_every_procedure_can_be_gone_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for procedure in procedures().values():
        run = begin(tmp_path, procedure, NOW)
        lead(monkeypatch, run, answers(run))
        assert (run.next, run.outcome) == (None, "passed")
        again = load(run.folder)
        assert (again.found, again.scanner, again.began) == (run.found, run.scanner, run.began)
        assert {one.by for one in run.found.values()} == {"kari"}


class CutError(BaseException):
    """Power is gone."""


@pytest.mark.slow
def test_power_may_fail_before_and_after_every_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    procedure = find("replace-sounder")
    replace = os.replace
    cuts = 0
    for after in (False, True):
        for at in range(1, 20):
            count = 0

            def cut(source: str, target: str, at: int = at, after: bool = after) -> None:
                nonlocal count
                count += 1
                if count == at and not after:
                    raise CutError
                replace(source, target)
                if count == at:
                    raise CutError

            folder = tmp_path / f"{at}{after}"
            monkeypatch.setattr("stillscan.files.os.replace", cut)
            try:
                run, _ = open_run(folder, procedure, NOW)
                lead(monkeypatch, run, answers(run))
                break
            except CutError:
                cuts += 1
            finally:
                monkeypatch.setattr("stillscan.files.os.replace", replace)
            run, goes_on = open_run(folder, procedure, NOW)
            assert goes_on == (at > 1 or after), "before its first state it was never begun"
            lead(monkeypatch, run, answers(run))
            assert run.outcome == "passed"
            assert all(one.times == 1 for one in run.found.values()), "what was kept is not done twice"
    assert cuts > 2 * len(procedure.steps)


def test_a_step_that_fails_names_what_to_order_and_can_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(tmp_path, find("replace-driver"), NOW)
    lines = answers(run).splitlines()
    lines[3] = "0.5"  # of 0.25 V at the trimmer
    lines[4] = "s no cable to pull"
    lead(monkeypatch, run, "\n".join(lines), FakeBench(("home",)))
    outcomes = {name: one.outcome for name, one in run.found.items()}
    assert outcomes["current-limit"] == outcomes["home"] == "failed"
    assert outcomes["switch-stuck"] == "skipped"
    assert run.outcome == "failed"
    advice = run.found["current-limit"].values[0].advice
    assert advice is not None
    assert "Pololu 2133" in advice
    told = report(run)
    assert any("Pololu 2133" in text for text in told.to_do)
    assert "left out: no cable to pull" in str(told.sections)


@pytest.mark.slow
def test_a_person_repeats_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillscan.commands.guided.at_terminal", lambda: True)
    run = begin(tmp_path, find("replace-sounder"), NOW)
    lead(monkeypatch, run, "\n\n\n\n\nwhat\nn\nr\ny\n")  # two phases begin with Enter, a line that is no answer
    assert (run.outcome, run.found["tones"].times) == ("passed", 2)
    run = begin(tmp_path, find("replace-motor"), NOW)
    bench = FakeBench(("home",))
    lead(monkeypatch, run, "\n\n\n\n\ny\nr\n", bench)
    assert (run.found["home"].outcome, run.found["home"].times) == ("passed", 2)
    assert bench.measured.count("home") == 2


@pytest.mark.parametrize("line", ["maybe", "", "s", "s \x07", "yy"])
def test_a_line_of_a_script_that_is_no_answer_ends_it_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    run = begin(tmp_path, find("acceptance"), NOW)
    with pytest.raises(InputError, match="no-short"):
        lead(monkeypatch, run, f"{line}\n")
    with pytest.raises(InputError, match=r"supplies.*|a number"):
        lead(monkeypatch, run, "y\n12 V\n")
    with pytest.raises(InputError, match="the answers end at the step 'supplies'"):
        lead(monkeypatch, run, "12\n")
    with pytest.raises(Left):
        lead(monkeypatch, run, "q\n")
    assert list(run.found) == ["no-short"]


def test_a_finished_run_is_not_gone_on_with_and_new_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = open_run(tmp_path, find("cleaning"), NOW)
    other, goes_on = open_run(tmp_path, find("cleaning"), NOW)
    assert (goes_on, other.id) == (True, run.id)
    other, goes_on = open_run(tmp_path, find("cleaning"), NOW, anew=True)
    assert not goes_on
    assert other.id != run.id
    other.closed = True
    other.save()
    third, goes_on = open_run(tmp_path, find("cleaning"), NOW)
    assert not goes_on
    assert [path.name for path in runs(tmp_path)] == [run.id, other.id, third.id]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"format": 1}', b'{"format": 9}', b"\xff", b"[" * 5000, b'{"format": "x"}']
)
def test_a_state_that_is_none_is_one_line(tmp_path: Path, content: bytes) -> None:
    run = begin(tmp_path, find("cleaning"), NOW)
    (run.folder / STATE).write_bytes(content)
    with pytest.raises(InputError):
        load(run.folder)


# --- the report -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_report_has_everything_needs_nothing_and_is_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(tmp_path, find("acceptance"), NOW)
    lead(monkeypatch, run, answers(run), FakeBench(("dark",)))
    run.ended, run.staff = NOW.isoformat(), "kari"
    page = html(report(run), "rpi_pico")
    text = page.decode()
    assert not re.search(r'(src|href)="', text), "nothing is loaded from elsewhere"
    assert "<script" not in text
    assert text.count("<svg") >= 3
    for step in run.procedure.steps:
        assert step.number is None or f"<td>{step.number}</td>" in text
    run.save()
    again = load(run.folder)
    assert html(report(again), "rpi_pico") == page
    assert pdf(report(again)) == pdf(report(run))
    content = pdf(report(run))
    assert content.startswith(b"%PDF")
    assert b"Acceptance of a new scanner" in content
    assert b"order: a lamp" in content


@pytest.mark.slow
@pytest.mark.parametrize("language", technician_languages())
def test_a_report_has_the_decimal_mark_of_its_language(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(tmp_path, find("acceptance"), NOW)
    lead(monkeypatch, run, answers(run))
    run.found["dark"].values.append(Judged("lamp", "infrared evenness", 0.415, "", 0.45, None, False, "not measured"))
    run.scanner["firmware"] = "1.2.3"  # the one thing with points that is no number
    say = technician_words(language)
    told = report(run, say)
    words = [
        text for section in told.sections for row in section.rows for text in (row.what, *row.values, *row.remarks)
    ]
    words += [text for _, text in told.facts]
    assert [text for text in words if re.search(r"[0-9]\.[0-9]", text)] == ["1.2.3, bygg abc"]
    assert any("0,415 (minst 0,45)" in text for text in words)
    assert b"0,415 \\(minst 0,45\\)" in pdf(told, say)


@pytest.mark.slow
def test_an_advice_that_says_what_was_expected_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, find("acceptance"), NOW)
    lead(monkeypatch, run, answers(run).replace("y", "n", 1))
    row = report(run).sections[0].rows[0]
    assert row.outcome == "failed"
    assert [text.startswith("expected: more than 100 ohm") for text in row.remarks] == [True]
    assert "; order: " in row.remarks[0]


def test_no_line_of_a_report_hangs_out_of_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are broken by the widths of Helvetica; of letters that its table lacks the widest counts."""
    run = begin(tmp_path, find("replace-presence_sensor"), NOW)
    lead(monkeypatch, run, f"\n\n\ns {'æÆ' * 95}\n")
    broken = [text for text in re.findall(rb"\(([^()]*)\) Tj", pdf(report(run))) if text.count(b"\\346") > 9]
    assert len(broken) > 1
    assert max(text.count(b"\\") for text in broken) * 0.945 * 8.5 * 25.4 / 72 < 210 - 2 * 18 - 10


def test_what_a_person_typed_is_shown_and_never_carried_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, find("replace-presence_sensor"), NOW)
    lead(monkeypatch, run, "\n\n\ns <script>alert(1)</script> (æøå) \\\n")
    page = html(report(run), "rpi_pico").decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert b"\\(\\346\\370\\345\\) \\\\" in pdf(report(run))


def test_steps_that_need_the_scanner_are_known() -> None:
    assert {step.by for step in steps().values()} >= set(AT_SCANNER)


_VALUE = Judged("glass", "pieces", 1.0, "", 0.0, 2.0, True, None)._asdict()


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("outcome", []), ("outcome", "fine"), ("reason", 5), ("by", {}), ("times", "x"), ("curves", {"a": ["x"]}),
        ("curves", {"a": []}), ("curves", {"a": [1e400]}), ("curves", []), ("step", []),
        ("values", [{**_VALUE, "value": "x"}]),
        ("values", [{**_VALUE, "low": float("nan")}]), ("values", [{**_VALUE, "ok": "yes"}]), ("values", [{}]),
        ("values", [{**_VALUE, "advice": 7}]), ("scanner", []), ("staff", 5), ("entry", "x"), ("simulated", "yes"),
        ("closed", None), ("began", []), ("procedure", {}), ("format", "1"), ("found", 5),
    ],
)  # fmt: skip
def test_a_state_that_somebody_has_altered_is_refused_in_one_line(tmp_path: Path, where: str, what: object) -> None:
    run = begin(tmp_path, find("cleaning"), datetime(2026, 11, 29, tzinfo=UTC))
    run.note(Found("look-before", "passed", [Judged(**_VALUE)], curves={"a": [1.0, 2.0]}))
    state = json.loads((run.folder / "run.json").read_text())
    assert load(run.folder).found["look-before"].outcome == "passed"
    (state if where in state else state["found"][0])[where] = what
    (run.folder / "run.json").write_text(json.dumps(state))
    with pytest.raises(InputError, match="is no run of a procedure, or is damaged"):
        load(run.folder)
