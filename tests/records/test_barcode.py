"""What bar code scanners send for a letter: symbology and application identifiers, separators, cases, hyphens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.records.errors import FieldError
from stillscan.records.tracking import normalise, numbers, sscc_check_digit

SSCC = "370722123456789011"
S10 = "RR123456785NO"
CONSIGNMENT = "70722123456789011"
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d"


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
        f"]C100{SSCC}3102001234",  # its weight, of a length that is given
        f"]C1310200123400{SSCC}",
        f"]d200{SSCC}\x1d9112345",
        f"]d200{SSCC}4200150\x1d4300FIRMA AS\x1d4302STORGATA 1\x1d4307NO",  # of Scan4Transport
        f"]d200{SSCC}4200150\x1d" + "4302STORGATA+1\x1d" * 18,
        f"]d2240ABC\x1d00{SSCC}",
        f"]C1414707000000000500{SSCC}",
        f"]C1410707000000000500{SSCC}",
        f"]C121SERIAL\x1d400PO-1\x1d00{SSCC}\x1d",
        f"]Q3401{CONSIGNMENT}\x1d00{SSCC}",
        f"(400)PO(1)(00){SSCC}",
        f"[)>\x1e05\x1d00{SSCC}\x1e\x04",  # a message of ISO/IEC 15434
        f"]Q1https://id.gs1.org/00/{SSCC}?4.2=1",  # GS1 Digital Link
        f"HTTPS://EXAMPLE.ORG/01/07038010000000/00/{SSCC}",
        *(f"401ABC{gs}00{SSCC}" for gs in ("<GS>", "{gs}", "[GS]", "<FNC1>", "|", "~", "^", "^]", "\u241d")),
        f"\u00a8C100{SSCC}",  # the scanner was told of no Norwegian keyboard
        f"\u00eb0)00={SSCC}",
        f")00={SSCC})401={CONSIGNMENT}",
        f"\u2028(00){SSCC}\u2029",
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
        f"]C1401{CONSIGNMENT}\x1d421578015010",
        f"]C1401{CONSIGNMENT}4215780150",  # the keyboard has no key for FNC1
        f"401{CONSIGNMENT}<GS>4215780150",
        f"https://id.gs1.org/401/{CONSIGNMENT}",
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
        "]c0rr123456785no\t",  # Caps Lock
        "rR123456785nO",
        "]d1RR123456785NO",
        "]Q1RR123456785NO\n",
        "*RR123456785NO*",  # of Code 39
        "]A0*RR123456785NO*\r",
        "\u00a8C0RR123456785NO",
        "\u00c40RR123456785NO",
        "RR+123456785+NO",
        "\uff32\uff32\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff15\uff2e\uff2f",  # of full width
        *(f"RR{dash}123456785{dash}NO" for dash in DASHES),
        *(f"RR{space}123{space}456{space}785{space}NO" for space in "\u00a0\u2007\u2009\u200a\u202f\u3000\ufeff"),
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
    [
        "]C1",
        "00",
        "(00)",
        "(00",
        "00370722",
        "]C10037072212345678901",
        "(99)RR123456785NO",
        "()",
        "))((",
        "402123",
        f"401{CONSIGNMENT}123",
        f"401{CONSIGNMENT}4",
        f"{S10}\r{S10}",
        f"]C1004{SSCC}",
        f"98765{SSCC}",
        "https://id.gs1.org/00/1",
        f"https://id.gs1.org/01/{SSCC}",
        f"C0{S10}",
    ],
)
def test_what_holds_no_number_is_refused(sent: str) -> None:
    with pytest.raises(FieldError, match=r"^tracking: "):
        normalise(sent)


def test_the_letter_s_own_number_and_its_consignment_s() -> None:
    """The letter may be known by either."""
    sent = f"]C1401{CONSIGNMENT}\x1d00{SSCC}"
    assert numbers(sent) == [SSCC, CONSIGNMENT]
    assert numbers(f"(402){CONSIGNMENT}(00)123") == [CONSIGNMENT]


@pytest.mark.parametrize(
    "sent", ["]C0TESTPACKAGE-EDI\r", "testpackage\u2011edi", "\x02TESTPACKAGE-EDI\x03", "TESTPACKAGE+EDI"]
)
def test_a_test_id_however_it_is_sent(sent: str) -> None:
    assert normalise(sent, test=True) == "TESTPACKAGE-EDI"


@given(st.text("]C1d20(401)\x1d RNO-345678=+*\u00a8\u00eb|~<GS>" + "\uff19", max_size=60))
def test_no_text_of_a_scanner_does_anything_but_be_refused_or_taken(sent: str) -> None:
    try:
        number = normalise(sent)
    except FieldError:
        return
    assert normalise(number) == number
