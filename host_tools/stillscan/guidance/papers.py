"""The papers that follow a check whose letter was not handed out: more time, a case for support, a refund.

What they need is handed in; the customer's name and signature are left for the customer to write. The case for support
holds no personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Literal, get_args

from stillscan import __version__
from stillscan.guidance.catalogue import say, sections

Kind = Literal["deadline", "support", "refund"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Occasion:
    """What a paper is about; ``reasons`` are reason codes, ``reference`` that of the audit log."""

    tracking: str
    order: str
    office: str
    when: datetime
    verdict: str
    reasons: Sequence[str]
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


def paper(kind: Kind, language: str, occasion: Occasion) -> Paper:
    """Write a paper in a language of the guidance."""
    template = sections(language)["papers"][kind]
    values = {
        "tracking": _line(occasion.tracking),
        "order": _line(occasion.order) or "-",
        "office": _line(occasion.office) or "-",
        "day": occasion.when.strftime("%Y-%m-%d %H:%M" if kind == "support" else "%Y-%m-%d"),
        "version": __version__,
        "verdict": occasion.verdict,
        "codes": ", ".join(occasion.reasons),
        "reference": _line(occasion.reference),
        "reasons": "\n".join(f"- {say(f'reason.{reason}', language)}" for reason in occasion.reasons),
    }
    body = template["body"].strip().format(**values) + "\n"
    return Paper(template.get("to", ""), template["subject"].format(**values), body)


def _line(text: str) -> str:
    """One line: what was imported must not add lines of its own to a letter or headers to a mail."""
    return " ".join(text.split())
