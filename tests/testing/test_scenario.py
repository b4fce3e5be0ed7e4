"""Scenarios: the shipped ones are as expected, and each way in which one can be wrong is named with its line."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import wire
from stillscan.cli import main
from stillscan.errors import InputError, StillscanError
from stillscan.testing import NotAsExpectedError, Scanner, scenario
from stillscan.testing.scenario import ENDING, find_scenario, read_scenario, shipped
from stillscan.testing.scenario_steps import STEPS

from .test_plugin import run

OUTCOMES = {"verified", "refused", "gave_up", "fault"}
NEVER_IN_A_SCENARIO = {"none", "host_stalled", "host_gone", "attempts", "time", "finished", "part_failed", "drift"}
"""Causes that end no sweep by a movement, or that need a host that misbehaves. A drift is followed."""


def carried_out(path: Path) -> Scanner:
    read = read_scenario(path)
    with Scanner(read.seed) as scanner:
        read.run(scanner)
    return scanner


@pytest.mark.process
@pytest.mark.parametrize("name", shipped())
def test_a_shipped_scenario_is_as_expected(name: str) -> None:
    assert read_scenario(find_scenario(name)).about.endswith(".")
    carried_out(find_scenario(name))


def test_there_is_one_for_each_outcome_cause_and_part() -> None:
    text = "".join(path.read_text() for path in shipped().values())
    assert set(re.findall(r'outcome = "(\w+)"', text)) == OUTCOMES
    causes = {cause for found in re.findall(r"aborts = \[(.*?)\]", text) for cause in re.findall(r"\w+", found)}
    assert causes | {"removed"} == set(wire.CAUSES) - NEVER_IN_A_SCENARIO
    parts = set(re.findall(r'part = "(\w+)"', text))
    assert parts == set(wire.PARTS) - {"none", "presence", "firmware"}, "the rest cannot fail at a start"


WRONG = [
    ('{ jump = {} }', 2, "no step 'jump'; there are: lay, slide"),
    ("{ slide = { dx_mm = 0.5, over_ms = -80 } }", 2, "slide: over_ms: -80 is not a number of milliseconds from 1"),
    ("{ hold = -1 }", 2, "hold: -1 is not a number of milliseconds from 1"),
    ("{ run = nan }", 2, "run: nan is not a number of milliseconds from 0"),
    ('{ fault = "engine-stuck" }', 2, "fault: 'engine-stuck' is not one of flow-nak"),
    ('{ fault = { name = "flow-nak", after_ms = -1 } }', 2, "fault: after_ms: -1 is not"),
    ('{ slide = { dx_mm = "far" } }', 2, "slide: dx_mm: 'far' is not a number of millimetres from -100 to 100"),
    ("{ slide = { dx_mm = true } }", 2, "slide: dx_mm: true is not a number"),
    ("{ slide = { dz_mm = 1 } }", 2, "slide: no 'dz_mm'; there are: dx_mm, dy_mm, over_ms"),
    ("{ slide = 1 }", 2, "slide: is a table"),
    ("{ mend = { name = 1 } }", 2, "mend: no 'name'; there are: none"),
    ('{ expect = "moving" }', 2, "expect: 'moving' is not STATE or STATE:CAUSE"),
    ('{ expect = { state = "moved", cause = "slipped" } }', 2, "expect: cause: 'slipped' is not one of none, slip"),
    ('{ sequence = ["placed", "resting"] }', 2, "sequence: ['placed', 'resting'] is not a list"),
    ('{ never = "moved" }', 2, "never: 'for_ms' is missing"),
    ('{ result = { outcome = "done" } }', 2, "result: outcome: 'done' is not one of verified"),
    ("{ result = { attempts = 1.0 } }", 2, "result: attempts: 1.0 is not a whole number"),
    ('{ lay = { motion = "jump" } }', 2, "lay: motion: 'jump' is not one of still"),
    ('{ lay = { dirt = "mud" } }', 2, "lay: dirt: 'mud' is not dirt"),
    ('{ lay = "nobody" }', 2, "lay: 'nobody' is not one of nor-clean"),
    ('{ set = { bump = "x" } }', 2, "set: bump: 'x' is not a whole number"),
    ("{ lay = {}, hold = 3 }", 2, "a step is a table with one entry"),
    ("7", 2, "a step is a table with one entry"),
    ("{ lay = {} }, { hold = 0 }", 2, "hold: 0 is not"),
    ("{ lay = {} },\n\n { hold = 0 }", 4, "hold: 0 is not"),
    ("{ lay = {} }]\nsteps_ = [", 3, "no entry 'steps_'; there are: about, seed"),
    ("{ lay = {} }]\nseed = -1\nrules = [", 3, "'seed' is a whole number from 0"),
    ("", 1, "has no steps"),
    ("{ run = 1" + "0" * 400 + " }", 2, "run: 1000"),
    ("{ run = 5 },\n{ slide = { dx_mm = 1 } }", 3, "slide: nothing lies on the glass; lay a document first"),
    ("{ lay = {} },\n{ take_away = {} },\n{ bump = 1 }", 4, "bump: nothing lies on the glass"),
    ("{ lay = {} },\n{ lower = {} }", 3, "lower: nothing is lifted"),
    ("{ lay = {} },\n{ lift = {} },\n{ lower = {} },\n{ lower = {} }", 5, "lower: nothing is lifted"),
    ("{ lay = {} },\n{ slide = { over_ms = 80 } }", 3, "slide: says nothing; name one of dx_mm, dy_mm"),
    ("{ result = {} }", 2, "result: lay a document first"),
    ("{ run = 5 },\n{ set = { tempo = 3 } }", 3, "no setting 'tempo'; there are: dwell"),
    ("{ run = 5 },\n{ set = { depth = 5 } }", 3, "setting 'depth': 4 or 8"),
    ("{ set = {} }", 2, "set: name a setting"),
    ("{ lay = {} },\n{ expect = {} }", 3, "expect: says nothing; name one of state, cause, part"),
    ("{ lay = {} },\n{ expect = { within_ms = 9 } }", 3, "expect: says nothing"),
    ('{ lay = {} },\n{ expect = { state = "moved:slip", cause = "lifted" } }', 3, "the cause is named twice"),
    ('{ expect = { state = "still", within_ms = 10, not_before_ms = 11 } }', 2, "not_before_ms is later than"),
    ('{ expect = { state = "still", not_before_ms = 10001 } }', 2, "not_before_ms is later than within_ms (10000)"),
    ("{ never = { for_ms = 9 } }", 2, "never: says nothing; name one of state, cause, part"),
    ('{ never = { state = "fault", for_ms = 0 } }', 2, "never: for_ms: 0 is not a number of milliseconds from 1"),
    ("{ sequence = [] }", 2, "sequence: name the states"),
    ('{ lay = { picture = "none.png" } }', 2, "none.png: no such file"),
    ('{ lay = { picture = "it.scenario.toml" } }', 2, "not a readable picture"),
    ('{ lay = { motion = "none.csv" } }', 2, "none.csv: no such file"),
    ('{ lay = { sample = "nor-clean", picture = "x.png" } }', 2, "lay: either sample or picture"),
    ('{ lay = { text = "A|B" } }', 2, "an MRZ has 2 lines of 44"),
    ('{ lay = { text = "A", number = "X" } }', 2, "either text, or picture, or fields"),
    ('{ lay = { number = "abc" } }', 2, "number: an MRZ holds only A to Z, 0 to 9 and <"),
    ('{ lay = { number = "ABCDEFGHIJ" } }', 2, "number: there is room for 9 characters, not for 10"),
    ("{ lay = {} },\n{ slide = { dx_mm = 1 } }", 1, "expects nothing, and could never fail; add one of expect"),
    ('{ expect = "still" }]\nrules = [\n"none.py:f"', 4, "rule 'none.py:f': "),
]  # fmt: skip


@pytest.mark.parametrize(("step", "line", "says"), WRONG)
def test_what_cannot_be_meant_is_named_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], step: str, line: int, says: str
) -> None:
    path = tmp_path / f"it{ENDING}"
    path.write_text(f"steps = [ # here\n{step}\n]\n" if step else "steps = []\n")
    with pytest.raises(InputError) as wrong:
        read_scenario(path)
    assert str(wrong.value).startswith(f"{path}: line {line}: ")
    assert says in str(wrong.value)
    assert main(["simulate", "--scenario", str(path)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1


@pytest.mark.process
def test_what_cannot_be_done_is_named_with_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLSCAN_OCRB", str(tmp_path / "none.otf"))
    path = tmp_path / f"it{ENDING}"
    path.write_text('steps = [\n{ run = 5 },\n{ lay = { number = "ZZZ000999" } },\n{ expect = "placed" }\n]\n')
    with pytest.raises(StillscanError) as wrong:
        carried_out(path)
    assert f"{path}: line 3: " in str(wrong.value)
    assert "OCR-B" in str(wrong.value)


@pytest.mark.process
def test_what_did_not_come_is_named_with_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"it{ENDING}"
    path.write_text('about = "A."\n[[steps]]\nlay = {}\n[[steps]]\nexpect = { state = "gave_up", within_ms = 300 }\n')
    with pytest.raises(NotAsExpectedError, match=re.escape(f"{path}: line 5: expected state 'gave_up' within 300 ms")):
        carried_out(path)
    assert main(["simulate", "--scenario", str(path), "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert (record["passed"], record["outcome"]) == (False, None)
    assert "line 5: expected state" in record["failed"]
    assert main(["simulate", "--scenario", str(path), "--seed", "3"]) == 2
    assert "--seed does not go with --scenario" in capsys.readouterr().err


@pytest.mark.process
def test_a_rule_from_a_file_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text('def none_at_all(mrz):\n    return "no_" + mrz.issuer.lower()\n')
    path = tmp_path / f"it{ENDING}"
    path.write_text('rules = ["own.py:none_at_all"]\nsteps = [{ lay = {} }, { result = { reason = "no_nor" } }]\n')
    assert carried_out(path).newest is not None
    for rule, says in (
        ("own.py:other", "has no function 'other'"),
        ("gone.py:other", "no such file"),
        ("other", "no package has registered it under stillscan.rules"),
        ("broken.py:f", "broken.py: line 2: "),
        ("raises.py:f", "raises.py: line 3: ValueError: of its own"),
    ):
        (tmp_path / "broken.py").write_text("x = 1\ndef f(:\n")
        (tmp_path / "raises.py").write_text('def f(mrz):\n    pass\nraise ValueError("of its own")\n')
        path.write_text(f'about = ""\nrules = ["{rule}"]\nsteps = [{{ lay = {{}} }}, {{ result = {{}} }}]\n')
        with pytest.raises(InputError, match="line 2: rule ") as wrong:
            carried_out(path)
        assert says in str(wrong.value)


@pytest.mark.process
def test_pytest_collects_scenarios(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / f"good{ENDING}").write_text('steps = [{ lay = {} }, { expect = "scanning" }]\n')
    (tmp_path / f"failing{ENDING}").write_text(
        'steps = [\n{ lay = {} },\n{ expect = { state = "fault", within_ms = 9 } }]\n'
    )
    done = run(tmp_path)
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert f"failing{ENDING}: line 3: expected state 'fault' within 9 ms of lay" in done.stdout
    assert f"to see the same again: pytest failing{ENDING}::failing --stillscan-seed 1" in done.stdout
    assert "Traceback" not in done.stdout
    assert "scenario.py:" not in done.stdout
    (tmp_path / f"wrong{ENDING}").write_text("\nsteps = [{ jump = {} }]\n")
    done = run(tmp_path)
    assert done.returncode == 2
    assert f"wrong{ENDING}: line 2: no step 'jump'" in done.stdout


def test_the_shipped_ones_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--scenarios", "--json"]) == 0
    assert [one["scenario"] for one in json.loads(capsys.readouterr().out)] == list(shipped())
    assert main(["simulate", "--scenarios"]) == 0
    assert all(name in capsys.readouterr().out for name in [next(iter(shipped()))])
    assert main(["simulate", "--scenario", "nothing"]) == 2
    assert "no scenario 'nothing' and no file of that name; there are: " in capsys.readouterr().err


_VALUES = st.recursive(
    st.one_of(st.integers(-5, 5), st.booleans(), st.text(max_size=5), st.floats(allow_nan=True)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@given(st.lists(st.dictionaries(st.sampled_from([*STEPS, "x"]), _VALUES, max_size=2) | _VALUES, min_size=1, max_size=3))
def test_whatever_steps_say_there_is_at_most_one_line_about_it(steps: list[object]) -> None:
    def wrong(says: str, *at: str) -> InputError:
        assert "\n" not in says
        return InputError(says)

    for step in steps:
        with suppress(InputError):
            name, said = scenario._step(step, wrong)
            assert name in STEPS
            assert isinstance(said, dict)
