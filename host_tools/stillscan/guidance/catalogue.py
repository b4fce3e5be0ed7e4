"""Sentences by key and language, from one TOML file a language beside this module.

A key is "section.name". The names of states, causes, parts and faults are those of the wire protocol, the names of
reasons those of the verdict, so no table stands between a message and what to say about it. The section `page` has the
page's own texts, `service` those of the technician's page, `papers` the letters that follow a check and `why` the
reasons in them, as the customer says them, `advice_...` what helps (`advising`), `tour` the letters of a trial,
`fleet` the page of a centre, `language` the language's name in itself. A further language is a further file with the
same keys, and nothing else.
"""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

DEFAULT_LANGUAGE = "nb"
_LANGUAGE_FILE = re.compile(r"[a-z]{2,3}\.toml")  # ISO 639-1 or -2
_ADVICE = ("advice_clerk", "advice_customer", "advice_call")
_NOT_GUIDANCE = ("language", "page", "service", "papers", "tour", "why", "fleet", *_ADVICE)


class UnknownTextError(LookupError):
    """No such language, no such key, or a value missing that the sentence needs: a defect of the caller."""


def languages() -> tuple[str, ...]:
    """Codes of the languages that have a catalogue (ISO 639-1, such as "nb")."""
    names = (entry.name for entry in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if _LANGUAGE_FILE.fullmatch(name)))


@cache
def sections(language: str) -> dict[str, dict[str, Any]]:
    """Everything that a language's file says. Raises UnknownTextError for a language without one."""
    if language not in languages():
        raise UnknownTextError(f"no guidance in language {language!r}; there is {', '.join(languages())}")
    return tomllib.loads((files(__package__) / f"{language}.toml").read_text(encoding="utf-8"))


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
    """The sentence, or the bare name of what a newer firmware says and the catalogue does not know."""
    try:
        return say(f"{section}.{name}", language)
    except UnknownTextError:
        return name


def reason_key(reason: str) -> str:
    """Key of the sentence about why a scan was not read or not finished: a reason, the reader's trouble, or a cause."""
    section, _, name = reason.partition("_")
    if section == "reading":
        return f"reading.{name}"
    return f"reason.{reason}" if section == "mrz" else f"cause.{reason}"


def say_reason(reason: str, language: str) -> str:
    """The sentence about why a scan was not read or not finished."""
    section, _, name = reason_key(reason).partition(".")
    return say_or_name(section, name, language)
