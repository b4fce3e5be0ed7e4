"""What helps: for each reason what the clerk does, what the customer does and whom to call, in whole sentences.

Which helps against which is a table (advice.toml, keyed as the sentences are), the words stand with the language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from stillscan.guidance.catalogue import known_key, sections


class Advice(NamedTuple):
    """Of three kinds of people, what each does; as keys of the table, or as sentences."""

    clerk: str
    customer: str
    call: str


@cache
def table() -> dict[str, Advice]:
    """Keys of what helps, by the key of the sentence that says what happened ("reason.document_expired")."""
    groups = tomllib.loads((files(__package__) / "advice.toml").read_text(encoding="utf-8"))["advice"]
    return {key: Advice(group["clerk"], group["customer"], group["call"]) for group in groups for key in group["for"]}


def advice_on(keys: Iterable[str], language: str) -> dict[str, list[str]]:
    """What each of the three does about all that happened, in order, nothing said twice. By "clerk" and so on.

    That nobody is to be called is said only when that is so for everything.
    """
    found: dict[str, dict[str, None]] = {person: {} for person in Advice._fields}
    for key in map(known_key, keys):
        if key in table():
            for person, action in table()[key]._asdict().items():
                found[person].setdefault(action)
    if len(found["call"]) > 1:
        found["call"].pop("nobody", None)
    words = sections(language)
    return {person: [words[f"advice_{person}"][action] for action in actions] for person, actions in found.items()}
