"""What a scanner's HELLO may say for a session to begin."""

from __future__ import annotations

import hashlib

from kiosk import wire
from stillscan import __version__
from stillscan.errors import DeviceError
from stillscan.link.geometry import insane
from stillscan.link.identity import NotPairedError, ScannerIdentity
from stillscan.link.messages import Hello

_SESSION_DIGITS = 32  # hexadecimal: 128 bits


def see_that_it_can_be_used(hello: Hello, port: str) -> None:
    """DeviceError: it speaks another protocol, or claims what cannot be."""
    if hello.major != wire.MAJOR:
        raise DeviceError(
            f"{port}: the scanner's firmware {hello.firmware} speaks protocol "
            f"{hello.major}.{hello.minor}, stillscan {__version__} speaks {wire.MAJOR}: update the "
            + ("computer" if hello.major > wire.MAJOR else "scanner"),
            "protocol",
        )
    if (claim := insane(hello)) is not None:
        raise DeviceError(f"{port}: the scanner claims what cannot be: {claim}", "stranger")


def nobody_there(port: str, noisy: bool, at_prompt: bool = False) -> DeviceError:
    """Nobody has answered to HELLO; ``noisy``: something else was heard; ``at_prompt``: that of MicroPython."""
    if at_prompt:
        return DeviceError(
            f"{port}: MicroPython's prompt answers there, stillscan's firmware does not run: stillscan flash puts it "
            "there, or puts it right",
            "firmware",
        )
    return DeviceError(f"{port}: no stillscan scanner answers there{', something else talks' * noisy}", "stranger")


def unproven(hello: Hello, port: str) -> NotPairedError:
    """It says who it is, and cannot prove it."""
    return NotPairedError(
        f"{port}: the scanner does not prove that it is {hello.scanner_id}, as it says: another device imitates it, or "
        "its pairing was damaged; 'stillscan pair' with its service button held gives it a new one",
        "unproven",
    )


def identity(hello: Hello, asked: bytes, *, proven: bool, build: str) -> ScannerIdentity:
    """Who the scanner of a session is; ``asked`` is the body of the host's HELLO."""
    return ScannerIdentity(
        hello.scanner_id if proven else None,
        hello.board_name,
        hello.firmware + f"+{build}" * bool(build),
        hello.boot_id,
        hashlib.sha256(asked + hello.nonce).hexdigest()[:_SESSION_DIGITS],
    )
