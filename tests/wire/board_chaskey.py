"""On MicroPython: the tag of each message, whether it is found right, and whether it is with any one bit flipped."""

import json
import sys

from kiosk import kernels, proof

with open(sys.argv[1]) as file:
    cases = json.load(file)
given = bytearray(8)


def matches(words, data, n):
    """As kiosk.proof does it."""
    proof._set_aside(data, n, given, data[0] | data[1] << 8 | data[2] << 16 | data[3] << 24)
    kernels.seal(words, data, n)
    return not proof._differs(data, n, given)


for number, (key, message) in enumerate(cases):
    words = proof.words(bytes.fromhex(key))
    message = bytes.fromhex(message)
    n = len(message)
    data = bytearray(message + bytes(16))
    kernels.seal(words, data, n)
    assert data[:n] == message
    sealed = bytes(data)
    found = matches(words, data, n)
    flipped = False
    for bit in range(number % 7, 8 * (n + 8), 7):
        data[bit >> 3] ^= 1 << (bit & 7)
        flipped = flipped or matches(words, data, n)
        data[:] = sealed
    print(json.dumps({"tag": bytes(data[n : n + 8]).hex(), "matches": found, "flipped": flipped}))
