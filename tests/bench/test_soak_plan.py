"""The simulated day is drawn by its seed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from bench.soak.misfortunes import Misfortunes
from bench.soak.plan import KINDS, PAPERS, RESTARTS_UNTIL, draw, letters, tracking

from stillscan.records.importing import parse


def test_a_seed_is_a_day() -> None:
    assert draw(1, 300) == draw(1, 300)
    assert draw(1, 300) != draw(2, 300)
    assert [visit.number for visit in draw(5, 40)] == list(range(40))


def test_every_kind_of_misfortune_comes_and_never_two_at_once() -> None:
    day = draw(1, 2000)
    struck = [visit for visit in day if visit.misfortune]
    kinds = Counter(visit.misfortune.kind for visit in struck if visit.misfortune)
    assert set(kinds) == set(KINDS)
    assert 200 < len(struck) < 400
    assert all(later.number - former.number >= 4 for former, later in pairwise(struck))


@pytest.mark.parametrize("seed", range(5))
def test_the_last_part_of_the_day_is_one_life_of_the_program(seed: int) -> None:
    for visit in draw(seed, 1000):
        if visit.misfortune and visit.number >= 1000 * RESTARTS_UNTIL:
            assert not KINDS[visit.misfortune.kind].restarts


def test_papers_come_as_misfortunes_only() -> None:
    for visit in draw(3, 1000):
        assert (visit.document in PAPERS) == (visit.misfortune is not None and visit.misfortune.kind == "paper")


def test_only_what_is_asked_for_strikes() -> None:
    kinds = {visit.misfortune.kind for visit in draw(1, 500, ("noise", "killed")) if visit.misfortune}
    assert kinds == {"noise", "killed"}
    assert not any(visit.misfortune for visit in draw(1, 100, ()))


def test_the_letters_can_be_imported() -> None:
    day = draw(2, 200)
    found, errors = parse(letters(day), test=True)
    assert errors == []
    assert set(found) == {tracking(n) for n in range(200)} == {visit.tracking for visit in day}


def test_every_kind_can_be_carried_out() -> None:
    """The table of what is drawn and the table of what is done are the same."""
    Misfortunes(None, None, None, 0)  # type: ignore[arg-type]  # nothing strikes
