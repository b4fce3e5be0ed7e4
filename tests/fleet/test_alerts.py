"""Alerts begin when something is wrong, end when it is well for a while, and do not flap."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.fleet.alerts import KINDS, Alert, Failing, Look, failing, open_hours, step
from stillscan.fleet.compare import Cell, Table

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
BAD = {
    "silent": {"heard": MONDAY - timedelta(days=4)},
    "failing": {"failing": Failing(200, 80, 0.1, 1e-9)},
    "dirty": {"hurts": 2},
    "ageing": {"ageing": ("lamp",)},
    "clock": {"clock_hours": -8760},
    "chain": {"head_back": True},
}


def look(**known: object) -> Look:
    return Look(**{"kiosk": "k1", "office": "Moss", "heard": MONDAY, "failing": Failing(200, 20, 0.1, 0.5), **known})


def follow(looks: list[Look], hours: float = 1.0) -> list[tuple[str, bool]]:
    """(kind, over) of all news while each look is so many hours after the one before, and heard then."""
    alerts: list[Alert] = []
    told = []
    for number, one in enumerate(looks):
        now = MONDAY + timedelta(hours=hours * number)
        alerts, news = step(alerts, [one._replace(heard=now if one.heard == MONDAY else one.heard)], now)
        told += [(item.alert.kind, item.over) for item in news]
    return told


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_told_once_and_once_when_it_is_over(kind: str) -> None:
    bad = [look(**BAD[kind])] * 5
    assert follow([look()] * 3) == []
    assert follow(bad) == [(kind, False)]
    assert follow([*bad, *[look()] * 30]) == [(kind, False), (kind, True)]


@pytest.mark.parametrize("kind", ["failing", "dirty", "ageing", "clock"])
def test_what_swings_about_its_limit_is_one_alert(kind: str) -> None:
    assert follow([look(**BAD[kind]), look()] * 50) == [(kind, False)]


def test_between_the_levels_an_alert_goes_on_and_none_begins() -> None:
    between = look(failing=Failing(200, 36, 0.1, 0.001))
    assert follow([between] * 5) == []
    assert follow([look(**BAD["failing"]), *[between] * 100]) == [("failing", False)]
    assert follow([look(**BAD["failing"]), *[look(failing=None)] * 100]) == [("failing", False)]


def test_an_alert_says_why_and_what_is_new_of_it() -> None:
    alerts, news = step([], [look(**BAD["failing"])], MONDAY)
    assert news[0].alert.why == {"documents": 200, "failed": 80, "percent": 40, "elsewhere": 10}
    later, _ = step(alerts, [look(failing=Failing(300, 90, 0.1, 1e-9))], MONDAY + timedelta(hours=1))
    assert (later[0].since, later[0].why["documents"]) == (MONDAY, 300)


def test_an_alert_of_a_kiosk_that_is_gone_is_over() -> None:
    alerts, _ = step([], [look(**BAD["dirty"])], MONDAY)
    after, news = step(alerts, [], MONDAY)
    assert (after, [item.over for item in news]) == ([], [True])


def test_nights_and_weekends_make_nobody_silent() -> None:
    friday, monday = datetime(2026, 11, 27, 16, 30, tzinfo=UTC), datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
    assert open_hours(friday, monday) == 0
    assert step([], [look(heard=friday)], monday) == ([], [])
    assert open_hours(friday, monday + timedelta(hours=8)) == 8
    assert open_hours(MONDAY, MONDAY + timedelta(days=3000)) == 9, "no more than is needed"
    assert open_hours(MONDAY, MONDAY - timedelta(days=1)) == 0


def test_a_kiosk_that_was_never_heard_is_not_silent() -> None:
    assert step([], [look(heard=None)], MONDAY) == ([], [])


def test_a_kiosk_fails_beside_the_same_passports_elsewhere() -> None:
    """One sees many passports that fail everywhere, the other's glass is dirty."""
    cells = [Cell("airport", "bad", 80, 40), Cell("airport", "good", 20, 1), Cell("dirty", "good", 100, 30)]
    cells += [one for n in range(20) for one in (Cell(f"k{n}", "bad", 10, 5), Cell(f"k{n}", "good", 90, 5))]
    cells += [Cell("small", "good", 19, 19)]
    found = failing(Table(cells))
    assert found["airport"].chance > 0.1
    assert found["dirty"].chance < 1e-4
    assert "small" not in found
    _, news = step([], [look(kiosk=kiosk, failing=found[kiosk]) for kiosk in ("airport", "dirty")], MONDAY)
    assert [item.alert.kiosk for item in news] == ["dirty"]


looks = st.builds(
    look,
    hurts=st.integers(0, 1),
    clock_hours=st.integers(-3, 3),
    head_back=st.booleans(),
    failing=st.sampled_from(
        [None, Failing(200, 80, 0.1, 1e-9), Failing(200, 36, 0.1, 0.01), Failing(200, 0, 0.0, 0.5)]
    ),
)


@pytest.mark.slow
@given(st.lists(looks, max_size=60), st.sampled_from([0.01, 1.0, 30.0]))
def test_beginning_and_end_take_turns(seen: list[Look], hours: float) -> None:
    told = follow(seen, hours)
    for kind in KINDS:
        ends = [over for which, over in told if which == kind]
        assert ends == [bool(number % 2) for number in range(len(ends))]
