"""Fields, check digits and dates of MRZ text."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mrz_vectors import VALID

from stillscan.mrz import MrzError, parse
from stillscan.mrz.alphabet import ALPHABET, VALUE, check_digit
from stillscan.mrz.codes import ICAO_CODES, ISO_CODES, is_known
from stillscan.mrz.compose import compose
from stillscan.mrz.formats import FORMATS, Format, format_of, parse_mrz_text
from tests.covering import examples

PROPERTY = settings(deadline=None, derandomize=True, max_examples=examples(200))
CHECKED_PLACES = [(name, check.name) for name, text in VALID.items() for check in format_of(text.split("|")).checks]


def changed(text: str, line: int, column: int, character: str) -> list[str]:
    lines = text.split("|")
    lines[line] = lines[line][:column] + character + lines[line][column + 1 :]
    return lines


@pytest.mark.parametrize("name", VALID)
def test_vector_is_valid(name: str) -> None:
    mrz = parse(VALID[name].split("|"))
    assert mrz.valid
    assert all(mrz.checks.values())
    assert is_known(mrz.issuer)
    assert is_known(mrz.nationality)


@pytest.mark.parametrize(("name", "check_name"), CHECKED_PLACES)
def test_each_broken_check_digit_is_reported(name: str, check_name: str) -> None:
    lines = VALID[name].split("|")
    form = format_of(lines)
    check = form.check(check_name)
    place = check.digit
    if check_name == "number" and place.of(lines) == "<" and form.long_number:  # the digit ends the run-on number
        first = form.optional[0]
        rest = first.of(lines).split("<")[0]
        place = first._replace(first=first.first + len(rest) - 1, end=first.first + len(rest))
    old = place.of(lines)
    wrong = str((VALUE[old] + 3) % 10)
    if "digit" in name and check_name == "number":
        wrong = "3"  # neither of the two readings of a long number
    mrz = parse(changed(VALID[name], place.line, place.first, wrong))
    assert not mrz.checks[check_name]
    assert not mrz.valid


def test_fields_of_a_passport() -> None:
    mrz = parse(VALID["TD3"])
    assert (mrz.format, mrz.document_code, mrz.issuer, mrz.number) == ("TD3", "P", "UTO", "L898902C3")
    assert (mrz.nationality, mrz.birth, mrz.sex, mrz.expiry) == ("UTO", "740812", "F", "120415")
    assert (mrz.optional, mrz.primary, mrz.secondary) == ("ZE184226B", "ERIKSSON", "ANNA<MARIA")
    assert not mrz.names_full


def test_fields_that_differ_between_formats() -> None:
    assert [parse(VALID[name]).format for name in ("TD1", "TD2", "MRV-A", "MRV-B")] == ["TD1", "TD2", "MRV-A", "MRV-B"]
    assert parse(VALID["TD1"]).nationality == "UTO"
    assert parse(VALID["D"]).issuer == "D"
    assert parse(VALID["PO"]).optional == "AB12<34"
    assert parse(VALID["TRUNC"]).names_full
    assert (parse(VALID["ONE"]).primary, parse(VALID["ONE"]).secondary) == ("NOGIVENNAMEPERSON", "")


@pytest.mark.parametrize("name", ["TD1 long", "TD2 long"])
def test_long_number(name: str) -> None:
    assert parse(VALID[name]).number == "D23145890734"
    assert parse(VALID[name]).optional == ""


def test_filler_for_a_zero_digit_is_wrong_when_the_field_is_filled() -> None:
    mrz = parse(changed(VALID["ZERO"], 1, 42, "<"))
    assert not mrz.checks["optional"]
    assert mrz.checks["composite"]
    assert not mrz.valid


def test_check_digits_are_blind_to_equal_values() -> None:
    """1 and L have one value modulo 10: arithmetic alone cannot tell, which is why a reading needs more than it."""
    assert parse(changed(VALID["TD3"], 1, 0, "1")).valid


@pytest.mark.parametrize(("line", "column", "character"), [(0, 8, "1"), (1, 10, "0"), (1, 20, "X"), (1, 21, "A")])
def test_wrong_kind_of_character_is_not_valid(line: int, column: int, character: str) -> None:
    assert not parse(changed(VALID["TD3"], line, column, character)).valid


def test_separators() -> None:
    lines = VALID["NOR"].split("|")
    for separator in ("\n", "\r", "\r\n", "|", ""):
        assert parse(separator.join(lines)) == parse(lines)


@pytest.mark.parametrize("text", ["", "P<NOR", "A" * 44, "A" * 44 + "|" + "A" * 43, "é" + "A" * 43 + "|" + "A" * 44])
def test_wrong_shape(text: str) -> None:
    with pytest.raises(MrzError):
        parse_mrz_text(text)


def test_dates() -> None:
    mrz = parse(VALID["NOR"])
    assert mrz.birth_date(date(2026, 11, 29)) == date(1991, 5, 17)
    assert mrz.expiry_date() == date(2031, 1, 1)
    assert mrz.birth_date(date(1991, 5, 17)) == date(1991, 5, 17)
    assert mrz.birth_date(date(1991, 5, 16)) == date(1891, 5, 17)
    assert parse(VALID["UNKD"]).birth_date(date(2026, 1, 1)) is None
    assert parse(changed(VALID["NOR"], 1, 15, "9")).birth_date(date(2026, 1, 1)) is None


def test_nothing_personal_in_repr_or_errors() -> None:
    assert "OESTENBYEN" not in repr(parse(VALID["NOR"]))
    with pytest.raises(MrzError) as caught:
        parse(changed(VALID["NOR"], 0, 7, "é"))
    assert "line 1, position 8" in str(caught.value)
    assert "OE" not in str(caught.value)


def test_codes() -> None:
    assert len(ISO_CODES) == 249
    assert not ISO_CODES & ICAO_CODES
    assert not is_known("XAA")


@pytest.mark.slow
@PROPERTY
@given(st.one_of(st.text(), st.lists(st.text(max_size=50), max_size=4), st.text(ALPHABET, min_size=88, max_size=90)))
def test_arbitrary_text_raises_nothing_else(text: str | list[str]) -> None:
    try:
        mrz = parse(text)
    except MrzError:
        return
    assert mrz.format in FORMATS


@pytest.mark.slow
@PROPERTY
@given(st.sampled_from(sorted(VALID)), st.data())
def test_single_substitution_is_caught_unless_values_agree(name: str, data: st.DataObject) -> None:
    lines = VALID[name].split("|")
    form: Format = format_of(lines)
    check = data.draw(st.sampled_from([check for check in form.checks if check.name in ("birth", "expiry")]))
    column = data.draw(st.integers(check.covers[0].first, check.covers[0].end - 1))
    character = data.draw(st.sampled_from(ALPHABET))
    line = check.covers[0].line
    same = (VALUE[character] - VALUE[lines[line][column]]) % 10 == 0
    assert parse(changed(VALID[name], line, column, character)).checks[check.name] == same


@pytest.mark.slow
@PROPERTY
@given(
    st.sampled_from(sorted(FORMATS)),
    st.text("ABCXYZ", min_size=1, max_size=40),
    st.text("ABC0189", min_size=1, max_size=9),
    st.dates(date(1980, 1, 1), date(2079, 12, 31)),
    st.text("A19", max_size=12),
)
def test_composed_text_is_valid(form: str, name: str, number: str, day: date, optional: str) -> None:
    lines = compose(
        form,
        code="V" if form.startswith("MRV") else "P" if form == "TD3" else "I",
        issuer="NOR",
        primary=name,
        secondary="KARI",
        number=number,
        nationality="NOR",
        birth=f"{day:%y%m%d}",
        sex="F",
        expiry=f"{day:%y%m%d}",
        optional=(optional,),
    )
    mrz = parse(lines)
    assert mrz.valid
    assert mrz.expiry_date() == day
    assert mrz.number == number


def test_check_digit_weights() -> None:
    assert check_digit("520727") == 3
    assert check_digit("AB2134<<<") == 5


def test_the_former_french_card() -> None:
    """Lines of the specimen card, as public descriptions of the format give them."""
    lines = ("IDFRABERTHIER".ljust(30, "<") + "922092", "8806923102858CORINNE<<<<<<<6512068F6")
    mrz = parse(lines)
    assert (mrz.format, mrz.valid, mrz.primary, mrz.secondary) == ("FRA-ID", True, "BERTHIER", "CORINNE")
    assert (mrz.issuer, mrz.nationality, mrz.number, mrz.birth) == ("FRA", "FRA", "880692310285", "651206")
    assert (mrz.expiry, mrz.expiry_date()) == ("", None)
    for line, column in ((0, 10), (0, 33), (1, 3), (1, 30), (1, 12), (1, 35)):
        changed = [list(text) for text in lines]
        changed[line][column] = "7" if lines[line][column] != "7" else "8"
        assert not parse(tuple("".join(text) for text in changed)).valid
    two = parse((lines[0], "8806923102858CORINNE<<EVA<<6512068F6"))
    assert two.secondary == "CORINNE<EVA"
