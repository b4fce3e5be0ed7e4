"""What is known of the glass over the days, when it is looked at, and what nobody is asked to wipe again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk import wire
from stillscan.cli import main
from stillscan.technician.glass import FILE, Glass, pieces
from stillscan.technician.glass_watch import QUIET_S, GlassWatch
from stillscan.technician.relay import KIOSK


class Day:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 29, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def spot(x_mm: float = 40.0, hurts: float = 1.0, where: str = "glass", y_mm: float = 12.0) -> dict[str, Any]:
    return {"x_mm": x_mm, "y_mm": y_mm, "size_mm": 1.0, "kind": "spot", "where": where, "hurts": hurts}


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def glass(tmp_path: Path, day: Day) -> Glass:
    return Glass(tmp_path / FILE, day)


def test_what_hurts_and_can_be_reached_is_worth_wiping(glass: Glass) -> None:
    assert glass.worth() == []
    glass.looked([spot(), spot(60, 0.1), spot(80, where="sensor"), spot(90, where="strip")])
    assert [one["x_mm"] for one in glass.worth()] == [40, 90]


def test_after_a_wipe_it_is_looked_at_again_and_the_improvement_is_known(glass: Glass) -> None:
    glass.looked([spot(), spot(60)])
    assert not glass.due()
    glass.was_wiped()
    assert glass.due()
    assert glass.worth() == [], "nobody is asked while it is looked at"
    glass.looked([spot(60)])
    assert (glass.improved, glass.wiped) == ((2, 1), None)


def test_what_stays_after_two_wipes_is_a_scratch_that_nobody_is_asked_about(glass: Glass, tmp_path: Path) -> None:
    scratch, dirt = spot(40), spot(60)
    glass.looked([scratch, dirt])
    for asked in (1, 0):
        glass.was_wiped()
        glass.looked([spot(40.4, y_mm=11.8)])
        assert len(glass.worth()) == asked
    assert glass.history()[-1]["scratches"] == 1
    again = Glass(tmp_path / FILE, Day())
    assert again.worth() == [], "it is remembered"
    glass.looked([spot(40), spot(90)])
    assert [one["x_mm"] for one in glass.worth()] == [90], "what is new is asked about"


def test_a_scratch_that_is_gone_is_forgotten(glass: Glass) -> None:
    for _ in range(3):
        glass.looked([spot()])
        glass.was_wiped()
    glass.looked([])
    glass.looked([spot()])
    assert len(glass.worth()) == 1, "a new pane was put in, and it is dirty"


def test_where_characters_are_in_doubt_a_faint_piece_counts(glass: Glass) -> None:
    faint = spot(x_mm=6.0 + 9.5 * 2.54, hurts=0.3)
    glass.looked([faint, spot(100, 0.3)])
    for number in range(40):
        glass.scanned([(2, 10)] if number % 5 == 0 else [])
    assert glass.worth() == [faint]
    for _ in range(100):
        glass.scanned([])
    assert glass.worth() == [], "the last hundred scans count"


def test_a_bad_passport_is_not_the_glass(glass: Glass) -> None:
    glass.looked([spot(30, 0.3)])
    for _ in range(100):
        glass.scanned([(1, at) for at in range(1, 40)])
    assert glass.failing() == []


def test_it_is_due_once_a_day_and_sooner_where_characters_are_in_doubt(glass: Glass, day: Day) -> None:
    assert glass.due()
    glass.looked([])
    day.now += timedelta(hours=7)
    assert not glass.due()
    for _ in range(30):
        glass.scanned([(1, 20)])
    assert glass.due()
    glass.looked([])
    assert not glass.due()
    day.now += timedelta(days=1)
    assert glass.due()


@pytest.mark.slow
def test_history_has_a_row_a_day_and_an_end(glass: Glass, day: Day, tmp_path: Path) -> None:
    for number in range(130):
        glass.looked([spot()] * (number % 3))
        glass.looked([spot()])
        day.now += timedelta(days=1)
    rows = Glass(tmp_path / FILE, day).history()
    assert len(rows) == 100
    assert len({row["when"][:10] for row in rows}) == 100
    assert (rows[-1]["spots"], rows[-1]["hurting"]) == (1, 1)


def test_nothing_of_a_document_is_kept(glass: Glass, tmp_path: Path) -> None:
    glass.scanned([(1, 3), (2, 44)])
    glass.looked([])
    content = json.loads((tmp_path / FILE).read_text())
    assert content["doubts"] == [[1, 13]], "places on the glass, three characters wide"


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["looks", "lasting", "doubts", "when", "spots", "where", "x_mm"]), inner, max_size=4),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_a_file_that_is_none_begins_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    glass = Glass(tmp_path / FILE, Day())
    assert glass.worth() == []
    glass.looked([spot()])
    assert len(Glass(tmp_path / FILE, Day()).history()) == 1


def test_history_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], day: Day) -> None:
    place = ["--keys", str(tmp_path)]
    assert main(["clean", "--history", *place]) == 0
    assert "nothing yet" in capsys.readouterr().out
    Glass(tmp_path / FILE, day).looked([spot(), spot(60, 0.0)])
    assert main(["clean", "--history", *place]) == 0
    assert "2026-11-29 09:00 UTC    2 pieces,   1 hurt reading, 0 scratches" in capsys.readouterr().out
    assert main(["clean", "--history", "--json", *place]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row == {"when": "2026-11-29T09:00:00+00:00", "spots": 2, "hurting": 1, "scratches": 0}


# --- when nobody is there ---------------------------------------------------------------------------------------------


class FakeRoom:
    """Notes which looks begin."""

    def __init__(self) -> None:
        self.relay = self
        self.who: str | None = None
        self.state = wire.EMPTY
        self.begun: list[tuple[str, str]] = []

    def start(self, name: str, who: str) -> bool:
        self.begun.append((name, who))
        return True


def test_the_kiosk_looks_when_nobody_was_there_for_a_while(glass: Glass) -> None:
    room, now, idle = FakeRoom(), [0.0], [True]
    watch = GlassWatch(room, glass, lambda: idle[0], lambda: now[0])  # type: ignore[arg-type]
    assert not watch.turn()
    now[0] += QUIET_S - 1
    idle[0] = False
    assert not watch.turn()
    idle[0] = True
    now[0] += QUIET_S - 1
    assert not watch.turn(), "somebody was there meanwhile"
    now[0] += 1
    room.state = wire.PLACED
    assert not watch.turn()
    room.state = wire.EMPTY
    now[0] += QUIET_S
    room.who = "tor"
    assert not watch.turn()
    room.who = None
    now[0] += QUIET_S
    assert watch.turn()
    assert room.begun == [("look", KIOSK)]
    glass.looked([spot()])
    now[0] += QUIET_S
    assert not watch.turn(), "once a day"
    glass.was_wiped()
    assert watch.turn(), "and at once when somebody has wiped"


@pytest.mark.parametrize(
    "told",
    [None, 1, "x", {"a": 1}, [1], [{}], [{**spot(), "x_mm": "1"}], [{**spot(), "x_mm": float("nan")}],
     [{**spot(), "kind": 7}], [{**spot(), "kind": "x"}],
     [{**spot(), "where": "moon"}], [{**spot(), "hurts": True}], [spot()] * 1001],
)  # fmt: skip
def test_what_another_program_tells_is_no_look(told: object) -> None:
    with pytest.raises(ValueError, match="no "):
        pieces(told)


def test_what_another_program_tells_of_a_look_is_its_pieces_alone() -> None:
    assert pieces([{**spot(), "more": "x"}]) == [spot()]
    assert pieces([]) == []
