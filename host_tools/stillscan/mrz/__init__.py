"""Reading the machine readable zone (MRZ) of passports, visas and identity cards (ICAO Doc 9303).

`read_strip` takes what the line scanner gave, `read_image` any picture of a document, `read_looks` several pictures of
one document, `MrzReader` rows as they arrive; `parse` takes text. Nothing here knows of scanners or of rules.
"""

from stillscan.mrz.errors import MrzError
from stillscan.mrz.finding import Finding
from stillscan.mrz.judge import Correction, Reading
from stillscan.mrz.looks import read_looks
from stillscan.mrz.parse import Mrz, parse
from stillscan.mrz.read import read_image, read_strip
from stillscan.mrz.stream import MrzReader, Partial, PartialLine

__all__ = [
    "Correction",
    "Finding",
    "Mrz",
    "MrzError",
    "MrzReader",
    "Partial",
    "PartialLine",
    "Reading",
    "parse",
    "read_image",
    "read_looks",
    "read_strip",
]
