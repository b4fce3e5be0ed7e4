"""The papers that follow a check: more time, a case for support, a refund; a receipt when the letter was handed out.

What they need is handed in; the customer's name and signature are left for the customer to write. The case for support
holds no personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email import policy
from email.message import EmailMessage
from typing import Literal, get_args

from stillscan import __version__
from stillscan.guidance.catalogue import languages, page_texts, say_key, sections

Kind = Literal["deadline", "support", "refund", "receipt"]
KINDS: tuple[Kind, ...] = get_args(Kind)
UNNAMED_OFFICE = "post office"
"""The office's name where nobody has given one: it stands in the records of trials, and in no letter."""
_LETTER_IS_NOT_HERE = {"already_released", "consignment_withdrawn", "consignment_returned", "wrong_office"}


def is_named(office: str) -> bool:
    """Whether this is one office's name: not nothing, and not what any of them is called in some language."""
    said = _plain(office)
    placeholders = (UNNAMED_OFFICE, *(page_texts(language)["unnamed_office"] for language in languages()))
    return any(map(str.isalpha, said)) and said not in {_plain(one) for one in placeholders}


def _plain(name: str) -> str:
    """Its letters and digits alone, whatever stands between them, without an article before or behind."""
    letters = "".join(filter(str.isalnum, name.casefold()))
    return letters.removeprefix("the").removesuffix("et")


def kinds_for(verdict: str, reasons: Sequence[str]) -> tuple[Kind, ...]:
    """The papers that help after this end: a receipt of a release; no more time for a letter that is not here."""
    if verdict == "release":
        return ("receipt",)
    return ("support",) if _LETTER_IS_NOT_HERE & set(reasons) else ("deadline", "support", "refund")


@dataclass(frozen=True)
class Occasion:
    """What a paper is about; ``reasons`` are reason codes, ``told`` the keys of what the clerk was told,
    ``reference`` that of the audit log.

    ``office`` may be one that `is_named` says nothing of: then the letter says "the post office". ``test``: nothing of
    it counts, and the paper says so.
    """

    tracking: str
    order: str
    office: str
    when: datetime
    verdict: str
    reasons: Sequence[str]
    told: Sequence[str]
    reference: str
    test: bool = False


@dataclass(frozen=True)
class Paper:
    """A finished text; ``to`` is an address or "" when the customer has to find it."""

    to: str
    subject: str
    body: str

    def as_mail(self) -> bytes:
        """The text as an e-mail draft (.eml), that mail programs open for sending."""
        mail = EmailMessage(policy.SMTP)  # lines end as in every mail: some programs open nothing else
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
    office = _line(occasion.office) if is_named(occasion.office) else t["unnamed_office"]
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
        "verdict": f"{t[f'verdict_{occasion.verdict}']} ({occasion.verdict})",
        "codes": ", ".join(occasion.reasons),
        "reference": _line(occasion.reference),
        # only where a scan was the matter
        "scan": f"\n{template['scan'].strip()}\n" if occasion.verdict == "rescan" and "scan" in template else "",
        "reasons": "\n".join(f"- {sentence}" for sentence in said),
    }
    subject, body = template["subject"].format(**values), template["body"].strip().format(**values) + "\n"
    if occasion.test:  # and it goes to nobody
        return Paper("", f"{t['test_mode']}. {subject}", f"{t['test_mode']}.\n\n{body}")
    return Paper(template.get("to", ""), subject, body)


def _line(text: str) -> str:
    """One line: what was imported must not add lines of its own to a letter or headers to a mail."""
    return " ".join(text.split())
