"""On MicroPython: the tag of each message, whether it is found right, and whether it is with any one bit flipped."""

import json
import sys

from kiosk import kernels, tag

with open(sys.argv[1]) as file:
    cases = json.load(file)
matcher = tag.Matcher(kernels)
for number, (key, message) in enumerate(cases):
    words = tag.words(bytes.fromhex(key))
    message = bytes.fromhex(message)
    n = len(message)
    data = bytearray(message + bytes(16))
    kernels.seal(words, data, n)
    assert data[:n] == message
    sealed = bytes(data)
    matches = matcher.matches(words, data, n)
    flipped = False
    for bit in range(number % 7, 8 * (n + 8), 7):
        data[bit >> 3] ^= 1 << (bit & 7)
        flipped = flipped or matcher.matches(words, data, n)
        data[:] = sealed
    print(json.dumps({"tag": bytes(data[n : n + 8]).hex(), "matches": matches, "flipped": flipped}))
