"""The decoder against plain enumeration, and its probabilities against what is drawn from them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from mrz_strips import person
from mrz_vectors import VALID
from numpy.typing import NDArray

from stillscan.mrz import parse
from stillscan.mrz.alphabet import ALPHABET, LETTERS, VALUE
from stillscan.mrz.decode import decode
from stillscan.mrz.formats import SIZES, format_of
from stillscan.mrz.judge import judge
from stillscan.mrz.names import decode_names
from stillscan.mrz.places import Step
from stillscan.mrz.sums import decode_checked, moves_of
from tests.covering import examples

FORMS = ("TD3", "TD1", "TD2", "MRV-A", "MRV-B")


def log_chances(scores: NDArray[np.float64]) -> NDArray[np.float32]:
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)


def seen(lines: tuple[str, ...], noise: float, seed: int) -> NDArray[np.float32]:
    """Log likelihoods of the characters of `lines` seen through Gaussian noise of deviation `noise` (weights 1)."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, noise, (len(lines), len(lines[0]), len(ALPHABET)))
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            scores[row, column, ALPHABET.index(character)] += 1
    return log_chances(scores / noise**2)


@pytest.mark.parametrize("name", VALID)
def test_clear_print(name: str) -> None:
    lines = tuple(VALID[name].split("|"))
    decoded = decode(seen(lines, 0.17, 1))
    assert decoded is not None
    assert decoded.lines == lines
    assert decoded.log_best <= decoded.log_all + 1e-6


@pytest.mark.parametrize("kind", ["C1USA", "A3USA", "CIUSA", "I<UTO"])
def test_a_card_s_kind_may_hold_a_digit_and_seldom_does(kind: str) -> None:
    """Clear print is taken as it stands; where I and 1 are equally likely it is the letter."""
    lines = (kind + VALID["TD1"].split("|")[0][5:], *VALID["TD1"].split("|")[1:])
    clear = seen(lines, 0.17, 1)
    decoded = decode(clear)
    assert decoded is not None
    assert (decoded.lines, parse(decoded.lines).document_code) == (lines, kind[:2].rstrip("<"))
    alike = clear.copy()
    alike[0, 1] = log_chances(np.where(np.isin(list(ALPHABET), ["I", "1"]), 0.0, -30.0))
    decoded = decode(alike)
    assert decoded is not None
    assert decoded.lines[0][1] == "I"
    assert decoded.characters[0, 1] < 0.99, "and it is not certain"


@pytest.mark.parametrize("name", ["NOR", "TD1", "TD2", "MRV-A", "MRV-B"])
def test_x_printed_as_sex_is_read_and_named(name: str) -> None:
    lines = list(VALID[name].split("|"))
    sex = format_of(lines).sex
    lines[sex.line] = lines[sex.line][: sex.first] + "X" + lines[sex.line][sex.end :]
    reading = judge(seen(tuple(lines), 0.17, 3))
    assert reading is not None
    assert (reading.lines, reading.accepted) == (tuple(lines), False)
    assert reading.reason == ("X is printed as sex, where an MRZ has < instead")


def test_the_former_french_card_beside_cards_of_its_size() -> None:
    lines = ("IDFRABERTHIER".ljust(30, "<") + "922092", "8806923102858CORINNE<<<<<<<6512068F6")
    reading = judge(seen(lines, 0.17, 2))
    assert reading is not None
    assert (reading.format, reading.lines, reading.accepted) == ("FRA-ID", lines, True)


def test_sums_against_enumeration() -> None:
    """Five places with a field's and a composite's check digit: every text is tried."""
    steps = (
        Step(0, 0, 7, 3, "", ""),
        Step(0, 1, 3, 1, "", ""),
        Step(0, 2, 0, 7, "field", ""),
        Step(0, 3, 0, 3, "", ""),
        Step(0, 4, 0, 0, "composite", ""),
    )
    rng = np.random.default_rng(5)
    own = np.full((5, len(ALPHABET)), -50.0)
    kept = [sorted(rng.choice(len(ALPHABET), 7, replace=False)) for _ in range(5)]
    kept[2] = kept[4] = list(range(10))
    for place, classes in enumerate(kept):
        own[place, classes] = rng.normal(0, 2, len(classes))
    found: dict[tuple[int, ...], float] = {}
    for text in itertools.product(*kept):
        values = [VALUE[ALPHABET[index]] % 10 for index in text]
        field = (7 * values[0] + 3 * values[1]) % 10
        composite = (3 * values[0] + values[1] + 7 * values[2] + 3 * values[3]) % 10
        if values[2] == field and values[4] == composite:
            found[text] = float(own[range(5), text].sum())
    checked = decode_checked(moves_of(steps), own)
    best = max(found, key=lambda text: found[text])
    total = float(np.logaddexp.reduce(list(found.values())))
    assert tuple(checked.classes) == best
    assert checked.log_best == pytest.approx(found[best])
    assert checked.log_all == pytest.approx(total, abs=1e-6)
    for place, index in ((0, kept[0][3]), (1, best[1]), (2, best[2]), (3, kept[3][0]), (4, best[4])):
        share = sum(np.exp(value - total) for text, value in found.items() if text[place] == index)
        assert checked.marginals[place, index] == pytest.approx(share, abs=1e-6)


def test_months_and_days_that_do_not_exist_are_not_read() -> None:
    lines = VALID["NOR"].split("|")
    unclear = seen((lines[0], lines[1]), 0.17, 3)
    unclear[1, 15] = log_chances(np.eye(len(ALPHABET))[1] * 4)  # month 15
    decoded = decode(unclear)
    assert decoded is not None
    assert int(decoded.lines[1][15:17]) in range(1, 13)


def test_names_follow_the_grammar() -> None:
    rng = np.random.default_rng(2)
    text = "OESTENBYEN<<AASE<SPECIMEN<<<<<<<<<"
    scores = rng.normal(0, 0.3, (len(text), len(ALPHABET)))
    scores[range(len(text)), [ALPHABET.index(character) for character in text]] += 6
    scores[28, ALPHABET.index("K")] = 6.5  # a filler that looks like K, between fillers
    names = decode_names(log_chances(scores).astype(np.float64))
    assert "".join(ALPHABET[index] for index in names.classes) == text
    assert names.marginals.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("name", ["P<INDSUHARTO", "P<IND<<GURPREET<KAUR", "P<IND<<GURPREET"])
def test_holders_with_one_name(name: str) -> None:
    """It stands in place of the surname, or behind the double filler where that is left empty."""
    lines = (name.ljust(44, "<"), VALID["NOR"].split("|")[1].replace("NOR", "IND"))
    reading = judge(seen(lines, 0.12, 1))
    assert reading is not None
    assert (reading.lines, reading.accepted) == (lines, True)
    mrz = parse(lines)
    assert (mrz.primary, mrz.secondary) == (("SUHARTO", "") if "SUHARTO" in name else ("", name[7:]))


def test_a_border_crossing_card_is_a_known_kind() -> None:
    card = VALID["TD1"].split("|")
    for code, known in (("B1USA", True), ("B1UTO", False), ("C1USA", True), ("ACUTO", True)):
        lines = (code + card[0][5:], card[1], card[2])
        reading = judge(seen(lines, 0.12, 1))
        assert reading is not None
        assert (reading.lines, reading.accepted) == (lines, known)


def test_letters_of_a_name_are_left_to_the_print() -> None:
    scores = np.zeros((31, len(ALPHABET)))
    scores[:, ALPHABET.index("<")] = 9
    scores[0], scores[1] = 0, 0
    scores[0, ALPHABET.index("Q")], scores[0, ALPHABET.index("O")] = 9.1, 9
    scores[1, ALPHABET.index("U")] = 9
    names = decode_names(log_chances(scores).astype(np.float64))
    assert ALPHABET[names.classes[0]] == "Q"
    assert names.marginals[0, ALPHABET.index("O")] == pytest.approx(0.47, abs=0.02)


def test_printed_wrong_digit_stays_wrong() -> None:
    lines = VALID["NOR"].split("|")
    wrong = (lines[0], lines[1][:9] + str((int(lines[1][9]) + 3) % 10) + lines[1][10:])
    decoded = decode(seen(wrong, 0.17, 1))
    assert decoded is not None
    confidence = float(np.exp(decoded.log_best - decoded.log_all))
    assert decoded.lines == wrong or confidence < 0.5 or decoded.plainest < 0.02


def test_printed_wrong_digit_is_shown_as_printed() -> None:
    lines = VALID["NOR"].split("|")
    wrong = (lines[0], lines[1][:9] + str((int(lines[1][9]) + 3) % 10) + lines[1][10:])
    decoded = decode(seen(wrong, 0.12, 1))
    assert decoded is not None
    assert decoded.lines == wrong
    assert not parse(decoded.lines).valid


def test_data_without_their_check_digit_are_shown_as_printed() -> None:
    """The standard has a filler there for an empty field alone (a scan of a passport of Kazakhstan)."""
    first, second = VALID["ZERO"].split("|")
    lines = (first, second[:42] + "<" + second[43])
    reading = judge(seen(lines, 0.12, 1))
    assert reading is not None
    assert (reading.lines, reading.accepted, reading.reason) == (lines, False, "a check digit does not agree")
    empty = judge(seen(tuple(VALID["NOR"].split("|")), 0.12, 1))
    assert empty is not None
    assert empty.accepted


def test_a_clear_text_is_certain() -> None:
    decoded = decode(seen(tuple(VALID["NOR"].split("|")), 0.1, 1))
    assert decoded is not None
    assert decoded.log_best - decoded.log_all > -1e-4


def test_corrections_are_named() -> None:
    lines = VALID["NOR"].split("|")
    blurred = seen((lines[0], lines[1]), 0.17, 1)
    zero, letter = ALPHABET.index("0"), ALPHABET.index("O")
    blurred[1, 3, letter] = blurred[1, 3, zero] + 2  # the first 0 of ZZZ0000016 looks like O
    decoded = decode(blurred)
    assert decoded is not None
    assert decoded.lines == tuple(lines)
    assert decoded.changed == ((1, 3),)


@pytest.mark.slow
def test_probabilities_are_calibrated() -> None:
    """Of what is said to be certain to p, a share of about p is right: for whole texts and for characters."""
    whole, right, each, each_right = [], [], [], []
    for seed in range(150):
        lines = person(seed, FORMS[seed % 5])
        decoded = decode(seen(lines, 0.225, seed))
        assert decoded is not None
        whole.append(np.exp(min(0, decoded.log_best - decoded.log_all)))
        right.append(decoded.lines == lines)
        each += list(decoded.characters.ravel())
        each_right += [a == b for a, b in zip("".join(decoded.lines), "".join(lines), strict=False)]
    assert abs(np.mean(whole) - np.mean(right)) < 0.1
    doubtful = np.array(each) < 0.97
    assert doubtful.sum() > 50
    assert abs(np.array(each)[doubtful].mean() - np.array(each_right)[doubtful].mean()) < 0.06


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(st.sampled_from(sorted(SIZES)), st.data())
def test_any_likelihoods_give_an_mrz_or_nothing(size: tuple[int, int], data: st.DataObject) -> None:
    column = data.draw(arrays.arrays(np.float32, (size[0], 1, len(ALPHABET)), elements=st.floats(-30, 0, width=32)))
    roll = np.arange(size[1])[None, :, None] * 7
    scores = np.take_along_axis(
        np.repeat(column, size[1], axis=1), (np.arange(len(ALPHABET)) + roll) % len(ALPHABET), 2
    )
    decoded = decode(log_chances(scores.astype(np.float64)))
    if decoded is not None:
        assert parse(decoded.lines).format == decoded.form.name
        assert np.isfinite([decoded.log_best, decoded.log_all]).all()
        assert decoded.characters.min() >= 0
        assert decoded.characters.max() <= 1
        assert set(decoded.lines[0][5:]) <= set(LETTERS + "<0123456789")
