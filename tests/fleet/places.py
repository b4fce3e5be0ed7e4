"""Where the state of a centre may be: tests of what the database decides run on both."""

import pytest

ON_BOTH = pytest.mark.parametrize(
    "place",
    [pytest.param("sqlite"), pytest.param("postgresql", marks=[pytest.mark.process, pytest.mark.slow])],
    indirect=True,
)
"""For a test with the fixture ``store`` (see conftest.py)."""
