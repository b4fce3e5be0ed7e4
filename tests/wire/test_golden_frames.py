from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from kiosk import wire
from stillscan.link import messages
from stillscan.link.framing import Decoder, Frame, encode

from .board import run_on_board
from .golden import GOLDEN, Golden

each_golden = pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)


def test_every_message_has_a_golden_frame() -> None:
    assert {golden.kind for golden in GOLDEN} >= set(wire.BODIES)
    depths = {golden.fields["depth_bits"] for golden in GOLDEN if golden.kind == wire.M_BAND}
    assert depths == {4, 8}
    assert len({golden.name for golden in GOLDEN}) == len(GOLDEN)


@each_golden
def test_host_encodes_and_decodes(golden: Golden) -> None:
    assert encode(golden.kind, golden.sequence, golden.body) == golden.frame
    decoder = Decoder()
    assert decoder.feed(golden.frame) == [Frame(golden.kind, golden.sequence, golden.body)]
    assert (decoder.bad_crc, decoder.bad_frame, decoder.oversized) == (0, 0, 0)


@each_golden
def test_host_understands(golden: Golden) -> None:
    message = messages.parse(golden.kind, golden.body)
    if golden.kind < wire.M_HELLO:
        assert message is None, "not a message of a device"
        if golden.kind in wire.BODIES:
            values = wire.unpack(golden.kind, golden.body)
            assert values[: len(golden.fields)] == tuple(golden.fields.values())
            rest = b"".join(value for value in values[len(golden.fields) :] if isinstance(value, bytes))
            assert rest.rstrip(b"\0") == golden.data.rstrip(b"\0") or not rest, "what it does not say is zero"
    elif isinstance(message, messages.Band):
        assert message.header._asdict() == golden.fields
        packed = np.frombuffer(golden.data, np.uint8)
        if golden.fields["depth_bits"] == 4:
            packed = np.stack((packed >> 4, packed & 15), axis=1).ravel() * np.uint8(17)
        assert message.pixels.tolist() == packed.reshape(message.pixels.shape).tolist()
    elif isinstance(message, messages.Log):
        assert message.entries == golden.data
    elif isinstance(message, messages.Counters):
        assert struct.pack(f"<{len(message.values)}I", *message.values) == golden.data
    elif isinstance(message, messages.History):
        assert (message.offset, message.total, len(message.data)) == tuple(golden.fields.values())
        assert message.data == golden.data
    elif isinstance(message, messages.Calibration):
        assert tuple(message)[:-1] == tuple(golden.fields.values())
        assert b"".join(struct.pack("<HH", *speck) for speck in message.specks) == golden.data
    elif isinstance(message, messages.Line):
        assert message.header._asdict() == golden.fields
        assert message.samples.tobytes() == golden.data
    else:
        assert message is not None
        fields = {name: _unpadded(value) for name, value in message._asdict().items() if name in golden.fields}
        assert fields == {name: _unpadded(value) for name, value in golden.fields.items()}


def _unpadded(value: object) -> object:
    return value.rstrip(b"\0") if isinstance(value, bytes) else value


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What the board's link and kernels make of every golden frame, by name."""
    path: Path = tmp_path_factory.mktemp("golden") / "frames.json"
    rows = [
        {
            "name": golden.name, "kind": golden.kind, "sequence": golden.sequence, "body": golden.body.hex(),
            "fields": golden.fields if golden.kind == wire.M_BAND else {}, "data": golden.data.hex(),
            "frame": golden.frame.hex(),
        }
        for golden in GOLDEN
    ]  # fmt: skip
    path.write_text(json.dumps(rows))
    return {row["name"]: row for row in map(json.loads, run_on_board("board_golden.py", str(path)))}


@pytest.mark.process
@each_golden
def test_board_sends_the_same_bytes(golden: Golden, board: dict[str, dict[str, object]]) -> None:
    assert board[golden.name]["sent"] == golden.frame.hex()


@pytest.mark.process
@each_golden
def test_board_receives(golden: Golden, board: dict[str, dict[str, object]]) -> None:
    """Commands by the link; what is longer than any command at least by the kernels under it."""
    result = board[golden.name]
    assert (
        result["plain"]
        == (golden.kind.to_bytes(1, "little") + golden.sequence.to_bytes(2, "little") + golden.body).hex()
    )
    if len(golden.body) + wire.OVERHEAD <= wire.MAX_COMMAND:
        assert result["counters"] == [1, 0, 0, 0, int(golden.kind == 0)]
        if golden.kind not in (0, wire.C_CREDIT):
            assert (result["kind"], result["received"]) == (golden.kind, golden.body.hex())
    else:
        assert result["counters"] == [0, 0, 0, 1, 0]


@pytest.mark.process
@pytest.mark.parametrize("golden", [g for g in GOLDEN if g.kind == wire.M_BAND], ids=lambda golden: golden.name)
def test_board_packs_bands(golden: Golden, board: dict[str, dict[str, object]]) -> None:
    """From raw samples, filled into the frame, with a flat-field that changes nothing."""
    assert board[golden.name]["band"] == golden.frame.hex()


@pytest.mark.process
def test_credit_is_settled_by_the_link(board: dict[str, dict[str, object]]) -> None:
    assert board["credit"]["granted"] == 96
    assert board["credit with high numbers"]["granted"] == 0, "of another sweep"
