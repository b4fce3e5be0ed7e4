"""Every state meets every language of its page, every size and all colours; ``make page-matrix`` walks all of it."""

import pytest
from letter_office import Office
from matrix import clerk, customer, letters, part, without_scripts
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
