"""Nothing typed is lost while everything happens at the counter; `make bench-typing` does it two hundred times."""

import pytest
from played import Played
from typing_hands import Disturbed

pytestmark = [pytest.mark.process, pytest.mark.slow]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_character_is_there(page, browser, played: Played, seed: int) -> None:
    hands = Disturbed(page, browser, played, seed)
    assert [wrong for _ in range(2) for wrong in hands.visit()] == []
