"""Two kiosks on one chain, whose clocks anybody sets at any moment: no time comes back, and nobody is stuck."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk import NOW, Clock, FakeComputer
from hypothesis import given, settings
from hypothesis import strategies as st

from stillscan.records import clock as clocks
from stillscan.records.canonical import instant
from stillscan.records.chain_time import CLOCK, ChainTime
from stillscan.records.clock import ClockError, ClockRules
from stillscan.records.computer import Boot
from tests.covering import examples

pytestmark = pytest.mark.slow

_NOTED = timedelta(minutes=1)  # a kiosk's note is no older than that
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2150, 1, 1, tzinfo=UTC)  # what people set clocks to
KIOSKS = ("a", "b")
RULES = ClockRules(clocks.AHEAD_DAYS)


class Kiosk:
    """A computer with its clock, its folder, and a program that can be started anew."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.folder, self.starts = name, folder, 0
        self.clock = Clock(NOW)
        self.boot()

    def boot(self) -> None:
        self.starts += 1
        self.clock.started = Boot(f"{ord(self.name):08x}-0000-0000-0000-{self.starts:012x}", 1.0)
        self.start()

    def set(self, by: timedelta, then: str) -> None:
        """Somebody sets the clock, and starts the program or the computer anew."""
        self.clock.now = min(max(self.clock.now + by, _EARLIEST), _LATEST)
        if then == "boot":
            self.boot()
        elif then == "start":
            self.start()

    def start(self) -> None:
        self.program = clocks.Clock(self.folder, self.name, RULES)


class World:
    """What was seen, and what nobody may go behind: by the chain for both, by looks for a kiosk itself."""

    def __init__(self, folder: Path) -> None:
        self.kiosks = {name: Kiosk(folder / name, name) for name in KIOSKS}
        self.chain = ChainTime()
        self.seen: dict[str, list[datetime]] = {name: [] for name in KIOSKS}

    def judged(self, name: str) -> datetime | None:
        """The time that is believed, which is never before what was seen; None for a clock that is not believed."""
        kiosk = self._at(name)
        try:
            moment = kiosk.program.judge(kiosk.clock.now, self.chain)
        except ClockError:
            return None
        newest = max(self.seen[name], default=moment)
        assert moment >= newest - _NOTED, f"{newest - moment} came back"
        assert instant(moment) >= self.chain.newest, "the chain knew a later time"
        self.seen[name].append(moment)
        return moment

    def write(self, name: str) -> None:
        moment = self.judged(name)
        if moment is not None:
            self._entry({"kind": "check", "time": instant(moment)})

    def vouch(self, name: str) -> None:
        kiosk = self._at(name)
        try:
            now = kiosk.program.vouched(kiosk.clock.now)
        except ClockError:
            return
        boot = kiosk.program.start_of_computer()
        self._entry({"kind": CLOCK, "time": instant(now), "was": kiosk.program.newest(self.chain), "boot": boot})
        kiosk.program.vouched_for(now, self.chain.seq)
        for one, seen in self.seen.items():
            self.seen[one] = [time for time in seen if time <= now]

    def _entry(self, facts: dict[str, object]) -> None:
        self.chain.note({"seq": self.chain.seq + 1, **facts})

    def _at(self, name: str) -> Kiosk:
        clocks._system = FakeComputer(self.kiosks[name].clock)
        return self.kiosks[name]


days = st.one_of(st.floats(-40, 40), st.floats(-0.005, 0.005), st.sampled_from([-3650.0, -1.0, 27_000.0]))
steps = st.one_of(
    st.tuples(st.just("pass"), st.just(""), st.floats(0, 20)),
    st.tuples(st.sampled_from(["set", "start", "boot"]), st.sampled_from(KIOSKS), days),  # two of them begin anew, too
    st.tuples(st.sampled_from(["look", "look", "write", "write", "vouch"]), st.sampled_from(KIOSKS), st.just(0.0)),
)


@pytest.fixture(autouse=True)
def own_system(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """What a test leaves behind goes with it."""
    monkeypatch.setattr(clocks, "_system", FakeComputer(clock))


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(steps, min_size=8, max_size=40))
def test_no_time_comes_back_and_no_office_is_stuck(played: list[tuple[str, str, float]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world, true = World(Path(folder)), NOW
        for what, name, days in played:
            if what == "pass":
                true += timedelta(days=days)
                for kiosk in world.kiosks.values():
                    kiosk.clock.goes(days=days)
            elif what in ("set", "start", "boot"):
                world.kiosks[name].set(timedelta(days=days), what)
            else:
                {"look": world.judged, "write": world.write, "vouch": world.vouch}[what](name)
        for name in KIOSKS:
            world.kiosks[name].clock.now = true
            world.vouch(name)
            believed = world.judged(name)
            assert believed is not None, "a supervisor's word brings every office back"
            assert abs(believed - true) < timedelta(seconds=1), "and the time that it brings back is the right one"
