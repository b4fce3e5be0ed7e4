"""One voice: the question, the scanner and what helps never speak of two things at a time."""

from collections.abc import Callable

import pytest
from books import NORWEGIAN
from played import Played
from test_page import T, accessible, type_tracking, until, wait_for

from kiosk import wire
from stillscan.guidance import say, say_or_name
from stillscan.guidance.advising import advice_on

pytestmark = pytest.mark.process


def shown(page, selector: str) -> bool:
    return bool(page.locator(selector).is_visible())


def test_one_voice(page, played: Played) -> None:
    guidance = page.locator("#guidance")
    assert not guidance.is_visible()
    type_tracking(page)
    wait_for(page, "scan")
    guidance.wait_for(state="visible")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    played.place()
    played.scan(170)
    until(page, "document.getElementById('row').value", 170)
    played.state(wire.DONE)
    until(page, "document.getElementById('row').value", 274)
    until(page, "document.getElementById('guidance').textContent", say("state.reading", "en"))
    played.read(NORWEGIAN)
    wait_for(page, "face")
    guidance.wait_for(state="hidden")
    assert not page.locator("#strip").is_visible()
    played.unplug()
    guidance.wait_for(state="visible")


def test_why_a_scan_failed_is_said_with_what_helps_until_the_next_one_begins(page, played: Played) -> None:
    """Beside a scan that goes on it would be a second voice, and one that speaks of another scan."""
    type_tracking(page)
    wait_for(page, "scan")
    for reason, key in (("mrz_uncertain", "reason.mrz_uncertain"), ("removed", "cause.removed")):
        played.place()
        played.scan(60)
        played.give_up(reason)
        page.locator(".failure").wait_for(state="visible")
        for sentences in advice_on([key], "en").values():
            assert sentences[0] in page.inner_text(".failure .advice")
        accessible(page)
        played.state(wire.EMPTY)
        page.wait_for_timeout(100)
        assert shown(page, ".failure")
        played.place()
        page.locator(".failure").wait_for(state="hidden")
        for act in (lambda: played.scan(60), Played.slip.__get__(played), lambda: played.state(wire.DONE)):
            act()
            page.wait_for_timeout(60)
            assert not shown(page, ".failure")
        played.state(wire.EMPTY)  # lifted before anything came of it
        page.locator(".failure").wait_for(state="visible")


@pytest.mark.parametrize("trouble", ["busy", "gone", "lost", "unpaired"])
def test_a_scanner_that_cannot_be_used_is_said_with_what_helps(page, played: Played, trouble: str) -> None:
    type_tracking(page)
    wait_for(page, "scan")
    assert not shown(page, "#helps")
    played.counter.trouble("port: no", trouble)
    page.locator("#helps").wait_for(state="visible")
    for person, (sentence,) in advice_on([f"device.{trouble}"], "en").items():
        assert page.inner_text(f"#helps [data-for={person}] dd") == sentence
    assert not shown(page, "#strip")
    accessible(page)
    page.reload()
    page.locator("#helps").wait_for(state="visible")
    played.plug_in()
    page.locator("#helps").wait_for(state="hidden")
    assert shown(page, "#strip")


def test_what_a_newer_firmware_names_is_said_with_what_helps(page, played: Played) -> None:
    type_tracking(page)
    wait_for(page, "scan")
    played.state(wire.FAULT, part=99)
    page.locator("#helps").wait_for(state="visible")
    until(page, "document.getElementById('guidance').textContent", say_or_name("part", "99", "en"))
    for person, (sentence,) in advice_on(["part.99"], "en").items():
        assert page.inner_text(f"#helps [data-for={person}] dd") == sentence
    accessible(page)
    played.state(99)
    until(page, "document.getElementById('guidance').textContent", say_or_name("state", "99", "en"))
    played.plug_in()
    played.give_up("99")
    page.locator(".failure").wait_for(state="visible")
    assert say_or_name("cause", "99", "en") in page.inner_text(".failure")


@pytest.mark.parametrize("ends", [wire.EMPTY, wire.SCANNING])
def test_finished_is_not_said_beside_the_bar_of_the_next_scan(page, played: Played, ends: int) -> None:
    """Also not for as long as a sentence stays to be read."""
    page.evaluate("performance.now = () => 5000")  # no sentence's time is over
    type_tracking(page)
    wait_for(page, "scan")
    played.counter._device(state="done", sentence="state.done", row=274)
    until(page, "document.getElementById('guidance').textContent", say("state.done", "en"))
    played.state(ends)
    wanted = say("state.empty" if ends == wire.EMPTY else "state.scanning", "en")
    until(page, "document.getElementById('guidance').textContent", wanted)


def test_what_the_scanner_said_while_nobody_saw_it_is_not_kept_to_be_read(page, played: Played) -> None:
    page.evaluate("performance.now = () => 5000")
    played.place()
    played.read(NORWEGIAN)
    until(page, "document.getElementById('guidance').textContent", say("state.done", "en"))
    assert not shown(page, "#guidance")
    played.state(wire.EMPTY)
    until(page, "document.getElementById('guidance').textContent", say("state.empty", "en"))


ANNOUNCED = """() => {
    window.announced = []
    let before = []
    const look = () => {
        const regions = [...document.querySelectorAll('[role=alert], [role=status], [aria-live]')]
        const now = regions.filter((one) => one.checkVisibility()).map((one) => one.innerText.trim()).filter(Boolean)
        window.announced.push(...now.filter((one) => !before.includes(one)))
        before = now
    }
    look()
    const all = { subtree: true, childList: true, characterData: true, attributes: true }
    new MutationObserver(look).observe(document.body, all)
}"""


def test_a_screen_reader_hears_what_happens_in_its_order_and_each_thing_once(page, played: Played) -> None:
    page.evaluate(ANNOUNCED)
    heard: list[str] = []

    def hears(act: Callable[[], object], *sentences: str) -> None:
        act()
        for sentence in sentences:
            page.wait_for_function("words => window.announced.some((one) => one.includes(words))", arg=sentence)
            heard.append(sentence)
        # The next thing happens when this one has stood as long as a sentence stays to be read.
        page.evaluate("() => { const now = performance.now() + 5000; performance.now = () => now }")

    hears(lambda: type_tracking(page), say("state.empty", "en"))
    hears(played.place, say("state.still", "en"))
    hears(lambda: played.scan(60), say("state.scanning", "en"))
    hears(played.slip, say("state.moved", "en"))
    hears(lambda: played.give_up("mrz_uncertain"), say("state.gave_up", "en"), say("reason.mrz_uncertain", "en"))
    hears(lambda: played.state(wire.EMPTY))
    hears(lambda: played.read(NORWEGIAN))
    wait_for(page, "face")
    hears(lambda: page.keyboard.press("F9"), T["verdict_refuse"])
    announced = page.evaluate("window.announced")
    places = [next(at for at, one in enumerate(announced) if words in one) for words in heard]
    assert places == sorted(places), announced
    for words in (T["verdict_refuse"], say("state.moved", "en")):
        assert sum(words in one for one in announced) == 1
