"""How a letter of a written name may stand in an MRZ, and whether a written word is a given MRZ word.

The table follows Doc 9303-3 section 6 (transliteration of national characters) as published implementations have it.
Several letters have more than one spelling in real documents, so a letter maps to all of them: matching accepts each,
and nothing here ever generates an MRZ.
"""

import unicodedata

_SPELLINGS = {
    "Å": ("AA", "A"),
    "Ä": ("AE", "A"),
    "Æ": ("AE",),
    "Ø": ("OE", "O"),
    "Ö": ("OE", "O"),
    "Ü": ("UE", "UXX", "U"),
    "Ñ": ("N", "NXX"),
    "Þ": ("TH",),
    "Ð": ("D",),
    "Đ": ("D",),
    "Œ": ("OE",),
    "Ĳ": ("IJ",),
    "Ŋ": ("N",),
    "Ŧ": ("T",),
    "Ł": ("L",),
    "Ħ": ("H",),
    "ẞ": ("SS",),
}
_DROPPED = dict.fromkeys(map(ord, "'’‘ʼ`´."))  # noqa: RUF001 - the apostrophes that people and keyboards put in names
_SPACES = dict.fromkeys(map(ord, "-‐‑–"), " ")  # noqa: RUF001 - likewise the hyphens

Word = tuple[tuple[str, ...], ...]
"""A written word: for every letter its MRZ spellings, none for a character that has no Latin one."""


def written_words(name: str) -> tuple[Word, ...]:
    """The words of a name as people write it, in order. "Surname, Given" is turned round; hyphens part words."""
    surname, comma, given = name.partition(",")
    text = unicodedata.normalize("NFC", f"{given} {surname}" if comma else name).upper()
    text = unicodedata.normalize("NFC", text.translate(_DROPPED).translate(_SPACES).replace(",", " "))
    return tuple(tuple(map(_spellings, word)) for word in text.split())


def mrz_words(identifier: str) -> tuple[str, ...]:
    """The words of a primary or secondary identifier, which fillers (or spaces) part."""
    return tuple(identifier.replace("<", " ").split())


def is_spelling(word: Word, printed: str, *, cut: bool = False) -> bool:
    """Whether `printed` is an MRZ spelling of the whole word; with `cut`, the beginning of one is enough."""
    if not printed:
        return False
    ends = {0}
    for letter in word:
        if cut and any(spelling.startswith(printed[end:]) for end in ends for spelling in letter):
            return True
        ends = {end + len(s) for end in ends for s in letter if printed.startswith(s, end)}
    return len(printed) in ends


def is_readable(word: Word) -> bool:
    """Whether every character of the word has a spelling in the MRZ's alphabet."""
    return all(word)


def plain(text: str) -> str:
    """MRZ text with the two-letter spellings folded to one letter, for "looks like the same name" only."""
    for pair, letter in (("AA", "A"), ("AE", "A"), ("OE", "O"), ("UE", "U")):
        text = text.replace(pair, letter)
    return text


def plain_word(word: Word) -> str:
    """A written word folded as `plain` folds printed ones; characters without a spelling are left out."""
    return plain("".join(letter[0] for letter in word if letter))


def _spellings(character: str) -> tuple[str, ...]:
    if character in _SPELLINGS:
        return _SPELLINGS[character]
    base = unicodedata.normalize("NFD", character)[0]
    return (base,) if "A" <= base <= "Z" else ()
