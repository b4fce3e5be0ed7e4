"""A kiosk under a test's control: steps, expectations with limits in its own time, and what they say when they fail."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillscan.errors import InputError
from stillscan.mrz import Mrz, MrzError
from stillscan.testing import NotAsExpectedError, Scanner, passport

pytestmark = pytest.mark.process


@pytest.fixture
def scanner() -> Iterator[Scanner]:
    with Scanner(seed=1, again="pytest here --stillscan-seed 1") as made:
        yield made


def test_a_slip_in_mid_scan_costs_a_second_sweep(scanner: Scanner) -> None:
    scanner.lay(passport())
    scanner.expects(state="scanning")
    scanner.hand.slide(dx_mm=0.5, over_ms=80)
    scanner.expects(state="moved", cause="slip", within_ms=100)
    result = scanner.result(within_ms=6000)
    assert result.outcome == "verified"
    assert result.attempts == 2
    assert result.lines == passport().lines
    assert "OESTENBYEN" not in repr(result), "a failed test is printed"


def no_numbers_of_samples(mrz: Mrz) -> str | None:
    return "sample_number" if mrz.number.startswith("ZZZ") else None


def test_a_rule_of_ones_own_speaks_against_what_the_house_lets_pass(scanner: Scanner) -> None:
    scanner.add_rule(no_numbers_of_samples)
    scanner.lay(passport())
    result = scanner.result()
    assert (result.outcome, result.reason) == ("refused", "sample_number")


def test_a_rule_of_ones_own_stands_beside_those_of_the_house(scanner: Scanner) -> None:
    scanner.judge_for("Kari Nordmann")
    scanner.add_rule(no_numbers_of_samples)
    scanner.lay(passport())
    assert scanner.result().reason == "name_mismatch,sample_number"


def test_a_rule_that_gives_no_reason(scanner: Scanner) -> None:
    scanner.add_rule(lambda mrz: True)  # type: ignore[arg-type, return-value]
    scanner.lay(passport())
    with pytest.raises(InputError, match="gave bool: a rule gives a reason as text, or None"):
        scanner.result()


def test_one_document_after_another(scanner: Scanner, ocr_b: Path) -> None:
    scanner.lay(passport())
    scanner.sequence("placed", "still", "scanning", within_ms=500)
    assert scanner.result().outcome == "verified"
    scanner.hand.take_away()
    scanner.expects(state="empty", cause="removed", within_ms=1000)
    scanner.clock.run(500)
    scanner.lay(passport(expiry="190412"))
    scanner.expects(state="scanning", not_before_ms=100)
    scanner.never(cause="slip", for_ms=200)
    assert scanner.result().reason == "document_expired"


def test_what_is_broken_before_the_first_document_is_so_from_power_on(scanner: Scanner) -> None:
    scanner.world.fault("flow-nak")
    scanner.expects(state="fault", part="flow")
    scanner.lay(passport())
    assert (scanner.result().outcome, scanner.result().reason) == ("fault", "flow: no_answer")


def test_a_part_that_breaks_at_a_moment_to_come(scanner: Scanner) -> None:
    scanner.lay(passport())
    scanner.expects(state="scanning")
    scanner.world.fault("flow-nak", after_ms=150)
    assert scanner.events[-1].at_ms == pytest.approx(scanner.clock.now_ms + 150, abs=0.001)
    scanner.expects(state="fault", part="flow", within_ms=10)
    assert scanner.result().outcome == "fault"


def test_settings_a_knock_and_light(scanner: Scanner) -> None:
    scanner.set(restart_only=1)
    scanner.world.light(0.8)
    scanner.world.noise(1.5)
    scanner.world.hum(0.01)
    scanner.world.dirt("dust")
    scanner.lay(passport(dirt="dust"))
    scanner.expects(state="scanning")
    scanner.hand.bump(0.8)
    scanner.expects(state="moved", cause="bump", within_ms=50)
    scanner.expects(state="scanning")
    scanner.hand.lift(6.0)
    scanner.hand.hold(100)
    scanner.hand.lower()
    assert [event.text for event in scanner.events[-3:]] == [
        "hand.lift(mm=6, over_ms=150)",
        "hand.hold(for_ms=100)",
        "hand.lower(over_ms=150)",
    ]
    assert [round(scanner.events[n].at_ms - scanner.events[-3].at_ms) for n in (-2, -1)] == [150, 250]
    assert scanner.result().outcome == "verified"
    assert [abort.cause for abort in scanner.result().aborts] == ["bump", "lifted"]


def test_steps_add_up(scanner: Scanner) -> None:
    scanner.lay(passport())
    scanner.hand.slide(dx_mm=1.0, dy_mm=-0.5)
    scanner.hand.slide(dx_mm=-0.4)
    scanner.hand.lift(3.0)
    scanner.hand.lower()
    began_ms = scanner.clock.now_ms
    scanner.hand.tremble(rms_mm=0.2, for_ms=2000)
    scanner.hand.hold(40_000)
    scene = scanner.hand._driver.scene
    times = (began_ms + 460 + np.arange(100.0, 1900.0)) * 1000
    _, poses = scene.poses(times)
    assert poses[:, 0].std() == pytest.approx(0.2, rel=0.3)
    _, dx, dy, lift = scene.pose((began_ms + 35_000) * 1000)
    assert (dx, dy, lift) == pytest.approx((0.6, -0.5, 0.0), abs=0.02)


def test_what_a_failure_says(scanner: Scanner) -> None:
    scanner.lay(passport())
    with pytest.raises(NotAsExpectedError) as failed:
        scanner.expects(state="moved", cause="slip", within_ms=300)
    text = str(failed.value)
    assert text.startswith("expected state 'moved', cause 'slip' within 300 ms of lay('passport', motion='still')")
    assert re.search(r"^ +\d+\.\d ms +\+\d+\.\d  state scanning$", text, re.M)
    assert text.endswith("to see the same again: pytest here --stillscan-seed 1")
    assert "OESTENBYEN" not in text
    for wrong, says in (
        (lambda: scanner.expects(state="still", not_before_ms=400), "not before 400 ms,.*; it came after 15"),
        (lambda: scanner.expects(state="still", within_ms=20), "it came after 15"),
        (lambda: scanner.sequence("placed", "scanning"), "placed, scanning within .*; there came placed, still"),
        (lambda: scanner.never(state="still", for_ms=250), "never state 'still' within 250 ms.*; it came after"),
        (lambda: scanner.result(within_ms=10), "a verdict within 10 ms of lay"),
    ):
        with pytest.raises(NotAsExpectedError, match=says):
            wrong()
    assert scanner.result().outcome == "verified", "a failed expectation changes nothing"


def test_what_came_before_the_latest_step_is_said(scanner: Scanner) -> None:
    """Two steps at once, and what the first of them brought about is expected of the second."""
    scanner.lay(passport())
    scanner.expects(state="scanning")
    scanner.hand.hold(for_ms=100)
    with pytest.raises(NotAsExpectedError, match=r"hand\.hold.*; it did not come: it had come \d\.\d ms before that"):
        scanner.expects(state="scanning", within_ms=50)


def test_a_limit_counts_to_the_millisecond(scanner: Scanner) -> None:
    scanner.lay(passport())
    came = scanner.expects(state="still")
    scanner.hand.take_away()
    gone = scanner.expects(state="empty")
    took_ms = gone.at_ms - next(event.at_ms for event in scanner.events if event.text.startswith("hand.take"))
    assert gone.at_ms > came.at_ms
    with Scanner(seed=1) as other:
        other.lay(passport())
        other.expects(state="still")
        other.hand.take_away()
        with pytest.raises(NotAsExpectedError, match="it came after"):
            other.expects(state="empty", within_ms=took_ms - 1)
        other.expects(state="empty", within_ms=took_ms, not_before_ms=took_ms - 1)


BAD: list[tuple[Callable[[Scanner], Any], str]] = [
    (lambda s: s.hand.slide(dx_mm=1.0), "nothing lies on the glass"),
    (lambda s: s.result(), "lay a document first"),
    (lambda s: s.expects(state="moving"), "no state 'moving'; there are: start, empty"),
    (lambda s: s.expects(state="moved", cause="slipped"), "no cause 'slipped'"),
    (lambda s: s.expects(part="engine"), "no part 'engine'"),
    (lambda s: s.expects(), "name what is expected"),
    (lambda s: s.expects(state="moved", within_ms=-1), "a limit is a number of milliseconds from 0 to 3600000, not -1"),
    (lambda s: s.sequence(), "name the states"),
    (lambda s: s.sequence("still:slow"), "no cause 'slow'"),
    (lambda s: s.world.fault("engine-stuck"), "no fault 'engine-stuck'; there are: flow-nak"),
    (lambda s: s.world.fault("flow-nak", after_ms=-1), "after_ms is a number from 0"),
    (lambda s: s.world.light(2.0), "share is a number from 0 to 1"),
    (lambda s: s.world.hum(float("nan")), "peak_g is a number"),
    (lambda s: s.world.dirt("mud"), "no dirt 'mud'"),
    (lambda s: s.clock.run(-1), "ms is a number from 0"),
    (lambda s: s.clock.run(10**400), "clock.run: ms is a number from 0 to 3600000, not 1000"),
    (lambda s: s.clock.run(True), "clock.run: ms is a number from 0 to 3600000, not True"),
    (lambda s: s.expects(state="still", within_ms=10**400), "a limit is a number of milliseconds"),
    (lambda s: s.expects(state="still", within_ms=True), "a limit is a number of milliseconds"),
    (lambda s: s.expects(state="still", within_ms=5, not_before_ms=6), "not_before_ms (6) is later than within_ms (5)"),
    (lambda s: s.never(state="fault", for_ms=0), "a limit is a number of milliseconds from 1"),
    (lambda s: s.never(state="fault", for_ms=None), "a limit is a number of milliseconds from 1"),
    (lambda s: s.sequence(["placed"]), "sequence: name the states, each as a text"),
    (lambda s: s.set(tempo=1), "no setting 'tempo'; there are: dwell"),
    (lambda s: s.set(bump=300.5), "setting 'bump': 32 to 1984 mg"),
    (lambda s: s.set(bump=None), "setting 'bump': 32 to 1984 mg"),
    (lambda s: s.add_rule("sample"), "add_rule: a rule is a function, not str"),
    (lambda s: s.judge_for(5), "judge_for: the name on the letter is a text, not int"),
    (lambda s: setattr(s.clock, "today", "2026-01-01"), "clock.today is a datetime.date, not str"),
    (lambda s: s.lay(passport), "lay: a document is what passport() gives, not function"),
    (lambda s: s.lay("nor-clean.png"), "lay: a document is what passport() gives, not str"),
]


@pytest.mark.parametrize(("wrong", "says"), BAD)
def test_what_cannot_be_meant(scanner: Scanner, wrong: Callable[[Scanner], Any], says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        wrong(scanner)


def test_what_cannot_be_meant_of_a_document_that_lies_there(scanner: Scanner) -> None:
    with pytest.raises(InputError, match="no movement 'jump'"):
        scanner.lay(passport(), motion="jump")
    with pytest.raises(AttributeError):
        scanner.clock.tody = scanner.clock.today  # type: ignore[attr-defined]
    scanner.lay(passport())
    for wrong, says in (
        (
            lambda: scanner.hand.slide(dx_mm=1.0, over_ms=-80),
            "hand.slide: over_ms is a number from 1 to 60000, not -80",
        ),
        (lambda: scanner.hand.slide(dx_mm="1"), "hand.slide: dx_mm is a number from -100 to 100, not '1'"),
        (lambda: scanner.hand.slide(dx_mm=None), "hand.slide: dx_mm is a number"),
        (lambda: scanner.hand.lower(), "nothing is lifted; lift it first"),
        (lambda: scanner.hand.slide(dx_mm=float("inf")), "dx_mm is a number from -100"),
        (lambda: scanner.hand.tremble(for_ms=0), "for_ms is a number from 1"),
        (lambda: scanner.hand.bump(20.0), "peak_g is a number from 0 to 8"),
    ):
        with pytest.raises(InputError, match=says):
            wrong()


def test_documents_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong, says in (
        (lambda: passport("A|B"), None),
        (lambda: passport(name="KARI"), "no field 'name'; there are: code, issuer"),
        (lambda: passport(number="X1", picture="x.png"), "either text, or picture, or fields"),
        (lambda: passport(picture=tmp_path / "none.png"), "none.png"),
        (lambda: passport(dirt="mud"), "no dirt 'mud'"),
        (lambda: passport(number="abc"), "number: an MRZ holds only A to Z"),
        (lambda: passport(number="ABCDEFGHIJ"), "number: there is room for 9 characters, not for 10"),
        (lambda: passport(birth=910517), "passport: birth is a text, as it stands in an MRZ, not int"),
    ):
        with pytest.raises((InputError, MrzError), match=says):
            wrong()
    monkeypatch.setenv("STILLSCAN_OCRB", str(tmp_path / "none.otf"))
    whole, dirty, worn = passport(), passport(dirt="smear"), passport(wear=True)
    assert (dirty.page.reflectance <= whole.page.reflectance + 0.003).all()
    assert dirty.page.reflectance.mean() < whole.page.reflectance.mean()
    assert not np.array_equal(worn.page.reflectance, whole.page.reflectance)
    with pytest.raises(InputError, match="OCR-B"):
        passport(number="ZZZ000999")
