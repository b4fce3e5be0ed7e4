"""What a bundle says: findings, a cause before what follows from it, each with its evidence and what to do.

The rules are rules.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from stillscan.technician.bundle.figures import figure
from stillscan.technician.bundle.opened import Bundle
from stillscan.technician.bundle.values import values

_MOST_EVIDENCE = 5  # pieces of one finding: a list of all settings helps nobody


class BundleRule(NamedTuple):
    """One of rules.toml; ``of_all``: all conditions have to hold, else one is enough; ``causes``: what may follow
    from it, by name."""

    name: str
    weight: int
    title: str
    advice: str
    conditions: tuple[Mapping[str, Any], ...]
    of_all: bool
    causes: frozenset[str]


class BundleFinding(NamedTuple):
    """``weight``: 100 for what stops an office, 10 for what is to be known, by itself; ``follows_from``: other findings
    that may be its causes."""

    name: str
    weight: int
    title: str
    evidence: list[str]
    advice: str
    follows_from: tuple[str, ...] = ()


@cache
def rules() -> tuple[BundleRule, ...]:
    """As rules.toml has them."""
    table = tomllib.loads((files("stillscan.technician.bundle") / "rules.toml").read_text(encoding="utf-8"))
    return tuple(
        BundleRule(
            name,
            rule["weight"],
            rule["title"],
            rule["advice"],
            tuple(rule.get("all", rule.get("any"))),
            "all" in rule,
            frozenset(rule.get("causes", ())),
        )
        for name, rule in table.items()
    )


def findings(bundle: Bundle) -> list[BundleFinding]:
    """Heaviest first; but a cause stands before all that follows from it, and is as heavy as the heaviest of that."""
    found = {one.name: one for rule in rules() if (one := _finding(rule, bundle)) is not None}
    effects = {rule.name: rule.causes & found.keys() for rule in rules() if rule.name in found}

    def heaviest(name: str) -> int:
        return max(found[name].weight, *map(heaviest, effects[name]), 0)

    def depth(name: str) -> int:
        return max((1 + depth(cause) for cause in found if name in effects[cause]), default=0)

    order = sorted(found, key=lambda name: (-heaviest(name), depth(name), -found[name].weight))
    return [
        found[name]._replace(follows_from=tuple(cause for cause in order if name in effects[cause])) for name in order
    ]


def _finding(rule: BundleRule, bundle: Bundle) -> BundleFinding | None:
    evidence: list[str] = []
    of = ""
    for condition in rule.conditions:
        seen, name = _seen(condition, bundle)
        if rule.of_all and not seen:
            return None
        evidence += seen
        of = of or name
    if not evidence:
        return None
    return BundleFinding(
        rule.name, rule.weight, rule.title.format(of=of or "?"), evidence[:_MOST_EVIDENCE], rule.advice
    )


def _seen(condition: Mapping[str, Any], bundle: Bundle) -> tuple[list[str], str]:
    """Where it holds, in words, and what it is of; nothing where it does not."""
    if "figure" in condition:
        found = figure(bundle, condition["figure"])
        return ([found.evidence], found.of) if found is not None and _holds(condition, found.value) else ([], "")
    there = [one for one in values(bundle, condition["at"]) if _holds(condition, one.value)]
    return [f"{one.where} = {_shown(one.value)}" for one in there], _name(there[0].value) if there else ""


def _name(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _holds(condition: Mapping[str, Any], value: Any) -> bool:
    if "is" in condition:
        return bool(value == condition["is"] and type(value) is type(condition["is"]))
    if "one_of" in condition:
        return isinstance(value, str) and value in condition["one_of"]
    if "none_of" in condition:
        return isinstance(value, str) and value not in condition["none_of"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return bool(value > condition["above"] if "above" in condition else value < condition["below"])
