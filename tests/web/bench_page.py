"""``make bench-page``: from a scan event to the page that shows it, and the program's own time in a visit.

In a real browser, in ms. A visit's own time is what the clerk waits for the program and for nothing else: from the bar
code's Enter to the question for the passport, from the reading to the question of the face (``make bench-latency`` has
the way from the last row to the reading), and from the key that answers it to "hand it over", which is recorded.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from browsers import MISSING, find_browser
from clerks import SUPERVISOR
from letter_office import LINES, NAME, Office, day
from played import Played
from playwright.sync_api import sync_playwright

from kiosk import wire
from stillscan.records.importing import load
from stillscan.records.tracking import s10_check_digit

_FIRST = 30_000_000  # of the numbers of invented letters: any
_PAUSE_MS = 600  # between visits: within 500 ms the same key is taken for a double press (DOUBLE_MS in page.js)
WATCH = """what => {
  window.seen = []
  const [selector, how] = what
  const at = document.querySelector(selector)
  const said = () => at.dataset.state ?? at.firstElementChild?.dataset.step
  new MutationObserver(() => requestAnimationFrame(() =>
    window.seen.push([said(), performance.timeOrigin + performance.now()])
  )).observe(at, how)
}"""

HANDS = """() => {
  window.hands = { keys: 0, mouse: 0 }
  addEventListener('keydown', () => { window.hands.keys++ }, true)
  addEventListener('pointerdown', () => { window.hands.mouse++ }, true)
}"""


def _until(page: Any, shown: str, after: int) -> float:
    """When the page showed this, of what it has shown since the first ``after`` changes."""
    while True:
        for what, at_ms in page.evaluate("after => window.seen.slice(after)", after):
            if what == shown:
                return float(at_ms)
        time.sleep(0.001)


def _span(page: Any, act: Callable[[], object], shown: str) -> float:
    """Milliseconds from what somebody does to what the page shows then."""
    after = page.evaluate("window.seen.length")
    began = time.time() * 1000
    act()
    return _until(page, shown, after) - began


def _told(what: str, found: list[float]) -> None:
    found.sort()
    ninety_nine = found[min(len(found) - 1, int(0.99 * len(found)))]
    print(f"{what}: median {statistics.median(found):.0f} ms, 99 % {ninety_nine:.0f} ms, most {found[-1]:.0f} ms")


def events(browser: Any, count: int) -> list[float]:
    """From an event of the scanner to the page that shows it."""
    with Played() as played:
        page = browser.new_page()
        played.show(page)
        page.wait_for_selector("#lost", state="hidden")
        page.evaluate(WATCH, ["#scanner", {"attributes": True}])
        states = ((wire.STILL, "still"), (wire.PLACED, "placed"))
        found = []
        for number in range(count):
            state, shown = states[number % 2]
            found.append(_span(page, lambda state=state: played.state(state), shown))
        page.close()
        return found


def visits(browser: Any, count: int, folder: Path) -> list[float]:
    """The program's own time in each of so many domestic visits."""
    serials = [f"{_FIRST + number:08}" for number in range(count)]
    letters = [f"RR{serial}{s10_check_digit(serial)}NO" for serial in serials]
    with Office(folder, test_mode=True) as office:
        rows = "".join(f"{number},A,{NAME},{day(7)},\n" for number in letters)
        table = f"tracking,order,recipient,deadline,office\n{rows}".encode()
        load(table, office.database, office.keyring, "f", test=True)
        office.counter.begin_anew(office.counter.visit.turn)  # with the book of that database
        page = browser.new_page()
        office.show(page, SUPERVISOR)
        page.wait_for_selector("#lost", state="hidden")
        page.evaluate(WATCH, ["#panel", {"childList": True}])
        page.evaluate(HANDS)
        found = []
        for number in letters:
            page.wait_for_timeout(_PAUSE_MS)
            page.keyboard.type(number)
            asked = _span(page, lambda: page.keyboard.press("Enter"), "scan")
            read = _span(page, lambda: office.read(LINES), "face")
            ended = _span(page, lambda: page.keyboard.press("F8"), "verdict")
            found.append(asked + read + ended)
        released = [facts for facts in office.facts() if facts.get("verdict") == "release"]
        assert len(released) == count, f"{len(released)} of {count} letters were handed out"
        hands = page.evaluate("window.hands")
        besides = hands["keys"] / count - len(letters[0]) - 1  # a bar code is its characters and Enter
        print(f"hands in a domestic visit: 1 bar code, 1 passport, {besides:g} keys besides, mouse {hands['mouse']}")
        page.close()
    office.database.close()
    return found


def main() -> None:
    """Print median, 99 % and most of both, and how busy the computer was."""
    parser = argparse.ArgumentParser(prog="make bench-page", description=__doc__)
    parser.add_argument("--events", type=int, default=200, help="changes of the scanner's state (200)")
    parser.add_argument("--visits", type=int, default=50, help="domestic visits (50)")
    args = parser.parse_args()
    program = find_browser()
    if program is None:
        sys.exit(f"bench-page: {MISSING}")
    print(f"load of this computer's {os.cpu_count()} cores at the beginning: {os.getloadavg()[0]:.1f}")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        _told(f"scan event to a page that shows it, {args.events} events", events(browser, args.events))
        _told(f"own time in a domestic visit, {args.visits} visits", visits(browser, args.visits, Path(folder)))
        browser.close()


if __name__ == "__main__":
    main()
