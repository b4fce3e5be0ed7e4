"""Sentences by key and language, from one TOML file a language beside this module.

A key is "section.name". The names of states, causes, parts and faults are those of the wire protocol, the names of
reasons those of the verdict, so no table stands between a message and what to say about it. A further language is a
further file with the same keys.
"""

import tomllib
from functools import cache
from importlib.resources import files

DEFAULT_LANGUAGE = "nb"


class UnknownTextError(LookupError):
    """No such language, no such key, or a value missing that the sentence needs: a defect of the caller."""


def languages() -> tuple[str, ...]:
    """Codes of the languages that have a catalogue (ISO 639-1, such as "nb")."""
    names = (entry.name for entry in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language by key. Raises UnknownTextError for a language without a catalogue."""
    if language not in languages():
        raise UnknownTextError(f"no guidance in language {language!r}; there is {', '.join(languages())}")
    text = (files(__package__) / f"{language}.toml").read_text(encoding="utf-8")
    sections: dict[str, dict[str, str]] = tomllib.loads(text)
    return {f"{section}.{name}": sentence for section, names in sections.items() for name, sentence in names.items()}


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
