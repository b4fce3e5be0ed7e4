"""What people and bar code scanners put around a number is taken off, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.verify.typed import number_of


@pytest.mark.parametrize(
    "typed",
    [
        "17859199917",
        "178591 99917",
        "178591-99917",
        "178591\u00a099917",
        "]C017859199917\r\n",
        " 178591\u201399917\x1d",
        "]Q317859199917",
        "\u202a178591\u200399917\u202c",
        "178591\u201499917",
        "178591\u221299917\u200b",
        "\x0217859199917\x03",
        "\x01\x1e17859199917\x1f\x04",
        "\uff11\uff17\uff18\uff15\uff19199917",
        "178591+99917",
        "*17859199917*",
        "\u00a8C017859199917",
        "]d117859199917\t",
        "178591\u202f99917",
    ],
)
def test_an_identity_number_however_it_is_typed(typed: str) -> None:
    assert number_of(typed) == "17859199917"


@pytest.mark.parametrize("typed", ["178591.99917", "\uff1117859199917", "17859199917x", "]17859199917"])
def test_what_is_no_part_of_writing_a_number_stays(typed: str) -> None:
    assert number_of(typed) != "17859199917"


@pytest.mark.slow
@given(st.text(max_size=40))
def test_it_takes_any_text_and_once_is_enough(typed: str) -> None:
    once = number_of(typed)
    assert len(once) <= len(typed)
    assert number_of(once) == once or "]" in once
