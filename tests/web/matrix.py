"""The page in every state, language, size and colours: what hangs out, is cut, has no name, or has the wrong focus.

``make page-matrix`` walks all of it, with scripts and without; ``test_matrix.py`` a part in which every state meets
every language, every size, and the states together all colours. Colours and sizes are changed where a page stands; the
part loads each state once, has axe look at it once, and exchanges its texts for those of the next language there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from axe import violations
from clerks import CLERK, SUPERVISOR, TECHNICIAN
from held import Held
from letter_office import Office
from matrix_states import CUSTOMERS, LETTERS, SERVICE, SIGNING_IN, TECHNICIANS, VISIT, State, anew
from played import Played

from stillscan.commands.tour import tour
from stillscan.guidance import languages
from stillscan.guidance.customers import customer_languages

SIZES = ((390, 844), (800, 600), (1280, 800), (1920, 1080))
COLOURS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced": {"color_scheme": "light", "forced_colors": "active"},
}
# What hangs out to the right, text that is cut or lies on other text, and text that leaves its box.
LOOK = """() => {
  const wrong = []
  const whole = document.documentElement
  if (whole.scrollWidth > innerWidth) wrong.push(`the page is ${whole.scrollWidth} wide of ${innerWidth}`)
  const seen = new Map()
  const style = (node) => { if (!seen.has(node)) seen.set(node, getComputedStyle(node)); return seen.get(node) }
  const lines = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    const text = walk.currentNode
    if (!text.data.trim() || text.parentElement.closest('[aria-hidden=true]')) continue
    if (!text.parentElement.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })) continue
    const range = document.createRange()
    range.selectNodeContents(text)
    const boxes = []
    let scrolled = false, unseen = false
    for (let at = text.parentElement; at && at !== whole; at = at.parentElement) {
      const how = style(at)
      if (how.clipPath !== 'none') unseen = true
      if (/auto|scroll/.test(how.overflowX)) scrolled = true
      if (how.display !== 'inline' && how.display !== 'contents' && !scrolled) boxes.push(at.getBoundingClientRect())
    }
    if (unseen) continue
    for (const line of range.getClientRects()) {
      if (line.width < 1 || line.right <= 0) continue  // nothing, or a link to skip to the content
      const out = boxes.some((box) => line.left < box.left - 1 || line.right > box.right + 1
        || line.top < box.top - 6 || line.bottom > box.bottom + 6)
      if (out || (!scrolled && (line.left < -1 || line.right > innerWidth + 1))) {
        wrong.push(`leaves its box: ${text.data.trim()}`)
      }
      if (!scrolled) lines.push([line, text])
    }
  }
  lines.forEach(([one, text], at) => {
    for (const [other, theirs] of lines.slice(at + 1)) {
      const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left)
      const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)
      if (text !== theirs && wide > 2 && high > 8) wrong.push(`on another: ${text.data.trim()} / ${theirs.data.trim()}`)
    }
  })
  for (const box of document.querySelectorAll('input, button, select, summary')) {
    if (!box.checkVisibility() || style(box).clipPath !== 'none') continue
    const { left, right } = box.getBoundingClientRect()
    if (left < -1 || right > innerWidth + 1) wrong.push(`out of sight: ${box.outerHTML.slice(0, 80)}`)
  }
  return wrong
}"""
FOCUS = """right => {
  const at = document.activeElement
  const box = at.getBoundingClientRect()
  return !at.matches(right) ? at.outerHTML.slice(0, 80) : box.top < 0 || box.top >= innerHeight ? 'out of sight' : ''
}"""


# The same page in another language, in place of what stands there: the layout is the style's and not the scripts'.
EXCHANGE = """async address => {
  const page = new DOMParser().parseFromString(await (await fetch(address)).text(), 'text/html')
  const { lang, dir } = page.documentElement
  Object.assign(document.documentElement, { lang, dir })
  document.body.innerHTML = page.body.innerHTML
}"""


_CONTRAST = "color-contrast-enhanced"  # 7:1 (WCAG 2.2, 1.4.6), as page.css says


class Cell(NamedTuple):
    """One language, colours and size."""

    language: str
    colours: str
    size: tuple[int, int]


def every(codes: list[str]) -> Iterator[Cell]:
    """All cells of a state."""
    for language in codes:
        for colours in COLOURS:
            for size in SIZES:
                yield Cell(language, colours, size)


def part(number: int, codes: list[str]) -> Iterator[Cell]:
    """Of the state with this number: every size, and languages and colours in turn, so that it meets all of them.

    (Of the six languages of customers four.) Over the states each language meets each size and all colours too.
    """
    names = list(COLOURS)
    for at, size in enumerate(SIZES):
        yield Cell(codes[(number + at) % len(codes)], names[(number // len(codes) + at) % len(names)], size)


class Walk:
    """One page of one person, restyled where it stands. ``wrong`` has what was found, ``seen`` how many cells.

    ``whole``: loaded anew in every language, and axe looks at all colours of each.
    """

    def __init__(self, page: Any, whole: bool) -> None:
        self.page, self.whole = page, whole
        self.wrong: list[str] = []
        self.seen = self.loads = self.asked = 0
        self._stands: Cell | None = None

    def state(self, name: str, url: str, cells: Iterator[Cell], state: State) -> None:
        """Look at a state in these cells."""
        for number, (language, of_language) in enumerate(_by(cells, lambda cell: cell.language).items()):
            address, told = f"{url}{state.where}?language={language}", f"{name}, {language}"
            self._style(of_language[0])
            if number == 0 or self.whole or state.act is not None:
                self._load(told, address, state)
            else:
                self.page.evaluate(EXCHANGE, address)
            for colours, of_colours in _by(iter(of_language), lambda cell: cell.colours).items():
                for cell in of_colours:
                    self._style(cell)
                    self._look(f"{told}, {colours}, {cell.size[0]}", cell, state.one_screen)
                if number == 0 or self.whole:
                    self._axe(f"{told}, {colours}", first=colours == of_language[0].colours)

    def _load(self, told: str, address: str, state: State) -> None:
        self.page.goto(address)
        self.loads += 1
        if state.act is not None:
            state.act(self.page)
        self._focus(told, state.focus)

    def _style(self, cell: Cell) -> None:
        """What stands already is not set anew: the browser would lay out and paint all of it again."""
        if self._stands is None or cell.colours != self._stands.colours:
            self.page.emulate_media(reduced_motion="reduce", **COLOURS[cell.colours])
        if self._stands is None or cell.size != self._stands.size:
            self.page.set_viewport_size({"width": cell.size[0], "height": cell.size[1]})
        self._stands = cell

    def _look(self, told: str, cell: Cell, one_screen: bool) -> None:
        self.seen += 1
        self.wrong += [f"{told}: {one}" for one in self.page.evaluate(LOOK)]
        if one_screen and cell.size[0] >= 1280:
            beyond = self.page.evaluate("document.documentElement.scrollHeight - innerHeight")
            if beyond > 0:
                self.wrong.append(f"{told}: {beyond} px are below the screen")

    def _focus(self, told: str, right: str) -> None:
        for _ in range(200):
            found = self.page.evaluate(FOCUS, right)
            if not found:
                return
            self.page.wait_for_timeout(10)
        self.wrong.append(f"{told}: the focus is at {found}")

    def _axe(self, told: str, *, first: bool) -> None:
        """All rules once for a load; colours are what else differs."""
        self.asked += 1
        rules = {"rules": {_CONTRAST: {"enabled": True}}} if first else {"runOnly": ["color-contrast", _CONTRAST]}
        self.wrong += [f"{told}: {one}" for one in violations(self.page, **rules)]


def _by(cells: Iterator[Cell], key: Callable[[Cell], str]) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(key(cell), []).append(cell)
    return found


Cells = Callable[[int, list[str]], Iterator[Cell]]


def every_cell(_: int, codes: list[str]) -> Iterator[Cell]:
    """All of them, of each state."""
    return every(codes)


def clerk(browser: Any, played: Played, cells: Cells) -> Walk:
    """The clerk's page in every state of a visit, and who else sees it."""
    walk = Walk(browser.new_context().new_page(), cells is every_cell)
    number = 0
    for staff, states in ((None, SIGNING_IN), (CLERK, VISIT), (TECHNICIAN, TECHNICIANS)):
        if staff is not None:
            walk.page.context.clear_cookies()
        _open(walk.page, played, staff)
        for name, state in states.items():
            anew(played)
            state.reach(played)
            played.counter.changed()
            walk.state(name, played.url, cells(number, languages()), state)
            number += 1
    walk.page.context.close()
    return walk


# What a browser shows that runs no scripts. (axe, which looks at it, is one.)
UNPACK = """() => {
  for (const box of document.querySelectorAll('noscript')) {
    if (box.closest('main')) box.outerHTML = box.textContent
  }
  document.querySelector('[autofocus]')?.focus()
}"""


def without_scripts(browser: Any, played: Played, cells: Cells, names: Iterable[str] = VISIT) -> Walk:
    """The clerk's page in these states of a visit, as a browser shows it that runs none of its scripts."""
    context = browser.new_context()
    context.route("**/*.js", lambda route: route.abort())
    walk = Walk(context.new_page(), cells is every_cell)
    _open(walk.page, played, CLERK)
    for number, name in enumerate(names):
        state = VISIT[name]
        anew(played)
        state.reach(played)
        played.counter.changed()
        bare = state._replace(act=_unpacked(state.act), focus="[autofocus], body")
        walk.state(f"without scripts, {name}", played.url, cells(number, languages()), bare)
    context.close()
    return walk


def _unpacked(act: Callable[[Any], None] | None) -> Callable[[Any], None]:
    def unpacked(page: Any) -> None:
        if act is not None:
            act(page)
        page.evaluate(UNPACK)

    return unpacked


def letters(browser: Any, office: Office, cells: Cells) -> Walk:
    """The supervisor's pages."""
    walk = Walk(browser.new_context().new_page(), cells is every_cell)
    office.show(walk.page, SUPERVISOR)
    for number, (name, state) in enumerate(LETTERS.items()):
        walk.state(name, office.url, cells(number, languages()), state)
    walk.page.context.close()
    return walk


def service(browser: Any, held: Held, cells: Cells) -> Walk:
    """The technician's pages; a procedure stays begun."""
    walk = Walk(browser.new_context().new_page(), cells is every_cell)
    held.show(walk.page, TECHNICIAN)
    for number, (name, state) in enumerate(SERVICE.items()):
        state.reach(held)
        walk.state(name, held.url, cells(number, languages()), state)
    walk.page.context.close()
    return walk


def customer(browser: Any, played: Played, cells: Cells) -> Walk:
    """The customer's screen, in the languages of customers."""
    walk = Walk(browser.new_context().new_page(), cells is every_cell)
    for number, (name, reach) in enumerate(CUSTOMERS.items()):
        walk.page.goto("about:blank")  # the page of the customer before would go back to the office's language
        anew(played)
        reach(played)
        state = State(lambda played: None, f"body:has([data-shown={name}])", where="/customer")
        walk.state(f"customer, {name}", played.url, cells(number, customer_languages()), state)
    walk.page.context.close()
    return walk


def _open(page: Any, played: Played, staff: str | None) -> None:
    if staff is None:
        page.goto(played.address)
    else:
        played.show(page, staff)


def main() -> int:
    """All of it. Exit code 1 when something is wrong."""
    import tempfile
    import time

    from browsers import MISSING, find_browser
    from playwright.sync_api import sync_playwright

    program = find_browser()
    if program is None:
        sys.exit(f"page-matrix: {MISSING}")
    wrong: list[str] = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with (
            Played(tour=tour()) as played,
            Played() as without_tour,
            Office(Path(folder)) as office,
            Held(scanner=False) as held,
        ):
            tasks: Mapping[str, Callable[[], Walk]] = {
                "clerk": lambda: clerk(browser, played, every_cell),
                "scripts off": lambda: without_scripts(browser, without_tour, every_cell),
                "letters": lambda: letters(browser, office, every_cell),
                "service": lambda: service(browser, held, every_cell),
                "customer": lambda: customer(browser, played, every_cell),
            }
            for name, task in tasks.items():
                begun = time.monotonic()
                walk = task()
                wrong += walk.wrong
                print(
                    f"{name:11} {walk.seen:5} cells, {walk.loads:4} loads, axe {walk.asked:4} times, "
                    f"{len(walk.wrong):3} wrong, {time.monotonic() - begun:.0f} s",
                    flush=True,
                )
        office.database.close()
        browser.close()
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
