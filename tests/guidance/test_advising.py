"""No reason without what the clerk does, what the customer does and whom to call, and none that cannot help."""

import pytest

from stillscan.guidance import catalogue, languages
from stillscan.guidance.advising import Advice, advice_on, table
from stillscan.guidance.catalogue import sections
from stillscan.guidance.customers import customer_languages, customer_texts
from stillscan.verify import REASONS

NEEDS_NONE = ("outcome.", "sensor.", "notice.")  # said of a check that goes on
SENDS_FOR_ANOTHER_DOCUMENT = {"ask_passport", "bring_passport", "worn_passport"}
ANOTHER_DOCUMENT_HELPS = {
    "reason.document_not_passport",
    "reason.emergency_passport",
    "reason.document_expired",
    "quality.other-print",
    "quality.worn-ink",
    "quality.worn-ink_one",
}


def test_every_reason_has_all_of_it() -> None:
    wanted = {key for key in catalogue("nb") if not key.startswith((*NEEDS_NONE, "state.")) and key != "reason.ok"}
    assert wanted | {"state.gave_up"} == table().keys()
    assert {f"reason.{reason}" for reason in REASONS} <= table().keys()


@pytest.mark.parametrize("language", languages())
def test_every_language_says_it_and_nothing_that_nobody_needs(language: str) -> None:
    words = sections(language)
    for person in Advice._fields:
        used = {getattr(advice, person) for advice in table().values()}
        assert words[f"advice_{person}"].keys() == used
        assert all(sentence.endswith(".") for sentence in words[f"advice_{person}"].values())
    for key in table():
        assert all(advice_on([key], language).values()), key


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    "key", ["state.17", "cause.12", "part.9", "fault.40", "reason.too_new", "sensor.x", "more.new"]
)
def test_what_a_newer_firmware_names_has_advice_too(key: str, language: str) -> None:
    assert all(advice_on([key], language).values())
    assert (
        advice_on([key, "reason.document_expired"], language)["clerk"][1:]
        == advice_on(["reason.document_expired"], language)["clerk"]
    )


def test_another_document_is_asked_for_only_where_one_helps() -> None:
    sends = {key for key, advice in table().items() if SENDS_FOR_ANOTHER_DOCUMENT & set(advice)}
    assert sends == ANOTHER_DOCUMENT_HELPS


def test_what_speaks_of_two_documents_is_said_only_where_there_are_two() -> None:
    assert {key for key, advice in table().items() if advice.clerk == "compare"} == {
        "reason.identity_number_unverifiable"
    }


def test_of_several_reasons_nothing_is_said_twice() -> None:
    both = advice_on(["reason.document_expired", "reason.emergency_passport", "reason.name_mismatch"], "en")
    assert len(both["clerk"]) == 2
    assert both["call"] == [sections("en")["advice_call"]["supervisor"]]


def test_the_customer_s_screen_speaks_six_languages_with_the_same_keys() -> None:
    assert {"nb", "nn", "en", "pl", "uk", "ar"} <= set(customer_languages())
    keys = customer_texts("nb").keys()
    for language in customer_languages():
        texts = customer_texts(language)
        assert texts.keys() == keys
        assert texts["direction"] in ("ltr", "rtl")
        assert all(texts.values())
        assert all(len(texts[key]) <= 90 for key in keys)  # few words: three lines at most of a screen at two metres
