"""What `make test` tries has each of the longer list and the ends of a scale, and is everything at night."""

import pytest

from tests import covering


@pytest.fixture
def share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covering, "WHOLE", False)


def test_pairs_have_each_of_the_first_and_all_of_the_second(share: None) -> None:
    pairs = covering.covering("abcdef", range(4), each=2)
    assert len(pairs) == 12
    assert {one for one, _ in pairs} == set("abcdef")
    assert {other for _, other in pairs} == set(range(4))


def test_some_are_the_ends_and_what_lies_between(share: None) -> None:
    assert covering.some(range(50), 3) == [0, 24, 49]
    assert covering.some("abc", 1) == ["a"]
    assert covering.some("abc", 9) == ["a", "b", "c"]


def test_few_examples_stay_what_they_are(share: None) -> None:
    assert [covering.examples(number) for number in (5, 12, 30, 100, 300)] == [5, 10, 10, 33, 100]


def test_the_whole_is_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covering, "WHOLE", True)
    assert len(covering.covering("abc", range(4), each=1)) == 12
    assert list(covering.some(range(9), 2)) == list(range(9))
    assert covering.examples(300) == 300
