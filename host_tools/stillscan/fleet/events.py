"""What a kiosk tells its centre: one event of schema 1, bounded in everything, and its one spelling.

The body is canonical JSON and is signed with the kiosk's key. Nothing personal has a place in it: every text is a code
of a fixed alphabet, a name of a kiosk, an office or a version, and no time is finer than an hour.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from stillscan.records.canonical import EXACT, canonical

SCHEMA = 1
PURPOSE = "fleet event 1"
"""Purpose of an event's signature: part of the format, never reused for anything else."""
MOST_BYTES = 64 * 1024  # of a body: sixty times the largest check that was seen in the simulator
SUBJECTS = "stillscan.events"
RECEIPTS = "stillscan.receipts"
CENTRES = "stillscan.centres"
"""Where a centre asks whether another one of its name is at work."""
STREAM = "STILLSCAN"
MOST_OFFICE = 64
"""Characters of an office's name."""
_HEADER = 200  # bytes before the body, at most: hour and signature take 143
_HEAD = re.compile(rb"(20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]) ([0-9a-f]{128})")
Kind = Literal["check", "health", "dirt", "calibration", "service", "versions", "head"]

_Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
_Version = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+_-]{0,39}$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Hour = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]$")]
_Office = Annotated[str, StringConstraints(min_length=1, max_length=MOST_OFFICE, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Count = Annotated[int, Field(ge=0, lt=EXACT)]
_Few = Annotated[int, Field(ge=0, le=10_000)]
_Place = Annotated[int, Field(ge=1, le=90)]  # a TD1 has 3 lines, and no MRZ has longer ones than 44

_Where = Annotated[list[_Place], Field(min_length=2, max_length=2)]  # line and position, from 1


class _Model(BaseModel):
    """Strict: a number is no text. Fields that a newer kiosk appended are let be."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Series(_Model):
    """Which passports: whoever issued them, their kind, and the year in which they expire."""

    issuer: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}$")]
    kind: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,2}$")]
    expiry_year: Annotated[int, Field(ge=1990, le=2099)]


class HeadData(_Model):
    """Where the kiosk's audit chain ended."""

    seq: _Count
    digest: _Digest


class CheckData(_Model):
    """One check that ended. ``read``: whether a document was read with certainty; milliseconds by what they were of."""

    verdict: _Code
    read: bool
    reasons: Annotated[list[_Code], Field(max_length=40)] = []
    series: Series | None = None
    attempts: _Few = 0
    aborts: Annotated[dict[_Code, _Few], Field(max_length=40)] = {}
    ms: Annotated[dict[_Code, _Count], Field(max_length=20)] = {}
    quality: Annotated[list[_Code], Field(max_length=40)] = []
    failed_at: Annotated[list[_Where], Field(max_length=132)] = []  # all of three lines of 44
    firmware: _Version | None = None
    host: _Version | None = None
    board: _Name | None = None
    test: bool = False
    end: HeadData | None = None  # of the kiosk's chain: the entry of this check


class CountsData(_Model):
    """Everything else: numbers by their codes, codes by their codes, and which versions are there."""

    counts: Annotated[dict[_Code, _Count], Field(max_length=100)] = {}
    codes: Annotated[dict[_Code, _Code], Field(max_length=100)] = {}
    versions: Annotated[dict[_Code, _Version], Field(max_length=20)] = {}


class Envelope(_Model):
    """What every event of every schema has, older and newer."""

    v: Annotated[int, Field(ge=1, le=1000)]
    kiosk: _Name
    n: Annotated[int, Field(ge=1, lt=EXACT)]
    kind: _Code
    hour: _Hour
    office: _Office
    data: dict[str, Any]


class Event(NamedTuple):
    """An event that was understood; ``data`` is None for one of a newer schema, which is kept as it came."""

    kiosk: str
    n: int
    kind: str
    hour: str
    office: str
    data: CheckData | HeadData | CountsData | None


class EventError(Exception):
    """Bytes that are no event; the text says why in one code, never what they hold."""


_COUNTED: tuple[Kind, ...] = ("health", "dirt", "calibration", "service", "versions")
_DATA: dict[int, dict[str, type[CheckData | HeadData | CountsData]]] = {
    SCHEMA: {"check": CheckData, "head": HeadData, **dict.fromkeys(_COUNTED, CountsData)}
}
"""By schema, every one that was ever sent: a kiosk that was off for a year sends what its program of then wrote."""


def hour_of(moment: datetime) -> str:
    """The hour in UTC, the finest time that leaves a kiosk: 2026-11-29T18."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H")


def body_of(kiosk: str, n: int, kind: Kind, hour: str, office: str, data: BaseModel) -> bytes:
    """The body of an event as it is signed and sent. EventError for one that a centre would refuse."""
    told = {"v": SCHEMA, "kiosk": kiosk, "n": n, "kind": kind, "hour": hour, "office": office}
    body = canonical({**told, "data": data.model_dump(mode="json", exclude_none=True)})
    parse(body)
    return body


def parse(body: bytes) -> Event:
    """Read a body. EventError: too_large, not_json, malformed."""
    if len(body) > MOST_BYTES:
        raise EventError("too_large")
    try:
        envelope = Envelope.model_validate_json(body)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)[0]["type"]
        raise EventError("not_json" if wrong == "json_invalid" else "malformed") from None
    kind, data = envelope.kind, None
    if (kinds := _DATA.get(envelope.v)) is not None:
        if kind not in kinds:
            raise EventError("malformed")
        try:
            data = kinds[kind].model_validate(envelope.data)
        except ValidationError:
            raise EventError("malformed") from None
    return Event(envelope.kiosk, envelope.n, kind, envelope.hour, envelope.office, data)


def subject_of(kiosk: str, room: str = SUBJECTS) -> str:
    """The subject that only this kiosk may write to. A dot of its name would part the subject: it becomes a colon."""
    return f"{room}.{kiosk.replace('.', ':')}"


def message_id(kiosk: str, n: int) -> str:
    """By which the server knows a repeat within its window."""
    return f"{kiosk}.{n}"


def payload_of(body: bytes, signature: str, hour: str) -> bytes:
    """What is sent: the hour at which it is, the signature, and on the next line the body that is signed."""
    return f"{hour} {signature}\n".encode() + body


def parse_payload(payload: bytes) -> tuple[bytes, str, str]:
    """(body, signature, hour). EventError."""
    if len(payload) > MOST_BYTES + _HEADER:
        raise EventError("too_large")
    head, end, _ = payload[:_HEADER].partition(b"\n")
    match = _HEAD.fullmatch(head)
    if not end or match is None:
        raise EventError("malformed")
    return payload[len(head) + 1 :], match[2].decode(), match[1].decode()


def json_of(data: BaseModel) -> str:
    """Data as they are kept in a column."""
    return json.dumps(data.model_dump(mode="json", exclude_none=True), separators=(",", ":"))
