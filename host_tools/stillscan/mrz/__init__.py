"""Reading the machine readable zone (MRZ) of passports, visas and identity cards (ICAO Doc 9303).

`read_strip` takes what the line scanner gave, `read_image` any picture of a document, `read_captures` several pictures
of one document, `CaptureReader` the same as they come, `MrzReader` rows as they arrive; `parse` takes text. Nothing
here knows of scanners or of rules.
"""

from stillscan.mrz.captures import CaptureReader, read_captures
from stillscan.mrz.errors import MrzError
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.judge import Correction, Reading
from stillscan.mrz.pages import read_image
from stillscan.mrz.parse import Mrz, parse
from stillscan.mrz.read import read_strip
from stillscan.mrz.stream import MrzReader, Partial, PartialLine

__all__ = [
    "CaptureReader",
    "Correction",
    "Mrz",
    "MrzError",
    "MrzReader",
    "Partial",
    "PartialLine",
    "QualityFinding",
    "Reading",
    "parse",
    "read_captures",
    "read_image",
    "read_strip",
]
