"""``stillscan scanner calibrate``: white strip, flow scale, test card, axes; and what this computer keeps of them."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stillscan.commands.at_scanner import add_port, at_scanner
from stillscan.commands.in_words import speaks, words
from stillscan.commands.records import records
from stillscan.commands.signing_in import signed_in
from stillscan.errors import InputError
from stillscan.guidance import service_texts
from stillscan.guidance.technicians import Words
from stillscan.records.place import data_folder
from stillscan.records.services import ServiceDone, Services
from stillscan.records.staff import Person, Role
from stillscan.simulator.glass import Page
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.technician.alignment import Aligned, align_axes, align_card, align_flow, levels, set_flow
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.calibrating import calibrate, due
from stillscan.technician.calibrations import (
    AXES,
    CARD,
    FLOW,
    KINDS,
    STRIP,
    UNKNOWN,
    Calibrated,
    Calibrations,
    next_due,
)
from stillscan.technician.card import marks
from stillscan.technician.hands import AskedHands, Hands, SimulatedHands
from stillscan.technician.procedures.report import told

_FILE = "calibrations.json"
_SPECK = {
    where: f"a speck of {{size_mm}} mm on the {where}, {{x_mm}} mm from the left" for where in ("strip", "sensor")
}


def add_calibrate(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``calibrate``."""
    parser = actions.add_parser(
        "calibrate",
        help="measure its white strip anew (the glass has to be empty), or flow scale, test card, axes",
        description="Measures the white strip anew at two places; with --flow, --card or --axes something else. "
        "This computer keeps date, person, temperature and values of each. Exit code: 0 done, 1 a value is not as it "
        "has to be, 2 bad input, 3 device trouble.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--flow",
        action="store_true",
        help="the flow sensor's scale: the test card is laid down and slid",
    )
    what.add_argument("--card", action="store_true", help="row pitch, squareness and more, from the test card")
    what.add_argument("--axes", action="store_true", help="the accelerometer's axes, from gravity")
    parser.add_argument(
        "--back", action="store_true", help="go back to the former calibration instead (also with --flow)"
    )
    add_folder(parser)
    add_port(parser)
    speaks(parser, _calibrate)


def add_folder(parser: argparse.ArgumentParser) -> None:
    """--folder."""
    parser.add_argument(
        "--folder",
        metavar="FOLDER",
        help="where calibrations are kept (default: service in the user's data folder; of a simulated scanner nowhere)",
    )


def _calibrations(args: argparse.Namespace) -> Calibrations:
    if args.folder:
        return Calibrations(Path(args.folder) / _FILE)
    return Calibrations(None if args.port == "sim" else data_folder() / "service" / _FILE)


def kept(args: argparse.Namespace, at: AtScanner) -> list[dict[str, Any]]:
    """Of each kind: when, by whom, at which temperature, with which values; when the next is due, and why."""
    identity = at.identity()
    known, now = _calibrations(args), datetime.now(UTC)
    setting = at.session.settings().get("flow_scale")
    found = []
    for kind in KINDS:
        last = known.last(identity.number or UNKNOWN, kind)
        if kind == STRIP and last is not None and datetime.fromisoformat(last.when).timestamp() != identity.calibrated:
            last = None  # another computer has calibrated since, or the former one was brought back
        when = next_due(last, kind, now, None if setting is None else setting.value) if kind != STRIP else due(identity)
        empty: dict[str, Any] = {"when": None, "staff": None, "temperature_c": None, "values": {}}
        found.append({**(empty if last is None else last._asdict()), "kind": kind, "next": when})
    return found


def _calibrate(args: argparse.Namespace) -> int:
    kind = FLOW if args.flow else CARD if args.card else AXES if args.axes else STRIP
    if args.back and kind in (CARD, AXES):
        raise InputError(f"--back: nothing in the scanner was changed by --{kind}")
    person = None
    if args.staff is not None:
        with records(args) as (database, keyring):
            person = signed_in(args, database, keyring, Role.TECHNICIAN)
    known = _calibrations(args)
    now = datetime.now(UTC).replace(microsecond=0)
    result: dict[str, Any] = {}
    with at_scanner(args) as at:
        serial = at.identity().number or UNKNOWN
        if kind == STRIP:
            result = calibrate(at, int(now.timestamp()), back=args.back)
            aligned = Aligned({} if args.back else levels(at), [])
        elif args.back:
            aligned = _flow_back(at, known, serial)
        else:
            aligned = _aligned(kind, at, words(args))
        temperature_c = at.identity().temperature_c
        simulated = isinstance(at.session.transport, SimulatedKiosk)
    done = Calibrated(kind, now.isoformat(), person and person.staff, temperature_c, aligned.values)
    entry = None
    counts = aligned.wrong is None and not (kind == STRIP and args.back)
    if counts and person is not None:
        entry = _sign(args, serial, done, person, aligned, simulated=simulated)
    wrong = aligned.wrong is not None or not all(one.ok for one in aligned.judged)
    if args.json:
        record = {**done._asdict(), **result, "entry": entry, "wrong": aligned.wrong}
        print(json.dumps({**record, "judged": [one._asdict() for one in aligned.judged]}))
    else:
        _show(args, done, result, aligned)
    if counts:
        known.note(serial, done)  # last: the scanner is calibrated, whatever becomes of the note
    return int(wrong)


def _aligned(kind: str, at: AtScanner, say: Words) -> Aligned:
    transport = at.session.transport
    hands: Hands = AskedHands(_say, service_texts(say.language))
    if isinstance(transport, SimulatedKiosk):
        hands = SimulatedHands(transport, Page.from_array(marks.picture()))
    if kind == FLOW:
        return align_flow(at, hands)
    return align_card(at, hands) if kind == CARD else align_axes(at)


def _flow_back(at: AtScanner, known: Calibrations, serial: str) -> Aligned:
    last = known.last(serial, FLOW)
    former = last.values.get("former") if last is not None else None
    if not isinstance(former, int):
        raise InputError("--back: this computer knows of no former flow scale of this scanner")
    return Aligned({"flow_scale": former, "former": set_flow(at, former)}, [])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _sign(
    args: argparse.Namespace, serial: str, done: Calibrated, person: Person, aligned: Aligned, *, simulated: bool
) -> int:
    """The number of its entry in the audit chain."""
    name = f"calibration-{done.kind}-{serial}-{datetime.fromisoformat(done.when):%Y%m%d-%H%M%S}"
    outcome = "passed" if all(one.ok for one in aligned.judged) else "failed"
    digest = hashlib.sha256(json.dumps(done._asdict(), sort_keys=True).encode()).hexdigest()
    signed = ServiceDone(
        name, "calibration", outcome, serial, {"values": digest}, person.staff, str(person.role), simulated
    )
    with records(args) as (database, keyring):
        return Services(database, keyring).note(signed)


def _show(args: argparse.Namespace, done: Calibrated, result: dict[str, Any], aligned: Aligned) -> None:
    say = words(args)
    if aligned.wrong is not None:
        print(say(f"not calibrated: {aligned.wrong}"))
    elif done.kind == STRIP:
        what = "back to the former calibration at {degrees} C" if args.back else "calibrated at {degrees} C"
        print(say(what.format(degrees=result["temperature_c"])))
        for where in ("strip", "sensor"):
            for speck in result[where]:
                print(f"  {say(_SPECK[where].format(**speck))}")
        if result["advice"]:
            print(f"  {say(result['advice'])}")
        print(say("next: {when}").format(when=say(result["next"])))
    for one in aligned.judged:
        print(f"  {told(one, say)}" + (f"; {say(one.advice)}" if one.advice else ""))
    if aligned.wrong is None and done.kind != CARD:
        for name, value in done.values.items():
            print(f"  {say(name)}: {say.number(value, '') if isinstance(value, float) else value}")
