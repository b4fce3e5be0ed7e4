"""Is the name on the letter the name in the MRZ?

A letter is handed out only when the names agree, so a match needs every word of the recipient's name, a surname and a
given name among them. The MRZ may hold more words: letters leave middle names out. What a person could still judge to
be the same name is UNCERTAIN; it is never a silent pass.
"""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from stillscan.verify.ruling import Reason
from stillscan.verify.spelling import (
    Word,
    is_readable,
    is_spelling,
    mrz_words,
    plain,
    plain_word,
    written_words,
)

_MIN_CUT_LETTERS = 5
"""A cut-off word with fewer letters left fits too many names to prove one (MAR: Maria, Marius, Martin)."""


class NameMatch(Enum):
    """What comparing two names came to."""

    MATCH = "match"
    UNCERTAIN = "uncertain"
    MISMATCH = "mismatch"


def match_name(recipient: str, primary: str, secondary: str, truncated: bool) -> NameMatch:
    """Compare a written name with the identifiers of an MRZ.

    `recipient` is the name as people write it, given names first or "Surname, Given". `primary` and `secondary` are
    the surname and given names as printed, words parted by "<" or spaces. `truncated` says that the name field is full
    to its last position (39 characters in a TD3), so that its last word may be cut off and later ones missing.

    Any text is accepted. A name that reads the other way round is UNCERTAIN: "Thomas Martin" is not Martin Thomas.
    """
    words = written_words(recipient)
    surnames, given = _printed(primary), _printed(secondary)
    if not words or not surnames:
        return NameMatch.UNCERTAIN
    if truncated:
        last = given or surnames
        last[-1] = last[-1]._replace(cut=True)
    whole = all(_found(word, words, surnames + given) for word in words)
    if whole and _in_order(words, surnames, given) and (given or not truncated):
        return NameMatch.MATCH
    if _could_be(words, surnames, given, truncated):
        return NameMatch.UNCERTAIN
    return NameMatch.MISMATCH


def about_name(recipient: str, primary: str, secondary: str, truncated: bool) -> Iterator[Reason]:
    """The rule: what speaks against handing a letter for `recipient` to this holder (see `match_name`)."""
    match match_name(recipient, primary, secondary, truncated):
        case NameMatch.MISMATCH:
            yield "name_mismatch"
        case NameMatch.UNCERTAIN:
            yield "name_uncertain"


class _Printed(NamedTuple):
    """A word of the MRZ, and whether the end of the name field may have cut it."""

    text: str
    cut: bool = False


def _printed(identifier: str) -> list[_Printed]:
    return [_Printed(text) for text in mrz_words(identifier)]


def _same(word: Word, printed: _Printed) -> bool:
    """Whether the printed word is the written one beyond doubt."""
    cut = printed.cut and len(printed.text) >= _MIN_CUT_LETTERS
    return is_readable(word) and is_spelling(word, printed.text, cut=cut)


def _alike(word: Word, printed: _Printed) -> bool:
    """Whether the printed word may be the written one: too little left of it, or an accent left out in writing."""
    return is_spelling(word, printed.text, cut=printed.cut) or plain_word(word) == plain(printed.text)


def _found(word: Word, words: tuple[Word, ...], printed: list[_Printed]) -> bool:
    """Whether the MRZ has the word as often as the written name has it."""
    return sum(_same(word, other) for other in printed) >= words.count(word)


def _in_order(words: tuple[Word, ...], surnames: list[_Printed], given: list[_Printed]) -> bool:
    """Whether the last written word is a surname and an earlier one a given name. Some people have one name only."""
    if not any(_same(words[-1], name) for name in surnames):
        return False
    return not given or any(_same(word, name) for word in words[:-1] for name in given)


def _could_be(words: tuple[Word, ...], surnames: list[_Printed], given: list[_Printed], truncated: bool) -> bool:
    """Whether a person should look: letters without a spelling, or names of both kinds that are there in some way."""
    if not all(map(is_readable, words)):
        return True
    with_surname = [i for i, word in enumerate(words) if any(_alike(word, name) for name in surnames)]
    with_given = [i for i, word in enumerate(words) if any(_alike(word, name) for name in given)]
    if len(words) == 1 or not given:
        return bool(with_surname or with_given)
    if truncated and with_surname and len(with_surname) < len(words):
        return True  # the given name on the letter may be one that was cut off
    return any(i != j for i in with_surname for j in with_given)
