"""The language of a page: the one of `stillscan run` until somebody chooses, and then that one, everywhere."""

import shutil
import sys
from pathlib import Path

import pytest
from clerks import CLERK, SUPERVISOR, TECHNICIAN, client
from played import Played
from starlette.testclient import TestClient

from stillscan.errors import InputError
from stillscan.guidance import languages, page_texts
from stillscan.guidance.customers import customer_texts
from stillscan.web.language import begin_in
from stillscan.web.limits import FORM_BYTES, MOST_HEADERS

CATALOGUE = sys.modules["stillscan.guidance.catalogue"]  # the package has a function of that name
OTHERS = {"nb": "en", "nn": "nb", "en": "nn"}


@pytest.fixture
def played() -> Played:
    return Played()


def test_there_is_another_for_each() -> None:
    assert set(OTHERS) == set(languages())


@pytest.mark.slow
@pytest.mark.parametrize("language", languages())
def test_a_page_is_in_the_programs_language_until_another_is_chosen(played: Played, language: str) -> None:
    begin_in(played.program, language)
    one = client(played.program, played.browsers, SUPERVISOR)
    pages = ("/", "/customer", "/signin", "/browsers")
    for path in (*pages, *pages):  # looking at a page is no choice
        assert f'lang="{language}"' in one.get(path).text, path
    assert page_texts(language)["no_such_page"] in one.get("/paper/refund.exe").text
    one.cookies.set("language", OTHERS[language])  # of a version that set it for whoever looked at a page
    assert f'lang="{language}"' in one.get("/").text
    assert f'lang="{OTHERS[language]}"' in one.get(f"/?language={OTHERS[language]}").text
    for path in pages:
        assert f'lang="{OTHERS[language]}"' in one.get(path).text, path
    begin_in(played.program, OTHERS[OTHERS[language]])  # started anew in another
    assert f'lang="{OTHERS[language]}"' in one.get("/").text


@pytest.mark.slow
@pytest.mark.parametrize("language", languages())
def test_answers_to_forms_keep_the_language(played: Played, language: str) -> None:
    begin_in(played.program, language)
    one = client(played.program, played.browsers)
    form = {"boot": played.counter.boot, "turn": str(played.counter.visit.turn), "tracking": "rr 123 456 785 no"}
    assert f'lang="{language}"' in one.post("/tracking", data=form).text
    assert f'lang="{language}"' in one.post("/tracking", data=form).text  # it is refused now
    assert page_texts(language)["stale"] in one.post("/tracking", data=form, headers={"X-Panel": "??"}).text


def _refused(played: Played, language: str) -> list[tuple[str, str]]:
    """(key, what was said) of whatever ends without a page."""
    begin_in(played.program, language)
    stranger = TestClient(played.program, base_url="http://127.0.0.1")
    technician, clerk = (client(played.program, played.browsers, staff) for staff in (TECHNICIAN, CLERK))
    many = {f"X-{number}": "1" for number in range(MOST_HEADERS)}
    twice = {"Transfer-Encoding": "chunked", "Content-Length": "1"}
    said = [
        ("address_used", stranger.get("/?key=wrong")),
        ("signin_needed", stranger.get("/events")),
        ("not_bound", stranger.post("/signin", data={"staff": CLERK, "pin": "1"})),
        ("too_large", stranger.post("/signin", content=b"x" * (FORM_BYTES + 1))),
        ("too_many_headers", stranger.get("/signin", headers=many)),
        ("lengths_contradict", stranger.post("/signin", headers=twice)),
        ("another_site", stranger.post("/signin", headers={"Origin": "http://example.org"})),
        ("role_needed", technician.get("/paper/refund.txt")),
        ("role_needed", clerk.get("/browsers")),
        (
            "signin_wrong",
            client(played.program, played.browsers, None).post("/signin", data={"staff": "x", "pin": "1"}),
        ),
        ("no_such_page", clerk.get("/paper/other.txt")),
    ]
    return [(key, answer.text) for key, answer in said]


@pytest.mark.slow
@pytest.mark.parametrize("language", languages())
def test_whatever_is_refused_is_said_in_that_language(played: Played, language: str) -> None:
    for key, text in _refused(played, language):
        assert page_texts(language)[key].replace("'", "&#39;") in text or page_texts(language)[key] in text, key


@pytest.mark.parametrize("folder", ["", "customer"])
def test_a_file_of_the_package_that_lacks_a_text_is_refused_with_its_key_when_a_page_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """Any language, also one that nobody has chosen: the page offers all of them."""
    package = tmp_path / "guidance"
    shutil.copytree(Path(CATALOGUE.__file__).parent, package)
    for module in ("catalogue", "customers", "whole"):
        monkeypatch.setattr(sys.modules[f"stillscan.guidance.{module}"], "files", lambda _: package)
    file = package / folder / "nn.toml"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(number for number, line in reversed(list(enumerate(lines))) if line.startswith(("face", "stale")))
    key = lines.pop(at).partition(" ")[0]
    file.write_text("".join(lines), encoding="utf-8")
    cached = (CATALOGUE.sections, CATALOGUE.catalogue, customer_texts)
    try:
        for one in cached:
            one.cache_clear()
        with pytest.raises(InputError, match=rf"guidance/{folder}.*nn\.toml lacks the text '.*{key}'"):
            Played()
        file.write_text("[", encoding="utf-8")
        with pytest.raises(InputError, match=r"nn\.toml: .*end of document"):
            Played()
    finally:
        for one in cached:
            one.cache_clear()
