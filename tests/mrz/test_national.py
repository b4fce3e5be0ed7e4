"""Layouts that states have beside those of Doc 9303: read, named as what they are, and no passports to the rules."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from stillscan.mrz import MrzError, parse, read_image, read_strip
from stillscan.mrz.formats import format_of, split_lines
from stillscan.simulator import printing
from stillscan.verify.rules import decide_document

CHE_DL = ("AAA001D<<", "FACHE305142128097<<800126<<<<<", "MARCHAND<<FABIENNE<<<<<<<<<<<<")
FRA_DL = ("D1FRA13AA000026181231MARTIN<<9",)
FRA_ID = ("IDFRABERTHIER".ljust(30, "<") + "922092", "8806923102858CORINNE<<<<<<<6512068F6")


def test_the_swiss_driving_licence() -> None:
    mrz = parse(CHE_DL)
    assert (mrz.format, mrz.document_code, mrz.issuer, mrz.valid, mrz.checks) == ("CHE-DL", "FA", "CHE", True, {})
    assert (mrz.number, mrz.optional, mrz.birth, mrz.sex, mrz.expiry) == ("305142128097", "AAA001D", "800126", "<", "")
    assert (mrz.primary, mrz.secondary) == ("MARCHAND", "FABIENNE")
    padded = (CHE_DL[0].ljust(30, "<"), *CHE_DL[1:])
    assert parse(padded) == mrz
    assert split_lines("".join(CHE_DL)) == CHE_DL
    assert format_of(("I<CHE" + "0" * 25, *CHE_DL[1:])).name == "TD1", "a full first line is a card's"


def test_the_french_driving_licence() -> None:
    mrz = parse(FRA_DL)
    assert (mrz.format, mrz.document_code, mrz.number, mrz.primary) == ("FRA-DL", "D1", "13AA00002", "MARTIN")
    assert (mrz.valid, mrz.checks, mrz.expiry_date()) == (True, {"number": True, "composite": True}, date(2018, 12, 31))
    assert not parse((FRA_DL[0].replace("MARTIN", "MARTEN"),)).valid
    with pytest.raises(MrzError):
        parse((FRA_DL[0].replace("D1FRA", "D1BEL"),))


@pytest.mark.parametrize("lines", [CHE_DL, FRA_DL, FRA_ID])
def test_the_rules_refuse_them_by_name(lines: tuple[str, ...]) -> None:
    ruling = decide_document(parse(lines), True, None, date(2018, 6, 1))
    assert ruling.verdict == "refuse"
    assert "document_not_passport" in ruling.reasons
    assert not {"format_unknown", "check_digit_failed", "mrz_uncertain"} & set(ruling.reasons)


@pytest.mark.slow
@pytest.mark.parametrize(("lines", "name", "width"), [(CHE_DL, "CHE-DL", 1020), (FRA_ID, "FRA-ID", 1260)])
def test_pictures_of_them_are_read(lines: tuple[str, ...], name: str, width: int, ocr_b: Path) -> None:
    strip = printing.strip(lines, ocr_b)
    card = np.full((640, width), printing.PAPER, np.uint8)
    card[-274:] = strip[:, :width]
    for reading in (read_strip(strip), read_image(card)):
        assert (reading.format, reading.accepted, reading.reason) == (name, True, None)
        assert reading.lines == tuple(line.ljust(len(lines[-1]), "<") for line in lines)
