"""The example of paired ends in PROTOCOL.md: keys and tags as both ends make them."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import struct
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.boards.files import firmware_folder
from stillscan.link.chaskey import tag
from stillscan.link.framing import Frame, encode
from stillscan.link.proof import Proof, session_keys

from .board import run_on_board
from .golden import GOLDEN

KEY = bytes(range(32))
ASKED = next(golden for golden in GOLDEN if golden.name == "host hello of 1.1")
ANSWERED = next(golden for golden in GOLDEN if golden.name == "device hello of 1.1, paired")
SUBSCRIBE = wire.pack(wire.C_SUBSCRIBE, 7)
STATE = wire.pack(wire.M_STATE, wire.EMPTY, 0, 0, 0, 0, 1234)


def written() -> dict[str, bytes]:
    """The lines of the example, by their first words."""
    text = (firmware_folder() / "PROTOCOL.md").read_text()
    lines = re.findall(r"^    (device's key|host's key|subscribe|state) +((?:[0-9a-f]{2} ?)+)", text, re.MULTILINE)
    return {name: bytes.fromhex(value) for name, value in lines}


def made() -> dict[str, bytes]:
    """The same from the words of the document, with the standard library's HMAC."""
    label = b"stillscan session 1" + bytes((len(ASKED.body),))
    both = hmac.new(KEY, label + ASKED.body + ANSWERED.body, hashlib.sha256).digest()
    of_device, of_host = both[:16], both[16:]
    subscribe = SUBSCRIBE + tag(of_host, struct.pack("<IBH", 0, wire.C_SUBSCRIBE, 1) + SUBSCRIBE)
    state = STATE + tag(of_device, struct.pack("<IBH", 3, wire.M_STATE, 18) + STATE)
    return {
        "device's key": of_device,
        "host's key": of_host,
        "subscribe": encode(wire.C_SUBSCRIBE, 1, subscribe),
        "state": encode(wire.M_STATE, 18, state),
    }


def test_the_document_says_what_follows_from_its_words() -> None:
    assert written() == made()


def test_the_host_comes_to_the_same() -> None:
    assert session_keys(KEY, ASKED.body, ANSWERED.body) == (made()["device's key"], made()["host's key"])
    proof = Proof(KEY, ASKED.body, Frame(ANSWERED.kind, ANSWERED.sequence, ANSWERED.body), 3)
    assert encode(wire.C_SUBSCRIBE, 1, proof.seal(wire.C_SUBSCRIBE, 1, SUBSCRIBE)) == made()["subscribe"]
    body = STATE + tag(made()["device's key"], struct.pack("<IBH", 3, wire.M_STATE, 18) + STATE)
    assert proof.open(Frame(wire.M_STATE, 18, body)) == STATE
    assert proof.open(Frame(wire.M_STATE, 18, body)) is None, "once"


@pytest.mark.process
def test_the_board_comes_to_the_same(tmp_path: Path) -> None:
    path = tmp_path / "example.json"
    path.write_text(
        json.dumps(
            {
                "key": KEY.hex(), "asked": ASKED.body.hex(), "answered": ANSWERED.body.hex(),
                "subscribe": made()["subscribe"].hex(), "state": STATE.hex(),
            }
        )
    )  # fmt: skip
    (line,) = run_on_board("board_paired.py", str(path))
    said = json.loads(line)
    assert said["rfc4231"] == [
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ], "HMAC-SHA-256 by the vectors of RFC 4231"
    assert (said["proven"], said["again"], said["accepted"]) == (False, False, True)
    assert bytes.fromhex(said["state"]) == made()["state"]
