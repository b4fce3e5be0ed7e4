"""Sentences by key and language, from one TOML file a language beside this module.

A key is "section.name". The names of states, causes, parts and faults are those of the wire protocol, the names of
reasons those of the verdict, so no table stands between a message and what to say about it. The section `page` has the
page's own texts, `service` those of the technician's page, `papers` the letters that follow a check and `why` the
reasons in them, as the customer says them, `advice_...` what helps (`advising`), `tour` the letters of a trial,
`fleet` the page of a centre, `language` the language's name in itself. A further language is a further file with the
same keys, and nothing else; one from outside the package: `own_language`.
"""

import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from stillscan.errors import InputError, one_line
from stillscan.guidance.own_language import read_language, registered
from stillscan.guidance.whole import read_whole

DEFAULT_LANGUAGE = "nb"
_NEWER = "newer."  # begins the keys of sentences about names that are not known
_MOST_OF_A_NAME = 40  # characters of it that are shown: the longest that there is has 28
_LANGUAGE_FILE = re.compile(r"[a-z]{2,3}\.toml")  # ISO 639-1 or -2
_ADVICE = ("advice_clerk", "advice_customer", "advice_call")
_NOT_GUIDANCE = ("language", "page", "service", "papers", "tour", "why", "fleet", *_ADVICE)

_named: dict[str, dict[str, dict[str, Any]]] = {}  # what languages say whose files were named, by code


class UnknownTextError(LookupError):
    """No such language, no such key, or a value missing that the sentence needs: a defect of the caller."""


def languages() -> tuple[str, ...]:
    """Codes of the languages that have a catalogue (ISO 639-1, such as "nb"): the package's, those that other installed
    packages bring, and those that were named."""
    return tuple(sorted({*_ours(), *registered(), *_named}))


@cache
def _ours() -> frozenset[str]:
    names = (entry.name for entry in files(__package__).iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if _LANGUAGE_FILE.fullmatch(name))


def known_language(named: str) -> str:
    """The code of a language that was asked for by its code, or by the path of a file CODE.toml of one's own, which is
    there from now on. InputError with file and line."""
    if named in _ours():
        return named
    path = Path(named)
    if path.suffix == ".toml":
        if not _LANGUAGE_FILE.fullmatch(path.name) or path.stem in _ours():
            raise InputError(f"{named}: is called by a language's code that is not taken, as sv.toml (ISO 639-1)")
        _named[path.stem] = read_language(path, sections("en"))
        return path.stem
    if named not in languages():
        raise InputError(
            f"there is no '{named}'; there are: {', '.join(languages())}, and a file CODE.toml of one's own"
        )
    return named


@cache
def sections(language: str) -> dict[str, dict[str, Any]]:
    """Everything that a language's file says. Raises UnknownTextError for a language without one; InputError for one of
    somebody's own that cannot be used, and for one of the package that lacks a text."""
    if language not in languages():
        raise UnknownTextError(f"no guidance in language {language!r}; there is {', '.join(languages())}")
    if language not in _ours():
        return _named.get(language) or read_language(registered()[language], sections("en"))
    return read_whole(f"{language}.toml", None if language == "en" else sections("en"))


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of guidance in a language by key, page and papers aside. UnknownTextError as ``sections``."""
    return {
        f"{section}.{name}": sentence
        for section, names in sections(language).items()
        if section not in _NOT_GUIDANCE
        for name, sentence in names.items()
    }


def language_name(language: str) -> str:
    """What the language calls itself."""
    name: str = sections(language)["language"]["name"]
    return name


def page_texts(language: str) -> dict[str, str]:
    """The page's own texts in a language."""
    return sections(language)["page"]


def problem_text(key: str, language: str, test_mode: bool) -> str:
    """Why something typed was not taken; of a letter that is not known, also which letters a trial knows."""
    texts = page_texts(language)
    return f"{texts[key]} {texts['test_unknown_letter']}" if test_mode and key == "tracking_unknown" else texts[key]


def service_texts(language: str) -> dict[str, str]:
    """The texts of the technician's page in a language."""
    return sections(language)["service"]


def say(key: str, language: str = DEFAULT_LANGUAGE, **values: object) -> str:
    """The sentence of `key`, with `values` in its placeholders.

    Raises UnknownTextError when the language, the key or a value that the sentence needs is missing. Never pass
    personal data as a value: what is said is shown to whoever stands at the counter.
    """
    sentences = catalogue(language)
    if key not in sentences:
        raise UnknownTextError(f"no guidance for {key!r} in language {language!r}")
    try:
        return sentences[key].format(**values)
    except KeyError as missing:
        raise UnknownTextError(f"guidance {key!r} needs the value {missing}") from None


def say_or_name(section: str, name: str, language: str) -> str:
    """The sentence; of what a newer firmware says and this catalogue does not, that it is not known, with its name."""
    key = known_key(f"{section}.{name}")
    return say(key, language, **({"name": one_line(name)[:_MOST_OF_A_NAME]} if key.startswith(_NEWER) else {}))


def known_key(key: str) -> str:
    """The key itself, or that of the sentence for what is not known of its section (``newer``)."""
    section = key.partition(".")[0]
    if key in catalogue(DEFAULT_LANGUAGE):
        return key
    return next(one for one in (f"{_NEWER}{section}", f"{_NEWER}other") if one in catalogue(DEFAULT_LANGUAGE))


def say_key(key: str, language: str) -> str:
    """The same, of a whole key."""
    section, _, name = key.partition(".")
    return say_or_name(section, name, language)


def reason_key(reason: str) -> str:
    """Key of the sentence about why a scan was not read or not finished: a reason, the reader's trouble, or a cause."""
    section, _, name = reason.partition("_")
    if section == "reading":
        return f"reading.{name}"
    return f"reason.{reason}" if section == "mrz" else f"cause.{reason}"


def say_reason(reason: str, language: str) -> str:
    """The sentence about why a scan was not read or not finished."""
    return say_key(reason_key(reason), language)
