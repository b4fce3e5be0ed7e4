"""The 37 characters of an MRZ and the check digit arithmetic on them (ICAO Doc 9303-3, section 4)."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
"""Every character an MRZ may hold; the index is the class number of the recogniser."""
DIGITS = ALPHABET[:10]
LETTERS = ALPHABET[10:36]
FILLER = "<"
WEIGHTS = (7, 3, 1)  # of the check digits (Doc 9303-3)

VALUE = {character: index % 36 for index, character in enumerate(ALPHABET)}
"""Value of a character in the check digit sum: digits as they are, A = 10 ... Z = 35, filler 0."""


def check_digit(text: str) -> int:
    """Check digit 0..9 of `text`: the sum of value times 7, 3, 1, 7, ... modulo 10. KeyError outside the alphabet."""
    return sum(VALUE[character] * WEIGHTS[index % 3] for index, character in enumerate(text)) % 10
