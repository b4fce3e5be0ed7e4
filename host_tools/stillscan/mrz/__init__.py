"""Reading the machine readable zone (MRZ) of passports, visas and identity cards (ICAO Doc 9303).

`read_strip` and `read_image` take pixels, `parse` takes text. Nothing here knows of scanners or of rules.
"""

from stillscan.mrz.errors import MrzError
from stillscan.mrz.parse import Mrz, parse
from stillscan.mrz.picture import read_image
from stillscan.mrz.read import Reading, read_strip

__all__ = ["Mrz", "MrzError", "Reading", "parse", "read_image", "read_strip"]
