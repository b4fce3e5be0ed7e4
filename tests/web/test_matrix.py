"""Every state meets every language of its page, every size and all colours; ``make page-matrix`` walks all of it."""

from collections.abc import Iterator

import pytest
from letter_office import Office
from matrix import Cell, clerk, customer, letters, part, without_scripts
from played import Played

from stillscan.commands.tour import tour

pytestmark = [pytest.mark.process, pytest.mark.slow]


def test_the_clerk_s_page(browser) -> None:
    with Played(tour=tour()) as played:
        assert clerk(browser, played, part).wrong == []


def test_without_scripts_the_questions_of_a_visit(browser, played: Played) -> None:
    """Those that have a field or a link of their own then; the bench walks every state of a visit."""
    assert without_scripts(browser, played, part, ("scan", "face, no scanner", "another letter")).wrong == []


def test_the_supervisor_s_pages(browser, office: Office) -> None:
    with office:
        assert letters(browser, office, part).wrong == []


def test_the_customer_s_screen(browser, played: Played) -> None:
    assert customer(browser, played, part).wrong == []


# As WCAG 2.2 has it (1.4.10, 1.4.4): 320 px, which is 1280 px at 400 %; 640 x 400, which is 1280 x 800 at 200 %.
ENLARGED = ((320, 640), (360, 740), (640, 400))


def enlarged(number: int, codes: list[str]) -> Iterator[Cell]:
    """Of each state one language, in these sizes; the next state has the next language."""
    return (Cell(codes[number % len(codes)], "light", size) for size in ENLARGED)


def test_enlarged_and_on_small_screens_nothing_hangs_out(browser) -> None:
    with Played(tour=tour()) as played:
        wrong = clerk(browser, played, enlarged).wrong
        # Whoever unfolds the header on such a screen looks at it, and not at the field below.
        assert [one for one in wrong if "all unfolded" not in one or "focus" not in one] == []
    with Played() as played:
        assert customer(browser, played, enlarged).wrong == []
