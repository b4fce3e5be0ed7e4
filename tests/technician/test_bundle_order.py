"""In which order `bundle read` tells what it found: a cause before what follows from it, else what does more harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stillscan.cli import main
from stillscan.technician.bundle.archive import files, zipped
from stillscan.technician.bundle.findings import BundleFinding, findings, rules
from stillscan.technician.bundle.opened import Bundle

STARVED = (
    "WARNING stillscan.terminal.standstill: other programs have the computer: in 60 s this one waited 51 s to run, "
    "and ran 5 s"
)
GIVEN_UP = "INFO stillscan.kiosk: check: gave_up, time, 9 sweeps"
VERIFIED = "INFO stillscan.kiosk: check: verified, ok, 1 sweep"
TAKEN = "INFO stillscan.kiosk: check: gave_up, removed, 1 sweep"
UNREAD = "INFO stillscan.kiosk: check: gave_up, mrz_uncertain, 5 sweeps"
OTHER_WAY = "INFO stillscan.scanning.check: the document slid: the flow sensor counted 1453 um, the lines show -1453 um"
WORN = {"measured": [{"part": "flow", "measurement": "noise", "value": 0.4, "ok": False}]}
ELSEWHERE = {"checks": 10, "hours": [{"hour": "2026-11-28T10Z", "reasons": [{"reason": "wrong_office", "count": 9}]}]}


def found(*said: str, **facts: Any) -> list[BundleFinding]:
    told = {f"{name}.json": value for name, value in facts.items()}
    return findings(Bundle(told, {"kiosk-log.txt": [f"2026-11-28T10:00:00.000Z {line}" for line in said]}, "", ""))


def names(*said: str, **facts: Any) -> list[str]:
    return [one.name for one in found(*said, **facts)]


def test_what_rules_cause_are_rules_and_none_follows_from_itself() -> None:
    causes = {rule.name: rule.causes for rule in rules()}
    assert set().union(*causes.values()) <= causes.keys()

    def follow(name: str, above: tuple[str, ...] = ()) -> None:
        assert name not in above, (*above, name)
        for effect in causes[name]:
            follow(effect, (*above, name))

    for name in causes:
        follow(name)


@pytest.mark.parametrize(
    ("said", "facts", "order"),
    [
        ([VERIFIED, *[STARVED] * 3], {"checks": ELSEWHERE}, ["wrong_office", "starved"]),
        ([*[GIVEN_UP] * 4, *[STARVED] * 3], {}, ["starved", "given_up"]),
        ([VERIFIED], {"checks": ELSEWHERE, "parts": WORN}, ["wrong_office", "part_worn"]),
        ([*[TAKEN] * 4], {"checks": ELSEWHERE, "parts": WORN}, ["part_worn", "taken_away", "wrong_office"]),
        (
            [*[GIVEN_UP] * 4, *[STARVED] * 3],
            {"checks": ELSEWHERE},
            ["starved", "given_up", "wrong_office"],
        ),
        ([*[UNREAD, *[OTHER_WAY] * 2, VERIFIED] * 4], {}, ["sensor_doubted", "dirty_glass"]),
        (["WARNING stillscan.kiosk: scanner trouble: x (gone)"] * 3, {"scanner": {"supply_mv": 4100}},
         ["supply_low", "link_lost"]),
    ],
)  # fmt: skip
def test_a_cause_stands_before_what_follows_and_else_what_harms_more(
    said: list[str], facts: dict[str, Any], order: list[str]
) -> None:
    assert names(*said, **facts) == order


def test_what_may_follow_says_from_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = [*[GIVEN_UP] * 4, *[STARVED] * 3]
    first, second = found(*said)
    assert (first.follows_from, second.follows_from) == ((), ("starved",))
    log = "".join(f"2026-11-28T10:00:00.000Z {line}\n" for line in said)
    out = tmp_path / "out.zip"
    out.write_bytes(zipped(files({"kiosk-log.txt": log})))
    assert main(["bundle", "read", str(out)]) == 1
    assert "[given_up, weight 63, may follow from 1]" in capsys.readouterr().out
