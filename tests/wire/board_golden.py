"""On MicroPython: each golden frame through the board's link, both ways. One JSON object a line."""

import json
import sys
from array import array

from kiosk import link as link_module
from kiosk import strip


class Clock:
    """In place of ``time`` in kiosk.link: the moment of a band is given."""

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


class Settings:
    depth = 8


class Reference:
    """Dark 0 and gain 1."""

    def __init__(self, width_px):
        self.dark = bytes(width_px)
        self.gain = array("H", [256] * width_px)


class Displacement:
    def __init__(self, fields):
        self.dx_um = fields["dx_um"]
        self.dy_um = fields["dy_um"]


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
    link = link_module.Link(stream, Settings)
    Settings.depth = fields["depth_bits"]
    link._sequence = row["sequence"]
    link.sweep = fields["sweep"]
    clock.now_us = fields["t_us"]
    width_px = fields["width_px"]
    reference = Reference(width_px)
    place = Displacement(fields)
    assert link.band(
        fields["band"], fields["row"], samples, reference, place, fields["squal"], fields["lamp"], width_px
    )
    return stream.sent.hex()


def both_ways(row):
    frame = bytes.fromhex(row["frame"])
    stream = Stream()
    link = link_module.Link(stream, Settings)
    link._sequence = row["sequence"]
    assert link.send_body(row["kind"], bytes.fromhex(row["body"]))
    sent = stream.sent
    link = link_module.Link(Stream(frame), Settings)
    link.sweep = 1
    kind = link.receive()
    while not kind and link._pending:  # it takes a chunk at a time
        kind = link.receive()
    stuffed = bytearray(frame[1:-1])
    n = strip.unstuff(stuffed, len(stuffed))
    assert strip.crc32_matches(stuffed, n, strip.CRC_TABLE)
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
link_module.time = clock
with open(sys.argv[1]) as file:
    rows = json.load(file)
for row in rows:
    result = both_ways(row)
    if row["fields"]:
        result["band"] = band(row)
    print(json.dumps(result))
