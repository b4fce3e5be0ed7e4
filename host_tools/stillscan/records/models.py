"""The tables. Everything that matters stands in the signed body of an audit entry; the rest points to it."""

from __future__ import annotations

from typing import cast

from sqlalchemy import ForeignKey, String, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All tables of the schema."""


class SchemaVersionRow(Base):
    """One row: which version of the tables this database has."""

    __tablename__ = "schema_version"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class AuditHeadRow(Base):
    """One row: where the audit chain ends, signed. Whoever appends locks it, so that appending is one at a time."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entries: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    kiosk: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(128))


class AuditEntryRow(Base):
    """One entry of the chain: a signed body, and apart from it the personal part, which time erases."""

    __tablename__ = "audit_entry"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(Text)  # canonical JSON
    digest: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256 of the body
    signature: Mapped[str] = mapped_column(String(128))  # of the kiosk that the body names, over the digest
    time: Mapped[str] = mapped_column(String(27), index=True)  # as in the body: what is old is found by it
    salt: Mapped[str | None] = mapped_column(String(64))
    personal: Mapped[str | None] = mapped_column(Text)  # canonical JSON; the body holds its salted digest


class ConsignmentRow(Base):
    """A letter: its contents stand in the entry that imported it."""

    __tablename__ = "consignment"
    tracking: Mapped[str] = mapped_column(String(64), primary_key=True)
    entry: Mapped[int] = mapped_column(ForeignKey("audit_entry.seq"), unique=True)
    released: Mapped[bool] = mapped_column(default=False)


class ReleaseRow(Base):
    """The signed record of one hand-over: a letter has one at most, and no letter is released without."""

    __tablename__ = "release"
    tracking: Mapped[str] = mapped_column(ForeignKey("consignment.tracking"), primary_key=True)
    entry: Mapped[int] = mapped_column(ForeignKey("audit_entry.seq"), unique=True)
    record: Mapped[str] = mapped_column(Text)  # canonical JSON
    signature: Mapped[str] = mapped_column(String(128))


class OutboxRow(Base):
    """What a kiosk has to tell its centre, until that says that it is there (see `outbox`)."""

    __tablename__ = "outbox"
    kiosk: Mapped[str] = mapped_column(String(64), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(Text)  # canonical JSON
    signature: Mapped[str] = mapped_column(String(128))  # of the kiosk, over the body


class OutboxEndRow(Base):
    """One row a kiosk: the number that it gave last."""

    __tablename__ = "outbox_end"
    kiosk: Mapped[str] = mapped_column(String(64), primary_key=True)
    last: Mapped[int]


# The tables themselves: what records does with rows is plain SQL, a third of the time that units of work take.
HEAD = cast(Table, AuditHeadRow.__table__)
ENTRY = cast(Table, AuditEntryRow.__table__)
CONSIGNMENT = cast(Table, ConsignmentRow.__table__)
RELEASE = cast(Table, ReleaseRow.__table__)
OUTBOX = cast(Table, OutboxRow.__table__)
OUTBOX_END = cast(Table, OutboxEndRow.__table__)
