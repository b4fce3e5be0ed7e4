"""A technician at the page scans cards of their own while the kiosk runs: the whole acceptance, and who comes first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from books import TRACKING
from clerks import TECHNICIAN, client
from held import PAGE
from lent import Lent
from starlette.testclient import TestClient

from kiosk import wire
from stillscan.simulator.glass import Page
from stillscan.simulator.hand import profile
from stillscan.simulator.visitors import Visitors
from stillscan.technician import at_scanner
from stillscan.technician.card import marks
from stillscan.technician.hands import Hands, VisitingHands
from stillscan.technician.procedures.carrying_out import Bench
from stillscan.technician.procedures.table import Procedure, Step, find
from tests.covering import WHOLE
from tests.technician.short_looks import shorten

pytestmark = [pytest.mark.process, pytest.mark.slow]
ACCEPTANCE = "/service/procedure/acceptance"
_TRIPS = 10  # instead of a hundred, which take a minute and a half of the scanner's time
_KEPT_MS = 250.0  # of the computer's time: a second of a scanner whose clock is hurried


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_scanner, "_KEEP_MS", _KEPT_MS)
    monkeypatch.setattr(Bench.__init__, "__defaults__", (_TRIPS, None))
    if not WHOLE:
        shorten(monkeypatch)


def answered(window: TestClient, step: Step, **form: str) -> None:
    answer = window.post(ACCEPTANCE, data={"step": step.id, **form}, follow_redirects=False)
    assert answer.status_code == 303, step.id


def measured(lent: Lent, window: TestClient, step: Step) -> None:
    """As a browser does: asked for, and looked at until it has ended."""
    answered(window, step, do="measure")
    while lent.room.going_on is not None:
        window.get("/service/now")
        lent.job_done(0.5)


def carried_out(lent: Lent, window: TestClient, procedure: Procedure) -> None:
    """Every step, by its kind."""
    for step in procedure.steps:
        if step.by == "ask":
            values = {f"value{number}": str((one.low + one.high) / 2) for number, one in enumerate(step.ask)}
            answered(window, step, do="values", **values)
        elif step.by in ("confirm", "do"):
            answered(window, step, do="yes" if step.by == "confirm" else "done")
        else:
            measured(lent, window, step)
            if step.by in ("ring", "beeper"):
                answered(window, step, do="yes")


def test_a_whole_acceptance_from_the_page() -> None:
    """Slide and test card included, beside the kiosk's own checks, of which none comes of it."""
    with Lent() as lent:
        window = client(lent.program, lent.browsers, TECHNICIAN)
        window.post(ACCEPTANCE, data={"do": "begin"})
        carried_out(lent, window, find("acceptance"))
        run = lent.guided().run(find("acceptance"))
        assert run is not None
        assert {name: found.reason for name, found in run.found.items() if found.outcome != "passed"} == {}
        assert {"flow/scale", "line_sensor/MRZ read"} <= {
            f"{value.part}/{value.measurement}" for found in run.found.values() for value in found.values
        }
        window.post(ACCEPTANCE, data={"do": "sign"})
        assert [(done.procedure, done.outcome) for done in lent.signed] == [("acceptance", "passed")]
        assert lent.results == [], "what a technician scans is no check"
        assert wire.SERVICE in lent.states
        assert wire.SCANNING not in lent.states


class Interrupted:
    """Hands that lay the test card down; then something ``happens``."""

    def __init__(self, usual: Hands, happens: Callable[[], object]) -> None:
        self.slide_ms = usual.slide_ms
        self.lay, self.slide, self.take = usual.lay, usual.slide, usual.take
        self._usual, self._happens = usual, happens

    def lay_card(self) -> None:
        """See Hands."""
        self._usual.lay_card()
        self._happens()


def test_whoever_is_served_comes_first_and_the_next_check_is_as_usual() -> None:
    """A tracking number in mid-scan; then the technician signs out; then a passport is laid down."""
    happens: list[Callable[[], object]] = []
    with Lent(lambda hands, _: Interrupted(hands, happens.pop(0))) as lent:
        procedure = find("replace-driver")
        path = "/service/procedure/replace-driver"
        window = client(lent.program, lent.browsers, TECHNICIAN)
        window.post(path, data={"do": "begin"})
        *others, card = procedure.steps
        for step in others:
            window.post(path, data={"step": step.id, "do": "skip", "reason": "not now"})
        (session,) = lent.sessions._open.values()
        happens += [
            lambda: (lent.lies(), lent.counter.answer(lambda visit: visit.enter(TRACKING, visit.turn))),
            lambda: (lent.lies(), lent.sessions.end(session)),
        ]
        for why in ("being served", "signed out"):
            window.post(path, data={"step": card.id, "do": "measure"})
            lent.job_done()
            run = lent.guided().run(procedure)
            assert run is not None
            assert why in (run.found[card.id].reason or ""), why
            lent.counter.begin_anew(lent.counter.visit.turn)
            lent.emptied()
            assert lent.results == []
        lent.lay()
        assert lent.decided().lines is not None


def test_in_a_trial_simulated_people_lay_down_what_a_technician_asks_for() -> None:
    people = Visitors(lambda _: profile("still", 1, 60))
    hands = VisitingHands(people, Page.load(PAGE), Page.from_array(marks.picture()))
    with Lent(lambda _, __: hands) as lent:
        lent.visited_by(people)
        window = client(lent.program, lent.browsers, TECHNICIAN)
        for name, wanted in (("replace-flow_sensor", "flow-scale"), ("replace-driver", "card")):
            path = f"/service/procedure/{name}"
            window.post(path, data={"do": "begin"})
            for step in find(name).steps:
                if step.id == wanted:
                    break
                window.post(path, data={"step": step.id, "do": "skip", "reason": "not now"})
            window.post(path, data={"step": wanted, "do": "measure"})
            while lent.room.going_on is not None:
                window.get("/service/now")
                lent.job_done(0.5)
            run = lent.guided().run(find(name))
            assert run is not None
            assert (run.found[wanted].outcome, run.found[wanted].reason) == ("passed", None)
        assert lent.results == []
