"""On MicroPython: HMAC by published vectors, and the example of PROTOCOL.md through link and proof."""

import json
import sys

from kiosk import kernels, wire
from kiosk.link import Link
from kiosk.proof import Proof, hmac_sha256


class Stream:
    def __init__(self):
        self.sent = b""
        self.data = b""

    def write(self, buffer, n):
        self.sent += bytes(buffer[:n])
        return n

    def readinto(self, buffer):
        n = min(len(buffer), len(self.data))
        buffer[:n] = self.data[:n]
        self.data = self.data[n:]
        return n


def unhex(text):
    return bytes.fromhex(text)


with open(sys.argv[1]) as file:
    example = json.load(file)
vectors = [(b"\x0b" * 20, b"Hi There"), (b"Jefe", b"what do ya want for nothing?")]
stream = Stream()
link = Link(stream, kernels)
link.proof = Proof(kernels, unhex("0123456789abcdef"), unhex(example["key"]))
link.proof.offer(unhex(example["asked"]), unhex(example["answered"]), 0)
link._sequence = 18
for _ in range(3):
    link._begin_epoch()
stream.data = unhex(example["subscribe"])
assert link.receive() == wire.C_SUBSCRIBE
proven = link.proven(link.proof.now)
accepted = link.proven(link.proof.offered)
link.sealing = link.proof.accept(link.proof.offered)
again = link.proven(link.proof.now)
link.send_body(wire.M_STATE, unhex(example["state"]))
print(
    json.dumps(
        {
            "rfc4231": [hmac_sha256(*vector).hex() for vector in vectors],
            "proven": proven,
            "accepted": accepted,
            "again": again,
            "state": stream.sent.hex(),
        }
    )
)
