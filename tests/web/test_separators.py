"""What a bar code scanner presses between the fields of a bar code is a part of it, whatever else that key does."""

import re
from importlib.resources import files

import pytest
from books import TRACKING
from played import Played
from test_page import step, to_face, wait_for

from stillscan.records.tracking import MOST_SCANNED
from stillscan.verify import Consignment

pytestmark = pytest.mark.process

SSCC = "370722123456789011"


def gs1_wedge(page, separator: str) -> None:
    """A bar code of GS1 whose separators a scanner makes keys of: before its fields, between them, and at their end."""
    page.evaluate(
        """async ([fields, separator]) => {
            const at = document.activeElement
            const how = { bubbles: true, cancelable: true }
            const press = (key, more = {}) => at.dispatchEvent(new KeyboardEvent('keydown', { key, ...more, ...how }))
            const separate = () => separator === 'Ctrl ]'
                ? press('¨', { ctrlKey: true, code: 'BracketRight' }) : press(separator)
            separate()
            for (const field of fields) {
                [...field].forEach((one) => press(one))
                separate()
            }
            press('Enter')
        }""",
        [["400PO-17", "00370722123456789011"], separator],
    )


@pytest.mark.parametrize("separator", ["F8", "F9", "F2", "F4", "Ctrl ]"])
def test_a_separator_in_a_bar_code_answers_nothing(page, played: Played, separator: str) -> None:
    """As a key it would say "the same person": there are scanners that press F8 for the separator of GS1."""
    played.book.letters[SSCC] = Consignment(SSCC, "Kari Hansen", played.book.letters[TRACKING].deadline, released=False)
    to_face(page, played)
    page.focus("h1")
    gs1_wedge(page, separator)
    if separator in ("F8", "Ctrl ]"):
        page.wait_for_selector("[name=serves]")
    else:  # of keys that no scanner presses for a separator the fields cannot be told apart
        page.wait_for_selector("#problem")
    page.wait_for_timeout(150)  # longer than a key waits for what follows
    assert page.locator("[name=serves]").count() or step(page) == "face"
    assert played.book.finished == []
    assert played.counter.visit.letter.tracking == TRACKING


def test_a_separator_in_the_field_of_the_letter(page, played: Played) -> None:
    played.book.letters[SSCC] = Consignment(SSCC, "Kari Hansen", played.book.letters[TRACKING].deadline, released=False)
    page.focus("#tracking")
    page.evaluate(
        """() => {
            const field = document.getElementById('tracking')
            for (const key of ['4', '0', '0', 'P', 'F8', '0', '0', ...'370722123456789011']) {
                field.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
                if (key !== 'F8') field.setRangeText(key, field.selectionStart, field.selectionEnd, 'end')
            }
        }"""
    )
    page.keyboard.press("Enter")
    wait_for(page, "scan")
    assert SSCC in page.inner_text("#panel")


def test_the_page_takes_as_many_characters_as_the_program_looks_at(page) -> None:
    assert page.get_attribute("#tracking", "maxlength") == str(MOST_SCANNED)
    script = files("stillscan.web").joinpath("static", "page.js").read_text(encoding="utf-8")
    assert re.search(rf"^const LONGEST = {MOST_SCANNED} ", script, re.MULTILINE)
