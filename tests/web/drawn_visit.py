"""The visit drawn from its table, for the documentation: ``python tests/web/drawn_visit.py`` writes both anew."""

from pathlib import Path

from stillscan.counter.steps import ASIDES, STEPS, Aside, Step, StepFacts

DOCS = Path(__file__).parents[2] / "host_tools" / "docs"
PLACES: dict[Step | Aside, tuple[int, int]] = {
    "tracking": (20, 150), "scan": (210, 150), "second": (400, 30), "face": (400, 150), "recording": (590, 150),
    "unknown": (590, 290), "verdict": (780, 150), "another letter": (210, 290), "another document": (400, 290),
}  # fmt: skip
"""Of the left upper corners, in px; the drawing reads from left to right."""
WIDTH, HEIGHT = 150, 64
BEGIN, END = "<!-- of counter/steps.py -->", "<!-- end of counter/steps.py -->"


def table() -> str:
    """The rows of page.md."""
    lines = ["| step | asked | the scanner | the glass | keys | the customer sees |", "|---|---|---|---|---|---|"]
    for name, facts in _all().items():
        keys = ", ".join(f"{key} {does}" for key, does in facts.keys.items()) or "none"
        sees = facts.customer or "what the scanner does"
        lines.append(f"| {name} | {facts.asked} | {facts.voice} | {facts.glass} | {keys} | {sees} |")
    return "\n".join(lines)


def _all() -> dict[Step | Aside, StepFacts]:
    return {**STEPS, **ASIDES}


def drawing() -> str:
    """The steps as boxes, and an arrow for each that may follow; what is asked before a step's question is dashed."""
    arrows = [_arrow(name, after, before) for before, facts in _all().items() for name, after in _named(facts.then)]
    boxes = [
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="10"{_dashed(name)}/>'
        f'<text x="{x + WIDTH / 2}" y="{y + 27}">{name}</text>'
        f'<text class="asked" x="{x + WIDTH / 2}" y="{y + 48}">{_all()[name].asked.partition(":")[0]}</text>'
        for name, (x, y) in PLACES.items()
    ]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 950 390" font-family="sans-serif" font-size="17">\n'
        "<title>The steps of a visit, and which may follow which</title>\n"
        "<style>rect{fill:#eef4fa;stroke:#0b4f8a;stroke-width:2}text{text-anchor:middle;fill:#16202a}"
        ".asked{font-size:11px}path{fill:none;stroke:#5b6873;stroke-width:1.5;marker-end:url(#a)}</style>\n"
        '<rect x="0" y="0" width="950" height="390" style="fill:#fff;stroke:none"/>\n'
        '<marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" style="fill:#5b6873;stroke:none"/></marker>\n'
        + "\n".join(arrows + boxes)
        + "\n</svg>\n"
    )


def _dashed(name: Step | Aside) -> str:
    return ' stroke-dasharray="5 4"' if name in ASIDES else ""


def _named(then: tuple[Step, ...]) -> list[tuple[int, Step]]:
    return list(enumerate(then))


def _arrow(number: int, after: Step, before: Step | Aside) -> str:
    (x0, y0), (x1, y1) = PLACES[before], PLACES[after]
    if x1 > x0:
        begin, end = (x0 + WIDTH, y0 + 20 + 8 * number), (x1, y1 + 16)
    elif x1 < x0:
        begin, end = (x0, y0 + HEIGHT - 12), (x1 + WIDTH, y1 + HEIGHT - 10)
    else:
        down = y1 > y0
        begin = (x0 + 60 + 30 * down, y0 + HEIGHT * down)
        end = (x1 + 60 + 30 * down, y1 + HEIGHT * (not down))
    bend = 0 if abs(x1 - x0) < 250 else (90 if x1 < x0 else -75)
    middle = ((begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2 + bend)
    return f'<path d="M{begin[0]} {begin[1]}Q{middle[0]:g} {middle[1]:g} {end[0]} {end[1]}"{_dashed(before)}/>'


def in_page(text: str) -> str:
    """The manual with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    (DOCS / "visit.svg").write_text(drawing())
    page = DOCS / "page.md"
    page.write_text(in_page(page.read_text()))
