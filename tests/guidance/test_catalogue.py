"""Every language says everything that the scanner and the verdict can report, with the same placeholders."""

import re
from string import Formatter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import wire
from stillscan.counter.held_reading import Ended
from stillscan.errors import DeviceTrouble, one_line
from stillscan.guidance import DEFAULT_LANGUAGE, UnknownTextError, catalogue, language_name, languages, say
from stillscan.guidance.catalogue import say_or_name, say_reason, sections
from stillscan.scanning.inspection import NoticeKind
from stillscan.verify import OK, REASONS

PLACEHOLDERS = {"mm": 43, "line": 2, "first": 5, "last": 9, "name": "17"}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_norwegian_both_ways_and_english_are_there() -> None:
    assert {"nb", "nn", "en"} <= set(languages())
    assert say("state.empty") == say("state.empty", DEFAULT_LANGUAGE) == say("state.empty", "nb")


@pytest.mark.parametrize("language", languages())
def test_languages_have_the_same_keys_and_placeholders(language: str) -> None:
    here, there = catalogue(language), catalogue(DEFAULT_LANGUAGE)
    assert here.keys() == there.keys()
    assert {key: placeholders(here[key]) for key in here} == {key: placeholders(there[key]) for key in there}


@pytest.mark.parametrize("language", languages())
def test_page_and_papers_have_the_same_keys_and_placeholders(language: str) -> None:
    here, there = sections(language), sections(DEFAULT_LANGUAGE)
    assert here.keys() == there.keys()
    for section in ("page", "service", "tour", "fleet", "why", "advice_clerk", "advice_customer", "advice_call"):
        assert {key: placeholders(text) for key, text in here[section].items()} == {
            key: placeholders(text) for key, text in there[section].items()
        }
    assert {name: paper.keys() for name, paper in here["papers"].items()} == {
        name: paper.keys() for name, paper in there["papers"].items()
    }
    for name, paper in here["papers"].items():
        for part, text in paper.items():
            assert placeholders(text) == placeholders(there["papers"][name][part]), (name, part)
    assert language_name(language).isalpha()


@pytest.mark.parametrize("language", languages())
def test_every_sentence_is_one(language: str) -> None:
    for key in catalogue(language):
        sentence = say(key, language, **PLACEHOLDERS)
        assert re.fullmatch(r"[A-ZÆØÅ][^{}<>\n]{5,118}[.?!]", sentence), key


def test_languages_differ() -> None:
    # A sentence copied and not translated would be equal everywhere; nb and nn may share a few short ones.
    nb, nn, en = catalogue("nb"), catalogue("nn"), catalogue("en")
    assert [key for key in nb if en[key] in (nb[key], nn[key])] == []
    assert [key for key in nb if nb[key] == nn[key]] == []


ONE_WORD = {  # beside the word that the language's file uses: another spelling or word for the same
    "nb": ["brukerstøtte", "kobler til igjen"],
    "nn": ["brukarstøtte", "koplar til att", r"gjev\w*", "augneblink", "igjen", "lever ut"],
    "en": ["knocks?", "the program may not"],
}


@pytest.mark.parametrize("language", ONE_WORD)
def test_a_language_has_one_word_for_a_thing(language: str) -> None:
    text = "\n".join(said for section in sections(language).values() for said in map(str, section.values()))
    assert [word for word in ONE_WORD[language] if re.search(rf"\b{word}\b", text, re.IGNORECASE)] == []
    # Norwegian ends a clause that stands within a sentence with a comma
    assert re.findall(r"[Dd]en som bet\w+ deg [a-zæøå]+", text) == []


def test_everything_the_protocol_reports_has_a_sentence() -> None:
    wanted = {f"state.{name}" for name in wire.STATES} | {"state.reading"}
    wanted |= {f"notice.{kind}" for kind in get_args(NoticeKind)}
    # "none" is nothing to talk about, and a finished sweep is said by the state.
    wanted |= {f"cause.{name}" for name in wire.CAUSES if name not in ("none", "finished")}
    wanted |= {f"part.{name}" for name in wire.PARTS if name != "none"}
    wanted |= {f"fault.{name}" for name in wire.FAULTS if name != "none"}
    wanted |= {f"reason.{name}" for name in (*REASONS, OK)} | {"outcome.verified", "outcome.refused"}
    wanted |= {f"device.{name}" for name in get_args(DeviceTrouble)} | {"reading.late", "reading.failed"}
    wanted |= {f"reading.{why}" for why in get_args(Ended)} | {"reading.other"}
    wanted |= {"sensor.accelerometer", "sensor.carriage", "sensor.flow", "sensor.flow_opposite"}
    wanted |= {f"newer.{section}" for section in ("state", "cause", "part", "fault", "reason", "other")}
    known = {key for key in catalogue(DEFAULT_LANGUAGE) if not key.startswith("quality.")}  # those are the reader's
    assert known == wanted


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", ["17", "tilt_sensor", "x" * 1000, "\x1b[2J\u202e\n{mm}", ""])
def test_what_a_newer_firmware_names_is_a_sentence_with_its_name(name: str, language: str) -> None:
    for section in ("state", "cause", "part", "fault", "reason", "sensor"):
        said = say_or_name(section, name, language)
        assert re.fullmatch(r"[A-ZÆØÅ][^\x00-\x1f\u202e]{5,150}[.]", said)
        assert f"({one_line(name)[:40]})" in said
    assert say_reason(name, language).startswith(say_or_name("cause", name, language)[:20])


def test_values_are_put_in_and_not_read_as_placeholders() -> None:
    assert "{line}" in say("quality.streak", mm="{line}")


def test_missing_value_is_named() -> None:
    with pytest.raises(UnknownTextError, match=r"quality\.streak.*mm"):
        say("quality.streak")


@pytest.mark.slow
@given(st.text(), st.text())
def test_unknown_keys_and_languages_are_told_apart(key: str, language: str) -> None:
    if key not in catalogue("nb"):
        with pytest.raises(UnknownTextError, match="no guidance for"):
            say(key)
    if language not in languages():
        with pytest.raises(UnknownTextError, match="no guidance in language"):
            say("state.empty", language)
