"""The centre's page with 3,000 kiosks in a real browser: accessible, live, soon painted, and well without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from centres import Centre
from fleets import BAD, GOOD, Fleet
from sqlalchemy import update

from stillscan.fleet.store import Store
from stillscan.fleet.tables import KIOSK
from stillscan.web.server import PageServer
from tests.web.axe import violations

pytestmark = pytest.mark.process
_KIOSKS = 3000


@pytest.fixture
def context(browser) -> Iterator[object]:
    """A browser that the system has, with nothing kept."""
    opened = browser.new_context(viewport={"width": 1400, "height": 900})
    yield opened
    opened.close()


def until(page, expression: str, value: str) -> None:
    """Wait for what the page shows. Its policy forbids evaluating strings, so it is asked from outside."""
    for _ in range(3000):
        if page.evaluate(expression) == value:
            return
        page.wait_for_timeout(10)
    raise AssertionError(f"{expression} is {page.evaluate(expression)!r}")


@pytest.mark.slow
def test_three_thousand_kiosks(context, store: Store, tmp_path: Path) -> None:
    fleet = Fleet(store, _KIOSKS)
    few = fleet.names[:6]
    fleet.checks(few, BAD, 12, 5, 3, quality=["glare"], reasons=["mrz_uncertain"], failed_at=[[2, 7], [1, 44]])
    fleet.checks(few, GOOD, 90, 9, 3)
    with store.writing() as connection:
        connection.execute(update(KIOSK).where(KIOSK.c.kiosk.in_(fleet.names[100:160])).values(clock_hours=9))
    centre = Centre(store, tmp_path / "keys")
    errors: list[str] = []
    with PageServer(centre.program, 0) as server:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server.url}/?key={centre.browsers.invite()}")
        page.fill("#staff", "supervisor")
        page.fill("#pin", "2580")
        page.press("#pin", "Enter")
        page.wait_for_selector("#kiosks")
        assert page.inner_text("#kiosks") == "3000"
        assert len(page.get_attribute("path.alert", "d").split("z")) - 1 == 60

        fleet.set("k7", checks=123456)
        fleet.set("k7", highest=77)
        until(page, "document.getElementById('checks').textContent", "124068")

        for path in ("/?find=k1", "/series/UTO/P/2031", "/kiosk/k100", "/week"):
            page.goto(f"{server.url}{path}")
            assert violations(page) == [], path
        page.goto(f"{server.url}/series/UTO/P/2031")
        page.click("form[action='/known/add'] button")
        page.wait_for_selector("#done")
        assert violations(page) == []

        page.click("form[action='/signout'] button")
        page.wait_for_selector("#staff")
    assert errors == []
