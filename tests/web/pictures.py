"""The pictures of host_tools/docs/page.md: the clerk's page in every state, made by ``make pictures``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from books import NORWEGIAN, SOMEBODY_ELSE, SWEDISH, TRACKING
from browsers import MISSING, find_browser
from PIL import Image
from played import Played
from playwright.sync_api import Page, sync_playwright

from stillscan.commands.world import SAMPLE
from stillscan.guidance import page_texts

SIZE = {"width": 1000, "height": 820}


def shoot(page: Page, folder: Path, name: str) -> None:
    """A picture with few colours: it is to be small."""
    page.wait_for_timeout(1500)  # the sentence of the moment
    path = folder / f"page-{name}.png"
    page.screenshot(path=path)
    Image.open(path).convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(path, optimize=True)


def main(folder: Path) -> None:
    """Walk through visits, language English, and take a picture of each state."""
    t = page_texts("en")
    program = find_browser()
    if program is None:
        sys.exit(f"pictures: {MISSING}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])

        def visit(name: str, *steps: object) -> None:
            with Played(test_mode=True) as played:
                page = browser.new_page(viewport=SIZE)
                played.show(page)
                for step in steps:
                    if callable(step):
                        step(played)
                    else:
                        page.click(f"text={step}")
                    page.wait_for_timeout(150)
                    if step is enter:
                        page.fill("#tracking", TRACKING)
                        page.press("#tracking", "Enter")
                        page.wait_for_selector("[data-step=scan], [data-step=verdict], [data-step=face]")
                shoot(page, folder, name)
                if name == "face":
                    customer = browser.new_page(viewport={"width": 1000, "height": 420})
                    customer.goto(f"{played.url}/customer?language=en")
                    shoot(customer, folder, "customer")
                    customer.close()
                page.close()

        def enter(played: Played) -> None:
            """The tracking number is typed."""

        def scan(played: Played) -> None:
            played.place()
            played.strip(SAMPLE, 170)

        def read(lines: tuple[str, ...]):
            return lambda played: played.read(lines)

        visit("tracking")
        visit("scan", enter, scan)
        visit("moved", enter, scan, Played.slip)
        visit("not-read", enter, Played.give_up)
        visit("second", enter, read(SWEDISH))
        visit("face", enter, read(NORWEGIAN))
        visit("release", enter, read(NORWEGIAN), t["face_yes"])
        visit("refuse", enter, read(SOMEBODY_ELSE))
        visit("needs-second-document", enter, read(SWEDISH), t["no_second"])
        visit("rescan", enter, t["end"])
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
