"""Characters that no MRZ has, and that nobody takes for one of its 37."""

import unicodedata
from functools import cache
from itertools import chain

from stillscan.mrz.alphabet import ALPHABET

_RANGES = (
    range(0x21, 0x7F),
    range(0xA1, 0x180),  # Latin with accents
    range(0x391, 0x3CA),
    range(0x401, 0x460),
    range(0x1E80, 0x1E86),
    range(0x2013, 0x2040),
    range(0x20A0, 0x20BE),
    range(0x2190, 0x2194),
    range(0x2200, 0x2266),
    range(0x2460, 0x2474),  # digits in circles
    range(0x25A0, 0x25D0),
    range(0xFB00, 0xFB03),
)
_ALIKE = set(ALPHABET) | set("lıſ|‹˂′ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοΪΫЅІЈАВЕКМНОРСТУХоаер¡­∣∙․‐‑‛‘’‚∶")  # noqa: RUF001
"""What cannot be told from a character of the alphabet by its looks, or is hardly a mark."""
_KINDRED = (
    range(0x180, 0x2B0),  # further Latin letters
    range(0x370, 0x400),
    range(0x460, 0x530),
    range(0x531, 0x590),  # Armenian, Hebrew, Georgian
    range(0x5D0, 0x5EB),
    range(0x10A0, 0x10FD),
    range(0x660, 0x66A),  # digits of other scripts
    range(0x6F0, 0x6FA),
    range(0x1E00, 0x2000),  # Latin letters with two marks, Greek ones
    range(0x2070, 0x20A0),  # small digits above and below
    range(0x2100, 0x2400),  # signs like letters, arrows, mathematics
    range(0x2500, 0x2700),
)
_KINDRED_ALIKE = set("٧۷ƖƵǀǃɅʘΖΙΟϹϺӀՍՏՕօოⅠⅤⅩⅬⅭⅮⅯⅰⅴⅹⅼⅽⅾⅿℂℊℐℑℒℓℕℙℚℝℤℳ∕∖∣∨≪≺⋀⋁⎸⎹│┃▏▕")  # noqa: RUF001


@cache
def foreign_characters() -> tuple[str, ...]:
    """Printable characters that nobody can take for one of the 37."""
    found = (chr(code) for code in chain(*_RANGES))
    return tuple(one for one in found if one not in _ALIKE and unicodedata.category(one)[0] in "LNPS")


@cache
def kindred_characters() -> tuple[str, ...]:
    """More of them, of scripts and ranges that no training has used."""
    found = (chr(code) for code in chain(*_KINDRED))
    known = set(foreign_characters()) | _ALIKE | _KINDRED_ALIKE
    return tuple(
        one
        for one in found
        if one not in known
        and unicodedata.normalize("NFKD", one) not in known
        and unicodedata.category(one)[0] in "LNPS"
    )
