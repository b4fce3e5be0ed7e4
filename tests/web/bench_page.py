"""``make bench-page``: from a scan event in the program to the page that shows it, in ms, in a real browser."""

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from browsers import MISSING, find_browser
from played import Played
from playwright.sync_api import sync_playwright

from kiosk import wire

WATCH = """() => {
  window.seen = []
  const scanner = document.getElementById('scanner')
  new MutationObserver(() => requestAnimationFrame(() =>
    window.seen.push([scanner.dataset.state, performance.timeOrigin + performance.now()])
  )).observe(scanner, { attributes: true })
}"""


def main() -> None:
    """Print median, 95th percentile and most."""
    parser = argparse.ArgumentParser(prog="make bench-page", description=__doc__)
    parser.add_argument("--events", type=int, default=200, help="changes of the scanner's state (200)")
    args = parser.parse_args()
    program = find_browser()
    if program is None:
        sys.exit(f"bench-page: {MISSING}")
    with Played() as played, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        played.show(page)
        page.wait_for_selector("#lost", state="hidden")
        page.evaluate(WATCH)
        late = []
        for number in range(args.events):
            began = time.time() * 1000
            played.state(wire.PLACED if number % 2 else wire.STILL)
            while len(seen := page.evaluate("window.seen")) <= number:
                time.sleep(0.001)
            late.append(seen[number][1] - began)
        browser.close()
    late.sort()
    print(
        f"scan event to a page that shows it, {args.events} events: median {statistics.median(late):.0f} ms, "
        f"95th percentile {late[int(0.95 * len(late)) - 1]:.0f} ms, most {late[-1]:.0f} ms"
    )


if __name__ == "__main__":
    main()
