"""``make bench-typing``: is a character lost while everything happens at the counter? Real page, real browser."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from browsers import MISSING, find_browser
from played import Played
from playwright.sync_api import sync_playwright
from typing_hands import Disturbed

_WAIT_MS = 300_000  # a busy computer is slow, and loses nothing


def main() -> int:
    """Command line; 1 when something was lost."""
    parser = argparse.ArgumentParser(prog="make bench-typing", description=__doc__)
    parser.add_argument("--visits", type=int, default=200, help="foreign visits, two numbers each (200)")
    parser.add_argument("--seed", type=int, default=1, help="of what happens (1)")
    args = parser.parse_args()
    program = find_browser()
    if program is None:
        sys.exit(f"bench-typing: {MISSING}")
    wrong: list[str] = []
    with sync_playwright() as playwright, Played() as played:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
        page.set_default_timeout(_WAIT_MS)
        played.show(page)
        hands = Disturbed(page, browser, played, args.seed)
        for number in range(args.visits):
            wrong += [f"visit {number}: {what}" for what in hands.visit()]
            print(f"\r{number + 1} visits, {len(wrong)} fields wrong", end="", file=sys.stderr, flush=True)
        browser.close()
    print(file=sys.stderr)
    print("\n".join([*wrong, f"{len(wrong)} of {3 * args.visits} fields are not as typed"]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
