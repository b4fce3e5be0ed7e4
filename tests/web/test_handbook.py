"""The site of documents: whole, by who reads it, with a reference that is made, and nothing from elsewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from axe import violations
from handbook import pages, reference
from handbook.__main__ import build

from stillscan.cli import COMMANDS
from stillscan.verify import Case

pytestmark = [pytest.mark.process, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as ``make docs`` makes it, which fails on a link that leads nowhere."""
    folder = tmp_path_factory.mktemp("site")
    assert build(folder / "docs", folder / "work") == ""
    return folder / "docs"


class Loaded(HTMLParser):
    """What a browser fetches by itself with a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"script", "img", "iframe", "source"} or (tag == "link" and given.get("rel") != "canonical"):
            self.found.append(given.get("src") or given.get("href") or "")


def test_every_document_is_a_page_for_somebody(site: Path) -> None:
    made = {path.relative_to(site).with_suffix(".md").as_posix() for path in site.rglob("*.html")}
    for page in pages.documents():
        assert page.as_posix().replace("README.md", "index.md") in made


def test_a_browser_fetches_nothing_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        parser = Loaded()
        parser.feed(path.read_text(encoding="utf-8"))
        assert [place for place in parser.found if re.match(r"(https?:)?//", place)] == []
    for style in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import\s*)[\"']?(?:https?:)?//[^)]*", style.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "name", ["host_tools/docs/skranken.html", "host_tools/docs/testing.html", "reference/api.html"]
)
def test_axe_finds_nothing(site: Path, browser, name: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((site / name).as_uri())
    found = violations(page)
    page.close()
    assert found == []


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = pages.linked

    def linked(page: Path, known: set[Path]) -> str:
        return real(page, known) + ("\n[x](gone.md) [y](#gone)\n" if page.name == "SECURITY.md" else "")

    monkeypatch.setattr(pages, "linked", linked)
    monkeypatch.setattr(pages, "documents", lambda: [Path("README.md"), Path("SECURITY.md")])
    monkeypatch.setattr(reference, "write", Path.mkdir)
    warned = build(tmp_path / "docs", tmp_path)
    assert "'gone.md'" in warned
    assert "'#gone'" in warned


def test_the_reference_has_every_command_call_and_name() -> None:
    commands = "\n".join(reference.commands())
    for command in COMMANDS:
        assert f"## stillscan {command}\n" in commands
    assert "### stillscan audit verify\n" in commands
    described = reference.description()
    calls = "\n".join(reference.interface(described))
    for path, methods in described["paths"].items():
        assert all(f"## {method.upper()} {path}\n" in calls for method in methods)
    assert calls.count("Scope of the token: `") == sum(map(len, described["paths"].values()))
    assert "## POST to a receiver: check.ended\n" in calls
    assert "text/event-stream" in calls
    for link in re.findall(r"\]\(#([a-z0-9_-]+)\)", calls):
        assert re.search(rf"^## {link}$", calls, re.M | re.I), link
    names = "\n".join(reference.names())
    assert "### Scanner\n" in names
    assert str(Case.__doc__).splitlines()[0] in names
