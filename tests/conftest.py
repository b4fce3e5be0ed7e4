"""What all tests share: one hypothesis profile, and the fixture of tests that print in OCR-B."""

from pathlib import Path

import pytest
from hypothesis import settings

from stillscan.errors import InputError

# The same examples everywhere and no deadline: two cores are shared, and a test must not depend on how busy they are.
settings.register_profile("stillscan", derandomize=True, deadline=None)
settings.load_profile("stillscan")


@pytest.fixture(scope="session")
def ocr_b() -> Path:
    """File of an OCR-B font. A test that asks for it is skipped, with the reason, where there is none."""
    from stillscan.simulator.printing import find_font

    try:
        return find_font()
    except InputError as missing:
        pytest.skip(str(missing))
