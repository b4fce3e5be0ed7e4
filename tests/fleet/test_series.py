"""Which passports fail: planted ones are found, dirty kiosks accuse none, and nothing is told of few documents."""

import numpy as np
import pytest
from bench.fleet_series import one_run
from hypothesis import given
from hypothesis import strategies as st

from stillscan.fleet.series import FEWEST, Count, Counts, Key, judged, places, shares, spans

BAD, GOOD, RARE = Key("UTO", "P", 2031), Key("SWE", "P", 2030), Key("FIN", "P", 2029)


def office(kiosk: str, key: Key, documents: int, failed: int, day: int = 0) -> Count:
    return Count(kiosk, day, key, documents, failed)


def by_key(counts: list[Count]) -> dict[Key, object]:
    return {one.key: one for one in judged(counts)}


def test_a_series_that_fails_everywhere_is_flagged() -> None:
    counts = [one for n in range(6) for one in (office(f"k{n}", BAD, 10, 4), office(f"k{n}", GOOD, 90, 9))]
    bad, good = judged(counts)
    assert (bad.key, bad.documents, bad.failed, bad.flagged) == (BAD, 60, 24, True)
    assert bad.rate == 0.4
    assert bad.expected == pytest.approx(0.1)
    assert bad.low < 0.4 < bad.high
    assert bad.q <= 0.05
    assert not good.flagged, "the others fail less"


def test_a_dirty_kiosk_makes_no_bad_series() -> None:
    """Nearly all documents of one series come to the kiosk at which everything fails."""
    counts = [office("dirty", RARE, 60, 36), office("dirty", GOOD, 60, 36), office("dirty", BAD, 30, 18)]
    counts += [office(f"k{n}", GOOD, 200, 10) for n in range(20)] + [office(f"k{n}", RARE, 1, 0) for n in range(5)]
    assert not any(one.flagged for one in judged(counts))


def test_what_one_kiosk_alone_has_seen_flags_no_series() -> None:
    """A stain where this state prints: the series fails there, and the others do not."""
    counts = [office("stained", RARE, 60, 50), office("stained", GOOD, 300, 15)]
    counts += [one for n in range(20) for one in (office(f"k{n}", RARE, 3, 0), office(f"k{n}", GOOD, 100, 5))]
    rare = by_key(counts)[RARE]
    assert rare.q < 0.01
    assert not rare.flagged


def test_a_kiosk_that_is_dirty_on_one_day_is_compared_on_that_day() -> None:
    counts = [office("k", RARE, 40, 20, day=1), office("k", GOOD, 40, 20, day=1)]
    counts += [office("k", GOOD, 300, 6, day=day) for day in range(2, 8)] + [
        office("l", RARE, 5, 0),
        office("l", GOOD, 50, 1),
    ]
    assert not any(one.flagged for one in judged(counts))


def test_of_fewer_than_twenty_documents_nothing_is_told() -> None:
    counts = [office(f"k{n}", RARE, 1, 1) for n in range(FEWEST - 1)] + [
        office(f"k{n}", GOOD, 90, 9) for n in range(20)
    ]
    assert [one.key for one in judged(counts)] == [GOOD]
    assert RARE in by_key([*counts, office("k0", RARE, 1, 0)])


def test_a_series_that_is_alone_where_it_was_has_nothing_to_be_compared_with() -> None:
    (alone,) = judged([office("k", BAD, 60, 30)])
    assert (alone.expected, alone.p, alone.flagged) == (None, 0.5, False)


def test_without_documents_nothing_is_found() -> None:
    assert judged([]) == []
    assert judged([office("k", BAD, 0, 0)]) == []


def test_more_failures_than_documents_are_refused() -> None:
    with pytest.raises(ValueError, match="more documents failed"):
        judged([office("k", BAD, 3, 4)])


counted = st.builds(
    lambda kiosk, day, key, documents, share: Count(kiosk, day, key, documents, round(share * documents)),
    st.sampled_from("abc"),
    st.integers(0, 2),
    st.sampled_from([BAD, GOOD, RARE]),
    st.integers(0, 40),
    st.floats(0, 1),
)


@pytest.mark.slow
@given(st.lists(counted, max_size=30), st.randoms(use_true_random=False))
def test_order_and_splitting_of_counts_do_not_matter(counts: list[Count], random: object) -> None:
    whole = judged(counts)
    mixed = [
        part
        for one in counts
        for part in (one._replace(documents=one.failed), one._replace(documents=one.documents - one.failed, failed=0))
    ]
    random.shuffle(mixed)
    assert [(one.key, one.failed, one.flagged) for one in judged(mixed)] == [
        (one.key, one.failed, one.flagged) for one in whole
    ]
    assert all(one.documents >= FEWEST and 0 <= one.p <= 1 and one.low <= one.rate <= one.high for one in whole)


@pytest.mark.slow
@given(st.lists(counted, max_size=20), st.integers(-1, 3), st.integers(-1, 3))
def test_counts_come_out_of_their_columns_as_they_went_in(counts: list[Count], since: int, until: int) -> None:
    assert list(Counts(counts).between(since, until)) == [one for one in counts if since <= one.day < until]


@pytest.mark.slow
def test_planted_series_are_found_and_dirty_kiosks_accuse_none() -> None:
    """Runs of the bench, which has 200 of each kind (`make bench-fleet-series`)."""
    assert [one_run(seed, 0.2).planted for seed in (1, 2)] == [True, True]
    assert one_run(71, 0.15).planted, "not without weights: its p-value is 1.7 of 10,000"
    assert one_run(1, 0.15, dirty=15, planted=False).false == 0


cells = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 60), st.just(0)), max_size=20, unique_by=lambda cell: cell[0]
)


@pytest.mark.slow
@given(cells)
def test_weeks_are_put_together_until_nobody_can_be_found(weekly: list[tuple[int, int, int]]) -> None:
    parts = spans(weekly)
    assert all(part.documents >= FEWEST for part in parts)
    whole = sum(documents for _, documents, _ in weekly)
    assert sum(part.documents for part in parts) == (whole if whole >= FEWEST else 0)


@pytest.mark.slow
@given(cells)
def test_shares_leave_no_rest_that_can_be_found_out(weekly: list[tuple[int, int, int]]) -> None:
    named = [(str(week), documents, 0) for week, documents, _ in weekly]
    parts = shares(named, "others")
    whole = sum(documents for _, documents, _ in named)
    assert all(part.documents >= FEWEST for part in parts)
    assert whole - sum(part.documents for part in parts) in (0, whole), "all is told, or nothing"


def test_weeks_are_named_by_the_first_and_the_last() -> None:
    assert [
        (part.name, part.documents, part.failed) for part in spans([(7, 10, 1), (8, 15, 2), (9, 40, 3), (10, 2, 2)])
    ] == [
        ("7 - 8", 25, 3),
        ("9 - 10", 42, 5),
    ]


def test_places_count_characters_and_nothing_outside_the_lines() -> None:
    seen = {(1, 1): 1, (2, 44): 2, (3, 1): 4, (1, 45): 4, (0, 1): 4, (1, 0): 4}
    picture = places(seen, (44, 44))
    assert picture[0][0] == 1
    assert picture[1][43] == 2
    assert np.sum(picture) == 3
