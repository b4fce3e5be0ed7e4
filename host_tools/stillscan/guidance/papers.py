"""The papers that follow a check: more time, a case for support, a refund; a receipt when the letter was handed out.

What they need is handed in; the customer's name and signature are left for the customer to write. The case for support
holds no personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.message import EmailMessage
from typing import Literal, get_args

from stillscan import __version__
from stillscan.guidance.catalogue import page_texts, say_key, sections

Kind = Literal["deadline", "support", "refund", "receipt"]
KINDS: tuple[Kind, ...] = get_args(Kind)
UNNAMED_OFFICE = "post office"
"""The office's name where nobody has given one: it stands in the records of trials, and in no letter."""
_LETTER_IS_NOT_HERE = {"already_released", "consignment_withdrawn", "consignment_returned", "wrong_office"}


def kinds_for(verdict: str, reasons: Sequence[str]) -> tuple[Kind, ...]:
    """The papers that help after this end: a receipt of a release; no more time for a letter that is not here."""
    if verdict == "release":
        return ("receipt",)
    return ("support",) if _LETTER_IS_NOT_HERE & set(reasons) else ("deadline", "support", "refund")


@dataclass(frozen=True)
class Occasion:
    """What a paper is about; ``reasons`` are reason codes, ``told`` the keys of what the clerk was told,
    ``reference`` that of the audit log.

    ``office`` "" or `UNNAMED_OFFICE` when no name of it was given: then the letter says "the post office".
    """

    tracking: str
    order: str
    office: str
    when: datetime
    verdict: str
    reasons: Sequence[str]
    told: Sequence[str]
    reference: str


@dataclass(frozen=True)
class Paper:
    """A finished text; ``to`` is an address or "" when the customer has to find it."""

    to: str
    subject: str
    body: str

    def as_mail(self) -> bytes:
        """The text as an e-mail draft (.eml), that mail programs open for sending."""
        mail = EmailMessage()
        mail["Subject"] = self.subject
        if self.to:
            mail["To"] = self.to
        mail["X-Unsent"] = "1"
        mail.set_content(self.body)
        return mail.as_bytes()


def paper(kind: Kind, language: str, occasion: Occasion, zone: tzinfo | None = None) -> Paper:
    """Write a paper in a language of the guidance; days and times are of ``zone``, None: of this computer.

    What goes to people says the reasons in the customer's mouth; the case for support says them as the clerk saw them.
    """
    words, t = sections(language), page_texts(language)
    template, when = words["papers"][kind], occasion.when.astimezone(zone)
    office = _line(occasion.office) if occasion.office != UNNAMED_OFFICE else ""
    office = office or t["unnamed_office"]
    said: list[str] = []  # of a release there is nothing to explain
    if kind == "support":
        said = [say_key(key, language) for key in occasion.told]
    elif kind != "receipt":
        said = [words["why"][reason] for reason in occasion.reasons]
    values = {
        "tracking": _line(occasion.tracking),
        "order": _line(occasion.order) or "-",
        "office": office,
        "day": when.strftime(f"{t['date_form']} %H:%M (UTC%z)" if kind == "support" else t["date_form"]),
        "version": __version__,
        "verdict": occasion.verdict,
        "codes": ", ".join(occasion.reasons),
        "reference": _line(occasion.reference),
        "reasons": "\n".join(f"- {sentence}" for sentence in said),
    }
    body = template["body"].strip().format(**values) + "\n"
    return Paper(template.get("to", ""), template["subject"].format(**values), body)


def _line(text: str) -> str:
    """One line: what was imported must not add lines of its own to a letter or headers to a mail."""
    return " ".join(text.split())
