"""What bar code scanners send for a letter: symbology and application identifiers, separators, cases, hyphens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.records.errors import FieldError
from stillscan.records.tracking import normalise, sscc_check_digit

SSCC = "370722123456789011"
S10 = "RR123456785NO"
CONSIGNMENT = "70722123456789011"


@pytest.mark.parametrize(
    "sent",
    [
        SSCC,
        f"00{SSCC}",
        f"(00){SSCC}",
        "(00) 3 7072212 345678901 1",
        f"]C100{SSCC}",
        f"]C1\x1d00{SSCC}\r",
        f"]d200{SSCC}\x1d401ABC",
        f"00{SSCC}421578 0150",
        f"]e000{SSCC}",
        f"02070380000000013712\x1d00{SSCC}",
        f"(421)5780150(00){SSCC}",
        f"]C0{SSCC}",
        "3707 2212 3456 7890 11",
        "37-0722123-456789011",
    ],
)
def test_an_sscc_however_it_is_sent(sent: str) -> None:
    assert normalise(sent) == SSCC


@pytest.mark.parametrize(
    "sent",
    [
        f"401{CONSIGNMENT}",
        f"(401){CONSIGNMENT}",
        f"]C1401{CONSIGNMENT}\x1d",
        f"402{CONSIGNMENT}",
        f"(402) {CONSIGNMENT}",
    ],
)
def test_a_consignment_number_behind_its_identifier(sent: str) -> None:
    assert normalise(sent) == CONSIGNMENT


@pytest.mark.parametrize(
    "sent",
    [
        "]C0RR123456785NO",
        "]A0rr123456785no",
        "rr-123 456\u00a0785-NO",
        "RR\u2011123456785\u2011NO",
        "\x1dRR123456785NO\x1d",
        "\u2066RR 123\u2009456\u2003785 NO\u2069",  # copied out of a message
        "\ufeffRR123\u00ad456\u200b785NO",
        "RR\u2014123456785\u2212NO",
        "\x02]C0RR123456785NO\x03\r\n",
        "\u200e]C0RR123456785NO",
    ],
)
def test_an_s10_number_however_it_is_sent(sent: str) -> None:
    assert normalise(sent) == S10


@pytest.mark.parametrize("begins", ["00372212345678901", "40122123456789012", "40222123456789012"])
def test_a_number_that_begins_like_an_identifier_is_a_number(begins: str) -> None:
    assert normalise(begins) == begins  # 17 digits
    sscc = begins + sscc_check_digit(begins)
    assert normalise(sscc) == sscc


@pytest.mark.parametrize(
    "sent",
    ["]C1", "00", "(00)", "(00", "00370722", "]C10037072212345678901", "(99)RR123456785NO", "()", "))((", "402123"],
)
def test_what_holds_no_number_is_refused(sent: str) -> None:
    with pytest.raises(FieldError, match=r"^tracking: "):
        normalise(sent)


@given(st.text("]C1d20(401)\x1d RNO-345678" + "\uff19", max_size=60))
def test_no_text_of_a_scanner_does_anything_but_be_refused_or_taken(sent: str) -> None:
    try:
        number = normalise(sent)
    except FieldError:
        return
    assert normalise(number) == number
