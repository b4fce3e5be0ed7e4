"""What a release consists of: wheel and source archive, list of parts, trials in fresh environments, Debian package.

Not part of the wheel. ``make release``, ``make sbom``, ``make deb``.
"""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout."""
