"""Invented passports and cases that the tests of the rules change one thing of."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from stillscan.mrz.alphabet import check_digit
from stillscan.verify import Case, Consignment, decide_case

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LETTER = Consignment("RR123456785NO", "Åse Østenbyen", date(2026, 12, 8), released=False)


def mrz(
    *,
    code: str = "P<",
    issuer: str = "NOR",
    names: str = "OESTENBYEN<<AASE<SPECIMEN",
    number: str = "ZZZ000001",
    nationality: str = "NOR",
    birth: str = "910517",
    sex: str = "M",
    expiry: str = "310101",
    optional: str = "",
) -> tuple[str, str]:
    """The two lines of a passport with right check digits."""
    number, optional = number.ljust(9, "<"), optional.ljust(14, "<")
    number, birth, expiry = (f"{field}{check_digit(field)}" for field in (number, birth, expiry))
    optional += str(check_digit(optional))
    whole = check_digit(number + birth + expiry + optional)
    line_2 = f"{number}{nationality.ljust(3, '<')}{birth}{sex}{expiry}{optional}{whole}"
    return f"{code}{issuer.ljust(3, '<')}{names}".ljust(44, "<")[:44], line_2


def broken(column: int, **fields: str) -> tuple[str, str]:
    """The lines with one check digit of line 2 raised by one."""
    line_1, line_2 = mrz(**fields)
    return line_1, line_2[:column] + str((int(line_2[column]) + 1) % 10) + line_2[column + 1 :]


GOOD = Case(mrz(), True, LETTER, None, True, NOW)
TEST = replace(GOOD, test_mode=True)
SWEDISH = replace(TEST, mrz=mrz(issuer="SWE", nationality="SWE"), second_document="17859199917")


def reasons(case: Case, **changes: Any) -> str:
    return " ".join(decide_case(replace(case, **changes)).reasons)


ELSEWHERE = {"issuer": "SWE", "nationality": "SWE"}
CARD = ("IDNORZZZ0000027<<<<<<<<<<<<<<<", "9105171F3101012NOR<<<<<<<<<<<8", "OESTENBYEN<<AASE<SPECIMEN<<<<<")  # own
# Doc 9303-7, appendix B, as published MRZ libraries hold it
VISA_A = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<")
