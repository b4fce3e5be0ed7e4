"""On MicroPython: each golden frame through the board's link, both ways. One JSON object a line."""

import json
import sys
from array import array

from kiosk import band as band_module
from kiosk import framing, kernels, wire
from kiosk.band import BandBody
from kiosk.flat_field import FlatField
from kiosk.link import Link


class Clock:
    """In place of ``time`` in kiosk.band: the moment of a band is given."""

    now_us = 0

    def ticks_us(self):
        return self.now_us


class Stream:
    def __init__(self, data=b""):
        self.sent = b""
        self._data = data

    def write(self, buffer, n):
        self.sent += bytes(buffer[:n])
        return n

    def readinto(self, buffer):
        n = min(len(buffer), len(self._data))
        buffer[:n] = self._data[:n]
        self._data = self._data[n:]
        return n


class Fixed:
    """What a band says of the world around it, in place of settings, lamp, displacement and flow sensor."""

    def __init__(self, fields):
        self.depth = fields["depth_bits"]
        self.kind = fields["lamp"]
        self.dx_um = fields["dx_um"]
        self.dy_um = fields["dy_um"]
        self.squal = fields["squal"]


def unchanging(width_px):
    """A flat-field of dark 0 and gain 1."""
    flat_field = FlatField(kernels)
    flat_field.width_px = width_px
    flat_field.dark = bytes(width_px)
    flat_field.gain = array("H", [256] * width_px)
    return flat_field


def band(row):
    fields = row["fields"]
    packed = bytes.fromhex(row["data"])
    if fields["depth_bits"] == 4:
        samples = bytearray()
        for pair in packed:
            # From the edges of what rounds to the level.
            samples.append(max(0, (pair & 0xF0) - 8))
            samples.append(min(255, ((pair & 15) << 4) + 7))
    else:
        samples = packed
    stream = Stream()
    link = Link(stream, kernels)
    link._sequence = row["sequence"]
    clock.now_us = fields["t_us"]
    fixed = Fixed(fields)
    body = BandBody(unchanging(fields["width_px"]), fixed, fixed, fixed, fixed)
    body.samples = samples
    body.sweep = fields["sweep"]
    body.band = fields["band"]
    body.row = fields["row"]
    assert link.send_filled(wire.M_BAND, body.fill)
    return stream.sent.hex()


def both_ways(row):
    frame = bytes.fromhex(row["frame"])
    stream = Stream()
    link = Link(stream, kernels)
    link._sequence = row["sequence"]
    assert link.send_body(row["kind"], bytes.fromhex(row["body"]))
    sent = stream.sent
    link = Link(Stream(frame), kernels)
    link.sweep = 1
    kind = link.receive()
    while not kind and link._pending:  # it takes a chunk at a time
        kind = link.receive()
    stuffed = bytearray(frame[1:-1])
    n = framing.unstuff(stuffed, len(stuffed))
    assert framing.crc32_matches(stuffed, n, framing.CRC_TABLE)
    return {
        "name": row["name"],
        "sent": sent.hex(),
        "plain": bytes(stuffed[: n - 4]).hex(),
        "kind": kind,
        "received": link.body().hex() if kind else "",
        "counters": [link.frames_in, link.bad_crc, link.bad_frame, link.oversized, link.unknown],
        "granted": link.granted,
    }


clock = Clock()
band_module.time = clock
with open(sys.argv[1]) as file:
    rows = json.load(file)
for row in rows:
    result = both_ways(row)
    if row["fields"]:
        result["band"] = band(row)
    print(json.dumps(result))
