"""The pages in every state on one sheet, for a person to look at: ``make pictures`` makes build/pages.png.

A row for each state; in it every size in all colours, with the languages in turn, so that each state is seen in each.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from browsers import MISSING, find_browser
from clerks import CLERK, SUPERVISOR, TECHNICIAN
from letter_office import Office
from matrix import COLOURS, SIZES, Cell
from matrix_states import CUSTOMERS, LETTERS, SIGNING_IN, TECHNICIANS, VISIT, State, anew
from PIL import Image, ImageDraw
from played import Played
from playwright.sync_api import Page, sync_playwright

from stillscan.commands.tour import tour
from stillscan.guidance import languages
from stillscan.guidance.customers import customer_languages

WIDE = {390: 200, 800: 300, 1280: 420, 1920: 540}  # px of a picture, by the page's: what buttons say can be read
MARGIN, NAMED = 8, 30  # px between pictures, and above a row for its name

Row = tuple[str, list[tuple[Cell, Image.Image]]]


def cells(number: int, codes: list[str]) -> list[Cell]:
    """Of the state with this number."""
    both = [(size, colours) for size in SIZES for colours in COLOURS]
    return [Cell(codes[(number + at) % len(codes)], colours, size) for at, (size, colours) in enumerate(both)]


def pictures(page: Page, number: int, codes: list[str], address: str, state: State) -> list[tuple[Cell, Image.Image]]:
    """All of a state; it is loaded once a language."""
    found: dict[Cell, Image.Image] = {}
    wanted = cells(number, codes)
    for language in codes:
        page.goto(f"{address}{state.where}?language={language}")
        if state.act is not None:
            state.act(page)
        for cell in (one for one in wanted if one.language == language):
            page.emulate_media(reduced_motion="reduce", **COLOURS[cell.colours])
            page.set_viewport_size({"width": cell.size[0], "height": cell.size[1]})
            shot = Image.open(io.BytesIO(page.screenshot(type="jpeg", quality=80)))
            wide = WIDE[shot.width]
            found[cell] = shot.resize((wide, round(wide * shot.height / shot.width)), Image.Resampling.LANCZOS)
    return [(cell, found[cell]) for cell in wanted]


def rows(browser: Any, folder: Path) -> Iterator[Row]:
    """Every state of every page but the technician's measurements."""
    with Played(tour=tour()) as played:
        people: list[tuple[str | None, dict[str, State]]] = [
            (None, SIGNING_IN),
            (CLERK, VISIT),
            (TECHNICIAN, TECHNICIANS),
        ]
        for staff, states in people:
            page = browser.new_context().new_page()
            page.goto(played.address) if staff is None else played.show(page, staff)
            for number, (name, state) in enumerate(states.items()):
                anew(played)
                state.reach(played)
                played.counter.changed()
                yield name, pictures(page, number, languages(), played.url, state)
            page.context.close()
        page = browser.new_context().new_page()
        for number, (name, reach) in enumerate(CUSTOMERS.items()):
            page.goto("about:blank")
            anew(played)
            reach(played)
            state = State(lambda played: None, "", where="/customer")
            yield f"customer, {name}", pictures(page, number, customer_languages(), played.url, state)
        page.context.close()
    with Office(folder) as office:
        page = browser.new_context().new_page()
        office.show(page, SUPERVISOR)
        for number, (name, state) in enumerate(LETTERS.items()):
            yield name, pictures(page, number, languages(), office.url, state)
    office.database.close()


def on_one_sheet(all_rows: list[Row]) -> Image.Image:
    """Row below row, each with its name, and with language and colours above each picture."""
    high = [NAMED + max(picture.height for _, picture in row) + 2 * MARGIN for _, row in all_rows]
    wide = len(COLOURS) * sum(WIDE[width] + MARGIN for width, _ in SIZES) + MARGIN
    sheet = Image.new("RGB", (wide, sum(high)), "white")
    pen, top = ImageDraw.Draw(sheet), 0
    for (name, row), height in zip(all_rows, high, strict=True):
        left = MARGIN
        pen.text((left, top + 2), name, fill="black")
        for cell, picture in row:
            about = f"{cell.size[0]} x {cell.size[1]}, {cell.colours}, {cell.language}"
            pen.text(
                (left, top + 5), about if left > MARGIN else f"{name}: {cell.colours}, {cell.language}", fill="black"
            )
            sheet.paste(picture, (left, top + NAMED))
            left += picture.width + MARGIN
        top += height
    return sheet


def main(out: Path, told: Callable[[str], None] = print) -> None:
    """Write the sheet."""
    program = find_browser()
    if program is None:
        sys.exit(f"sheet: {MISSING}")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        found = list(rows(browser, Path(folder)))
        browser.close()
    out.parent.mkdir(exist_ok=True)
    on_one_sheet(found).convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(out, optimize=True)
    told(f"{out}: {len(found)} states, {sum(len(row) for _, row in found)} pictures")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
