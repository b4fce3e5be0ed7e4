"""``make bench-rules``: names against names, a million identity numbers, and the time that a verdict takes.

Names: frequent Norwegian names (Statistics Norway's name statistics, 2024) and frequent names of people who move here,
invented people put together at random. Each is written as letters write it and printed as states print it, by rules of
this module's own, so that the matcher is not held against its own table.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

from rich.console import Console
from rich.progress import track

from stillscan.verify import Case, Consignment, NameMatch, decide_case, match_name, parse_identity_number
from stillscan.verify.identity_number import remainders

_GIVEN_TEXT = """
Jan Per Bjørn Ole Lars Kjell Knut Arne Svein Thomas Odd Tor Hans Erik Anne Inger Kari Marit Ingrid Liv Eva Berit
Astrid Bjørg Hilde Anna Solveig Åse Håkon Gøran Øyvind Jørgen Pål Åshild Bodil Márjá Áilu Nils-Henrik Anne-Lise
Jens-Petter Krzysztof Małgorzata Łukasz José Begoña Zoë Sørina Mohammed Ahmed Fatima Abdirahman Oleksandr Nguyễn Wei
Jürgen Günther Þórdís Guðrún Siân Chloé Renée François
"""
_GIVEN_NAMES = _GIVEN_TEXT.split()
_SUR_TEXT = """
Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen Johnsen Pettersen Eriksen Berg
Haugen Hagen Johannessen Andreassen Jacobsen Dahl Jørgensen Halvorsen Sørensen Bakken Ødegård Næss Ås Grønli Håland
Bråthen Øverby Sæther Østenbyen D'Angelo O'Brien Müller Schröder Weiß Núñez García López Peña Nowak Wójcik Dąbrowska
Żuk Gonçalves Šarūnas Håkansson Björklund Þorsteinsson Eiríksdóttir Nystø Somby Guttorm Utsi Boine Kovačević
Petrović Nguyen Tran Le Ali Hussein Warsame Yılmaz Şahin Kaya
"""  # noqa: RUF001 - Turkish has a letter of its own
_SUR_NAMES = _SUR_TEXT.split()
_TWO_LETTERS = {"Å": "AA", "Ä": "AE", "Æ": "AE", "Ø": "OE", "Ö": "OE", "Ü": "UE", "ß": "SS", "Þ": "TH", "Ð": "D"}
_ONE_LETTER = {"Å": "A", "Ä": "A", "Æ": "AE", "Ø": "O", "Ö": "O", "Ü": "U", "ß": "SS", "Þ": "TH", "Ð": "D"}
_BASE = str.maketrans("ÁÀÂÃĄČÇĆĐÉÈÊËĘĞÍÌÎÏİIŁŃÑŇŊÓÒÔÕŘŠŚŞŦÚÙÛŪÝŽŹŻỄ", "AAAAACCCDEEEEEGIIIIIILNNNNOOOORSSSTUUUUYZZZE")
_DROPPED = str.maketrans("", "", "'’.")  # noqa: RUF001 - both are found in names
_PAIRS = 20_000
_NUMBERS = 1_000_000
_TODAY = date(2026, 11, 29)


def _printed(word: str, table: dict[str, str]) -> str:
    """A word as a state prints it, hyphens as fillers."""
    text = word.replace("ß", "SS").translate(_DROPPED).upper()
    text = "".join(table.get(letter, letter) for letter in text).translate(_BASE)
    return text.replace("-", "<")


def _person(rng: random.Random) -> tuple[list[str], list[str]]:
    given = rng.sample(_GIVEN_NAMES, rng.choice((1, 1, 2)))
    return given, rng.sample(_SUR_NAMES, rng.choice((1, 1, 1, 2)))


def true_pair(rng: random.Random) -> tuple[str, str, str, bool]:
    """(recipient, primary, secondary, truncated) of one person, as letter and passport may have it."""
    given, surnames = _person(rng)
    table = rng.choice((_TWO_LETTERS, _ONE_LETTER))
    primary = "<".join(_printed(word, table) for word in surnames)
    secondary = "<".join(_printed(word, table) for word in given)
    if len(surnames) == 2 and rng.random() < 0.3:  # a middle name is printed on either side
        secondary += "<" + _printed(surnames[0], table)
        primary = _printed(surnames[1], table)
    kept = given if rng.random() < 0.6 else [rng.choice(given)]
    family = rng.choice((" ", "-")).join(surnames) if rng.random() < 0.7 else surnames[-1]
    written = f"{family}, {' '.join(kept)}" if rng.random() < 0.2 else f"{' '.join(kept)} {family}"
    written = rng.choice((written, written, written.upper(), written.replace("'", "’")))  # noqa: RUF001
    secondary = secondary[: 39 - len(primary) - 2]
    return written, primary, secondary, len(primary) + 2 + len(secondary) >= 39


def false_pair(rng: random.Random) -> tuple[str, str, str, bool]:
    """A letter for another person: another given name, another surname, or one letter of either changed."""
    recipient, primary, secondary, truncated = true_pair(rng)
    other_given, other_surnames = _person(rng)
    kind = rng.randrange(4)
    if kind == 0:
        secondary = "<".join(_printed(word, _TWO_LETTERS) for word in other_given)
    elif kind == 1:
        primary = "<".join(_printed(word, _TWO_LETTERS) for word in other_surnames)
    elif kind == 2:
        primary = _one_letter_off(rng, primary)
    else:
        secondary = _one_letter_off(rng, secondary)
    return recipient, primary, secondary, truncated and kind not in (0, 1)


def _one_letter_off(rng: random.Random, text: str) -> str:
    place = rng.choice([index for index, letter in enumerate(text) if letter != "<"])
    return text[:place] + rng.choice("BCFGJKMPRSTVXZ".replace(text[place], "")) + text[place + 1 :]


def same_people(pair: tuple[str, str, str, bool]) -> bool:
    """Whether a false pair has come out true after all, judged by comparing letters without their marks."""
    recipient, primary, secondary, _ = pair
    wanted = _printed(recipient.replace(",", " "), _TWO_LETTERS).replace("<", " ").split()
    loose = _printed(recipient.replace(",", " "), _ONE_LETTER).replace("<", " ").split()
    there = [*primary.split("<"), *secondary.split("<")]
    return all(a in there or b in there for a, b in zip(wanted, loose, strict=True))


def names(pairs: int, seed: int) -> tuple[Counter[NameMatch], Counter[NameMatch]]:
    """How many true and how many false pairs came to which result."""
    rng = random.Random(seed)
    true = Counter(match_name(*true_pair(rng)) for _ in range(pairs))
    false = Counter(match_name(*pair) for _ in range(pairs) if not same_people(pair := false_pair(rng)))
    return true, false


def reference(number: str) -> bool:
    """Whether today's control digits are right, by the published description and nothing clever."""
    digits = [int(digit) for digit in number]
    for weights in ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)):
        if sum(weight * digit for weight, digit in zip(weights, digits, strict=False)) % 11:
            return False
    return True


def _numbers(console: Console) -> int:
    """Wrong judgements of control digits among a million random numbers."""
    rng = random.Random(1)
    wrong = taken = 0
    for _ in track(range(_NUMBERS), "identity numbers", console=console, transient=True):
        number = f"{rng.randrange(10**11):011d}"
        right = reference(number)
        found = parse_identity_number(number, _TODAY)
        taken += found is not None
        wrong += (remainders(number) == (0, 0)) != right or (found is not None and not right)
    print(f"identity numbers: {_NUMBERS:,} random ones, {taken:,} possible, {wrong} judged wrong")
    return wrong


def _median_us(call: object, times: int = 20_000) -> float:
    assert callable(call)
    spans = []
    for _ in range(times):
        began = time.perf_counter_ns()
        call()
        spans.append(time.perf_counter_ns() - began)
    return statistics.median(spans) / 1000


def main() -> int:
    """Print the figures; exit code 1 when a name matches a stranger or a number is judged wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=_PAIRS, help=f"true and false pairs of names ({_PAIRS})")
    parser.add_argument("--seed", type=int, default=1, help="of the names (1)")
    args = parser.parse_args()
    true, false = names(args.pairs, args.seed)
    for called, counts in (("the same person", true), ("another person", false)):
        shown = ", ".join(f"{match.value} {counts[match]}" for match in NameMatch)
        print(f"names, {called}: {shown}")
    wrong = _numbers(Console(stderr=True))
    letter = Consignment("RR123456785NO", "Åse Østenbyen", date(2026, 12, 8), released=False)
    lines = ("P<SWEOESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016SWE9105171M3101012<<<<<<<<<<<<<<<0")
    case = Case(lines, True, letter, "17859199917", True, datetime(2026, 11, 29, 12, tzinfo=UTC), test_mode=True)
    if decide_case(case).verdict != "release" or decide_case(replace(case, certain=False)).verdict == "release":
        raise AssertionError("the sample case is not decided as it should be")
    print(f"one identity number: median {_median_us(lambda: parse_identity_number('17859199917', _TODAY)):.2f} us")
    print(f"one verdict: median {_median_us(lambda: decide_case(case)):.0f} us")
    return int(bool(wrong) or bool(false[NameMatch.MATCH]))


if __name__ == "__main__":
    sys.exit(main())
