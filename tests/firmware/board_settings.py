"""On MicroPython: settings from every damaged file of a folder's list. Prints what went wrong, and how many."""

import json
import sys

from kiosk.settings import TABLE, Settings

with open(sys.argv[1]) as file:
    contents = json.load(file)
path = sys.argv[2]
for number, content in enumerate(contents):
    with open(path, "wb") as file:
        file.write(bytes.fromhex(content))
    try:
        settings = Settings(path)
        for name, _, _, low, high in TABLE:
            value = getattr(settings, name)
            assert type(value) is int, name
            assert low <= value <= high, name
            assert name != "depth" or value in (4, 8)
        settings.set(0, 300)
        assert Settings(path).dwell == 300
    except Exception as error:
        print(number, type(error).__name__, error)
print(len(contents))
