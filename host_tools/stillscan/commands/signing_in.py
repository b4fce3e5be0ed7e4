"""Who carries a command out: --staff, and the PIN from standard input or, unseen, from the terminal."""

from __future__ import annotations

import argparse
import sys

from stillscan.errors import InputError
from stillscan.guidance import page_texts, sentence
from stillscan.records.chain_state import ChainState
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.staff import LONGEST, NotAllowedError, Person, Role, SignInError, StaffList, require
from stillscan.terminal.asking import asked_unseen, at_terminal

_MOST_LINE = 8 * LONGEST  # characters of a line that are looked at: more than any PIN, and no memory full
MADE_BY = "'stillscan staff add ID --role clerk|supervisor|technician'"


def add_staff(parser: argparse._ActionsContainer, who: str = "who serves") -> None:
    """--staff."""
    parser.add_argument(
        "--staff",
        metavar="ID",
        help=f"{who}: the id of {MADE_BY}; the PIN is the first line of standard input, or is asked for on a terminal",
    )


def signed_in(
    args: argparse.Namespace, database: Database, keyring: Keyring, *roles: Role, chain: ChainState | None = None
) -> Person:
    """The person of --staff and the PIN, who has one of these roles (default: any). ``chain``: see StaffList.

    InputError without --staff or PIN, or where nobody can sign in yet; SignInError and NotAllowedError in the language
    of the command, exit code 1.
    """
    staff_list = StaffList(database, keyring, chain)
    named(args)
    if not staff_list.people():
        raise InputError(f"--staff: nobody can sign in here yet; {MADE_BY} adds the first")
    given = given_pin(args)
    t = page_texts(getattr(args, "language", "en"))
    try:
        return require(staff_list.sign_in(named(args), given), *(roles or Role))
    except SignInError as error:
        raise SignInError(error.key, error.seconds, sentence(t, error.key, error.seconds)) from None
    except NotAllowedError as error:
        raise NotAllowedError(t[error.key]) from None


def named(args: argparse.Namespace) -> str:
    """The id that --staff gives. InputError without one."""
    staff: str | None = args.staff
    if not staff or not staff.strip():
        problem = "who is it?" if staff is None else "is empty."
        raise InputError(f"--staff: {problem} Sign in with --staff ID; {MADE_BY} makes one")
    return staff


def given_pin(args: argparse.Namespace) -> str:
    """The PIN of --staff, asked for once a command: it may be judged by the records and by the running kiosk too.

    InputError when there is none.
    """
    if getattr(args, "pin", None) is None:
        args.pin = asked_pin("PIN")
    pin: str = args.pin
    return pin


def new_pin() -> str:
    """A PIN that is to be kept: one line of standard input, or typed twice on a terminal. InputError."""
    first = asked_pin("new PIN")
    if at_terminal() and asked_pin("the same again") != first:
        raise InputError("PIN: the two are not the same; nothing was changed")
    return first


def asked_pin(prompt: str) -> str:
    """One PIN, as it was typed. InputError when there is none."""
    if sys.stdin is None:
        raise InputError("PIN: standard input is closed; the PIN is its first line")
    try:
        line = asked_unseen(f"{prompt}: ", _MOST_LINE)
    except UnicodeDecodeError:
        raise InputError("PIN: is not UTF-8 text") from None
    except EOFError:
        line = ""
    if not line.strip():
        raise InputError("PIN: is empty; it is the first line of standard input")
    return line
