"""The scanner that a technician's command is about: a serial port, or a simulated one; paired or not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from kiosk import wire
from stillscan.commands.office import unrecorded_gate
from stillscan.commands.parser import simulated_group
from stillscan.commands.recording import add_record_link, linked, played
from stillscan.commands.records import add_place, keys
from stillscan.commands.signing_in import add_staff, given_pin, named
from stillscan.commands.world import DIRT_HELP, SAMPLE, scene
from stillscan.errors import DeviceError, InputError
from stillscan.link.identity import Admission, anybody
from stillscan.link.messages import Hello
from stillscan.link.serial_port import SerialTransport
from stillscan.link.session import Session
from stillscan.link.transport import Transport
from stillscan.records.errors import RecordsError
from stillscan.simulator.kiosk import AGEING, FAULTS, SimulatedKiosk
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.held_port import find
from stillscan.technician.ports import find_port
from stillscan.technician.through_kiosk import KioskPort

_SIMULATED = "sim"
_FAULT_HELP = "a part that is broken, or has aged; 'scanner test --help' lists them"
_VISIT_S = 60.0  # a simulated hand's movements are drawn for so long


def add_port(parser: argparse.ArgumentParser, *, at_length: bool = False) -> None:
    """--port, --json, where the keys are, and what a simulated scanner is like; ``at_length`` its faults by name."""
    parser.add_argument(
        "--port", metavar="PORT|sim", help="serial port, sim, or play:FILE (default: the board that is plugged in)"
    )
    add_record_link(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    kiosk = parser.add_argument_group("of the kiosk, where it holds the port, or the scanner is paired")
    add_staff(kiosk, "a technician, for a scanner that a running kiosk holds")
    add_place(kiosk)
    simulated = simulated_group(parser)
    simulated.add_argument("--seed", type=int, default=1, metavar="N", help="which scanner of many (default: 1)")
    simulated.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help=f"a part that is broken, or has aged: {', '.join((*FAULTS, *AGEING))}" if at_length else _FAULT_HELP,
    )
    simulated.add_argument("--dirt", default="clean", metavar="PROFILE", help=DIRT_HELP)


@contextmanager
def at_scanner(args: argparse.Namespace, *, asks_only: bool = False) -> Iterator[AtScanner]:
    """A session with it, once it has started; closed at the end. ``asks_only``: no key is needed for the questions.

    Through the running kiosk where one holds its port, with a technician's sign-in: SignInError, NotAllowedError.
    DeviceError: it is not there, is used by another program, or is paired with another kiosk.
    """
    with ExitStack() as closing:
        port = _transport(args)
        closing.callback(port.close)
        transport = closing.enter_context(linked(args, lambda: port))()
        if isinstance(port, KioskPort):
            admission: Admission = anybody  # the kiosk has seen to it
        else:
            admission = _for_technicians(closing.enter_context(unrecorded_gate(args, True)), asks_only)
        session = Session(transport, admission=admission)
        session.open(0)
        closing.callback(session.inbox.close)
        at = AtScanner(session)
        if isinstance(port, KioskPort):
            session.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS)
            at.learn()
            yield at
            return
        closing.callback(_leave, session)
        if not _sealed(session):
            session.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS)
            at.ready()
        if isinstance(port, SimulatedKiosk):
            for fault in args.fault:
                if fault in AGEING:
                    port.fail(fault)  # since it was calibrated, at its first start
        yield at


def _leave(session: Session) -> None:
    """The scanner says no more by itself: the next session is not met by what was meant for this one."""
    if not _sealed(session):
        with suppress(DeviceError):
            session.send(wire.C_SUBSCRIBE, 0)
            session.health()  # answered when that was carried out


def _sealed(session: Session) -> bool:
    """Is it a scanner that is paired, whose key this computer does not have? It says its state to nobody else."""
    paired = session.hello is not None and session.hello.scanner_id is not None
    return paired and session.identity is not None and session.identity.scanner is None


def _for_technicians(gate: Admission, asks_only: bool) -> Admission:
    def admission(hello: Hello, transport: Transport) -> bytes | None:
        if hello.scanner_id is None:
            return None  # a scanner that is not paired obeys everybody
        try:
            return gate(hello, transport)
        except DeviceError:
            if not asks_only:
                raise
            return None

    return admission


def through_kiosk(args: argparse.Namespace, port: str) -> KioskPort:
    """The port by way of the kiosk that holds it. InputError without --staff; SignInError, NotAllowedError;
    DeviceError: none that can be asked holds it."""
    try:
        held = find(keys(args).folder, port)
    except RecordsError:
        held = None  # of another account
    if held is None:
        raise DeviceError(
            f"{port}: another program uses the scanner. If it is 'stillscan run': give this the same --database and "
            "--keys, as the same account, or sign in as a technician at its page, /service. Otherwise end that program "
            "('systemctl stop stillscan' where it is a service)",
            "busy",
        )
    if args.staff is None:
        raise InputError(
            f"{port}: the running kiosk holds the scanner; sign in as a technician with --staff ID (the PIN is asked "
            f"for, or the first line of standard input), or at {held.url}/service"
        )
    through = KioskPort(held)
    try:
        through.sign_in(named(args), given_pin(args))
    except BaseException:
        through.close()
        raise
    return through


def _transport(args: argparse.Namespace) -> Transport:
    if args.port != _SIMULATED:
        playing = played(args.port)
        if playing is not None:
            return playing()
        port = find_port(args.port)
        try:
            return SerialTransport(port)
        except DeviceError as error:
            if error.kind == "busy":
                return through_kiosk(args, port)
            raise
    known = {**FAULTS, **AGEING}
    if unknown := [fault for fault in args.fault if fault not in known]:
        raise InputError(f"--fault: no fault '{unknown[0]}'; there are: {', '.join(known)}")
    world = scene(SAMPLE, None, "still", args.dirt, args.seed, _VISIT_S)
    kiosk = SimulatedKiosk(world)
    for fault in args.fault:
        if fault in FAULTS:
            kiosk.fail(fault)
    return kiosk
