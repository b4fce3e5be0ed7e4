"""Whatever goes wrong with records is said on the page in people's language, and the English line is for support."""

import errno
import html
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from books import TRACKING, MemoryBook
from clerks import client
from letter_office import Office, Window
from played import Played
from sqlalchemy.exc import OperationalError

from stillscan.guidance import languages, page_texts
from stillscan.records import trouble
from stillscan.records.clock import ClockError
from stillscan.records.errors import OutcomeUnknownError, RecordsError, RecordsTrouble, of_file
from stillscan.records.wrapping import PassphraseError
from stillscan.web.language import begin_in

WORDS = "/srv/x/records.db: the English line"
ERRORS = [
    *(RecordsError(WORDS, kind) for kind in get_args(RecordsTrouble)),
    PassphraseError(WORDS),
    ClockError("clock_ahead", WORDS),
]


@pytest.mark.parametrize("language", languages())
def test_every_kind_has_its_sentence(language: str) -> None:
    texts = page_texts(language)
    sentences = [texts[f"records_{kind}"] for kind in get_args(RecordsTrouble)]
    assert len(set(sentences)) == len(sentences)
    assert all(language == "en" or sentence not in page_texts("en").values() for sentence in sentences)


class Failing(MemoryBook):
    def __init__(self, error: RecordsError) -> None:
        super().__init__()
        self.error = error

    def letter(self, number: str) -> None:
        raise self.error


@pytest.mark.slow
@pytest.mark.parametrize("language", languages())
def test_the_page_says_every_one(language: str) -> None:
    for error in ERRORS:
        played = Played(Failing(error))
        begin_in(played.program, language)
        one = client(played.program, played.browsers)
        form = {"boot": played.counter.boot, "turn": "0", "tracking": TRACKING}
        answer = one.post("/tracking", data=form)
        assert answer.status_code == 503
        shown = html.unescape(answer.text)
        assert page_texts(language)[error.key] in shown, error.key
        assert WORDS not in shown.replace(f"({page_texts(language)['for_support']} {error})", ""), error.key


def _errors_of_the_database() -> Iterator[RecordsError]:
    """What SQLite and PostgreSQL can say, as the page gets it."""
    causes = [*trouble._SQLITE.values(), *trouble._SQLSTATES.values(), *trouble._CONNECTING.values(), trouble._AWAY]
    yield from (trouble._error("x", cause) for cause in causes)
    for error in (sqlite3.OperationalError("x"), OperationalError("x", None, sqlite3.OperationalError("x"))):
        try:
            with trouble.plainly("x"):
                raise error
        except RecordsError as told:
            yield told
    yield from (of_file(Path("x"), OSError(number, "x")) for number in errno.errorcode)
    yield OutcomeUnknownError("x")


def test_what_a_database_or_a_file_says_is_of_a_kind() -> None:
    kinds = {error.kind for error in _errors_of_the_database()}
    assert kinds <= set(get_args(RecordsTrouble))
    assert {"busy", "silent", "full", "closed", "refused", "damaged", "outcome", "notes"} <= kinds


@pytest.mark.slow
@pytest.mark.parametrize("language", languages())
def test_letters_and_signing_in_say_so_too(language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(tmp_path)
    begin_in(office.program, language)
    window = Window(office)
    texts = page_texts(language)

    def fails(*_: object, **__: object) -> None:
        raise RecordsError(WORDS, "moved")

    monkeypatch.setattr("stillscan.web.letters.history", fails)
    said = html.unescape(window.client.post("/letters", data={"tracking": TRACKING}).text)
    assert texts["records_moved"] in said
    monkeypatch.setattr(office.sessions, "sign_in", fails)
    said = html.unescape(window.client.post("/signin", data={"staff": "x", "pin": "1234"}).text)
    assert f"{texts['signin_records']} {texts['records_moved']}" in said
