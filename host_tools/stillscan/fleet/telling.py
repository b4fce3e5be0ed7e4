"""Telling an alert to people and programs: a signed webhook as the kiosk's own, and mail over SMTP."""

from __future__ import annotations

import json
import smtplib
import ssl
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from stillscan.errors import InputError
from stillscan.fleet.watching import Item, Tell
from stillscan.guidance.catalogue import sections
from stillscan.web.webhook import Told, signed

_WAIT_S = 20.0  # for a mail server, which may look at a message before it takes it
_PORTS = {"smtp": 587, "smtps": 465}  # submission, RFC 6409 and RFC 8314


class MailServer(NamedTuple):
    """Where mail is handed in: ``smtps://`` encrypted from the start, ``smtp://`` with STARTTLS."""

    scheme: str
    host: str
    port: int
    user: str
    password: str

    @classmethod
    def parse(cls, url: str) -> MailServer:
        """Of an address like smtps://name:password@mail.example.org. InputError, which never holds the password."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
            raise InputError("the mail server: an address like smtps://name:password@mail.example.org:465")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], user, password)


def by_webhook(
    secret: bytes, post: Callable[[bytes, dict[str, str]], None], now: Callable[[], float] = time.time
) -> Tell:
    """Tells a program: ``post`` as `web.webhook.poster` makes it."""

    def tell(item: Item) -> None:
        data = {"kiosk": item.kiosk, "office": item.office, "alert": item.kind, "over": item.over, "why": item.why}
        body = {"type": "kiosk.alert", "timestamp": int(item.at.timestamp()), "data": data}
        message = Told(item.name, json.dumps(body).encode())
        post(message.body, signed(message, secret, int(now())))

    return tell


def by_mail(sender: str, receivers: list[str], hand_in: Callable[[EmailMessage], None], language: str) -> Tell:
    """Tells people: ``hand_in`` as `mailer` makes it. InputError for what is no address."""
    for address in (sender, *receivers):
        name, at, domain = address.rpartition("@")
        if not (name and at and domain) or not address.isascii() or any(one <= " " for one in address):
            raise InputError("mail: an address like kiosk@example.org")

    def tell(item: Item) -> None:
        hand_in(_mail(item, sender, receivers, language))

    return tell


def sentence(kind: str, why: dict[str, object], language: str) -> str:
    """What is wrong, in one sentence."""
    texts = sections(language)["fleet"]
    try:
        return str(texts[f"alert_{kind}"]).format(**why)
    except KeyError:  # of a newer centre that shares the state
        return kind


def _mail(item: Item, sender: str, receivers: list[str], language: str) -> EmailMessage:
    texts = sections(language)["fleet"]
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, ", ".join(receivers)
    mail["Date"] = format_datetime(item.at)
    mail["Message-ID"] = f"<{item.name}@{sender.rpartition('@')[2]}>"
    about = texts["mail_over" if item.over else "mail_begins"]
    mail["Subject"] = about.format(kiosk=item.kiosk, kind=texts[f"kind_{item.kind}"])
    where = [f"{texts['kiosk']}: {item.kiosk}", f"{texts['office']}: {item.office}", f"{item.at:%Y-%m-%d %H:%M} UTC"]
    mail.set_content("\n".join([sentence(item.kind, item.why, language), "", *where, ""]))
    return mail


def mailer(server: MailServer) -> Callable[[EmailMessage], None]:
    """Hands mail in, always encrypted. OSError when it is not taken (SMTPException is one)."""

    def hand_in(mail: EmailMessage) -> None:
        context = ssl.create_default_context()
        if server.scheme == "smtps":
            connected: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_WAIT_S, context=context)
        else:
            connected = smtplib.SMTP(server.host, server.port, timeout=_WAIT_S)
        with connected:
            if server.scheme == "smtp":
                connected.starttls(context=context)
            if server.user:
                connected.login(server.user, server.password)
            connected.send_message(mail)

    return hand_in
