"""A report as one HTML page that needs nothing else: plots and pictures are in it."""

from __future__ import annotations

from html import escape

from stillscan.guidance.technicians import ENGLISH, Words
from stillscan.technician.procedures.pictures import LABELS, picture
from stillscan.technician.procedures.plot import svg
from stillscan.technician.procedures.report import OUTCOMES, Report, Row

_STYLE = """
body { font: 16px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1f2937 }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem;
border-bottom: 1px solid #cbd5e1 } th { font-weight: 600 } .outcome { font-size: 1.2rem; font-weight: 600 }
.failed { background: #fee2e2 } .skipped { background: #fef3c7 } small { color: #475569; display: block }
svg { max-width: 100%; height: auto } @media print { body { margin: 0 } details { display: none } }
"""


def html(report: Report, board: str, say: Words = ENGLISH) -> bytes:
    """The whole page, UTF-8; ``board`` for the picture of its wiring, ``say`` as for the report."""
    facts = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in report.facts)
    to_do = "".join(f"<li>{escape(text)}</li>" for text in report.to_do)
    pictures = dict.fromkeys(row.picture for section in report.sections for row in section.rows if row.picture)
    heads = "".join(f"<th>{escape(head)}</th>" for head in ("#", say("step"), say("outcome"), say("values")))
    parts = [
        f"<h1>{escape(report.title)}</h1>",
        f'<p class="outcome {escape(report.outcome)}">{escape(say(OUTCOMES[report.outcome]))}</p>',
        f"<table>{facts}</table>",
        f"<h2>{say('What is to be done')}</h2><ul>{to_do}</ul>" if to_do else "",
        *(f"<figure>{svg(plot)}</figure>" for plot in report.plots),
        *(
            f"<h2>{escape(section.title)}</h2><table><tr>{heads}</tr>"
            f"{''.join(_row(row, say) for row in section.rows)}</table>"
            for section in report.sections
        ),
        f"<h2>{say('What to look at')}</h2>" if pictures else "",
        *(
            f"<details><summary>{escape(say(LABELS.get(name, name)))}</summary>"
            f"<figure>{picture(name, board, say)}</figure></details>"
            for name in pictures
        ),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        f'<!DOCTYPE html>\n<html lang="{say.language}"><head><meta charset="utf-8">'
        f"<title>{escape(report.title)}</title>"
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n<body>{body}</body>'
        "</html>\n"
    ).encode()


def _row(row: Row, say: Words) -> str:
    values = "".join(f"<div>{escape(value)}</div>" for value in row.values)
    remarks = "".join(f"<small>{escape(text)}</small>" for text in row.remarks)
    return (
        f'<tr class="{escape(row.outcome)}"><td>{escape(row.number)}</td><td>{escape(row.what)}{remarks}</td>'
        f"<td>{escape(say(row.outcome))}</td><td>{values}</td></tr>"
    )
