"""What a supervisor has typed about a letter stays until it is taken, for who typed it, and for nobody else."""

import pytest
from clerks import CLERK
from letter_office import NUMBER, OTHER_NUMBER, RIGHT, Office, Window

pytestmark = pytest.mark.slow


@pytest.fixture
def window(office: Office) -> Window:
    return Window(office)


def test_what_was_typed_is_there_again_for_who_typed_it_until_it_is_taken(office: Office, window: Window) -> None:
    window.look()
    half = {**window.form, "recipient": "Kari Han", "at": "recipient"}
    assert window.client.post("/letters/draft", data=half).status_code == 204
    shown = window._kept(window.client.get("/letters")).text
    field = shown.partition('id="recipient"')[2].partition(">")[0]
    assert 'value="Kari Han"' in field
    assert "autofocus" in field
    assert shown.count("autofocus") == 1
    assert window.decide("correct", recipient="1234").status_code == 422
    assert 'value="1234"' in window.client.get("/letters").text, "what was refused stays, too"
    assert window.decide("correct", recipient=RIGHT).status_code == 200
    assert NUMBER not in window.client.get("/letters").text
    window.client.post("/letters/draft", data={**half, "boot": "another"})
    assert NUMBER not in window.client.get("/letters").text, "of a program that has ended"
    window.client.post("/letters/draft", data={**half, "recipient": "x" * 1000})
    assert f'value="{"x" * 200}"' in window.client.get("/letters").text
    assert "x" * 200 not in window.look(OTHER_NUMBER).text
    assert NUMBER not in window.client.get("/letters").text, "another letter was looked at"
    window.client.post("/letters/draft", data=half)
    window.client.post("/letters/draft", data={**half, "recipient": ""})
    assert NUMBER not in window.client.get("/letters").text, "nothing is typed any more"


def test_what_was_typed_is_shown_to_nobody_else(office: Office, window: Window) -> None:
    window.look()
    half = {**window.form, "recipient": "Kari Han"}
    window.client.post("/letters/draft", data=half)
    assert Window(office).client.get("/letters").text.count("Kari Han") == 0, "at another browser"
    browser = next(iter(office.letters._half))
    office.letters._half[browser] = office.letters._half[browser]._replace(staff="somebody")
    assert NUMBER not in window.client.get("/letters").text
    assert office.letters._half == {}
    assert Window(office, CLERK).client.post("/letters/draft", data=half).status_code == 403
