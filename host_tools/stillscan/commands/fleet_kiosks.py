"""``stillscan fleet key`` on a kiosk, ``fleet enrol``, ``revoke`` and ``kiosks`` at the centre: who is let in."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stillscan.commands.records import add_place, expect_unsigned, keys, read_input
from stillscan.errors import InputError
from stillscan.files import trouble, write_whole
from stillscan.guidance import counted

if TYPE_CHECKING:
    from stillscan.fleet.store import Store

STATE = "STILLSCAN_CENTRE"
_MOST_CARD = 64 * 1024  # bytes: a kiosk's keys are some hundred, one more for each that was exchanged
_NKEY_LENGTH = 56  # letters of an NKey


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the actions."""
    key = subparsers.add_parser(
        "key",
        help="at a kiosk: print its card, which the centre enrols",
        description="Prints the kiosk's card as JSON: name, public keys, and the NKey by which the servers know it. "
        "Nothing of it is secret; it has to come to the centre unaltered.",
    )
    add_place(key)
    key.set_defaults(run=_key)
    enrol = subparsers.add_parser(
        "enrol",
        help="at the centre: let a kiosk in by its card, or take its new keys",
        description="Enrols the kiosk whose card is in FILE (-: standard input). A name that is enrolled is not taken "
        "over by another key.",
    )
    enrol.add_argument("file", metavar="FILE", help="what 'stillscan fleet key' printed there")
    enrol.add_argument("--office", required=True, metavar="NAME", help="where it stands")
    add_state(enrol)
    enrol.set_defaults(run=_enrol)
    revoke = subparsers.add_parser(
        "revoke",
        help="at the centre: take nothing from a kiosk any more",
        description="The centre refuses what this kiosk sends. Then write the servers' users anew (fleet users).",
    )
    revoke.add_argument("kiosk", metavar="KIOSK", help="its name")
    revoke.add_argument("--undo", action="store_true", help="let it in again")
    add_state(revoke)
    revoke.set_defaults(run=_revoke)
    users = subparsers.add_parser(
        "users",
        help="at the centre: the servers' file of users, from who is enrolled",
        description="Writes users.conf for nats-server: each kiosk may write to its own subjects alone. Then: "
        "nats-server --signal reload.",
    )
    users.add_argument("--out", metavar="FILE", default="users.conf", help="where to (users.conf)")
    add_state(users)
    add_place(users)
    users.set_defaults(run=_users)
    servers = subparsers.add_parser(
        "servers",
        help="the configuration of three servers and of an office's leaf node",
        description="Writes node-1.conf, node-2.conf, node-3.conf and leaf.conf for nats-server into a folder: TLS, "
        "JetStream on disk, users by NKey. Each event then lies on all three (fleet serve --replicas 3).",
    )
    servers.add_argument(
        "hosts", nargs=3, metavar="HOST", help="the three servers' names, as their certificates have them"
    )
    servers.add_argument("--out", required=True, metavar="FOLDER", help="where to; it is made")
    servers.add_argument("--data", default="/var/lib/nats", metavar="FOLDER", help="of their streams (/var/lib/nats)")
    servers.add_argument(
        "--certificates",
        default="/etc/nats",
        metavar="FOLDER",
        help="with cert.pem, key.pem and ca.pem of each server (/etc/nats)",
    )
    servers.set_defaults(run=_servers)


def add_state(parser: argparse.ArgumentParser) -> None:
    """--state: where the centre's state is."""
    parser.add_argument(
        "--state",
        metavar="FILE|URL",
        help=f"the centre's state: PostgreSQL as postgresql+psycopg://user@host/name, or an SQLite file for trying "
        f"(default: {STATE}, or a file in the user's data folder)",
    )


@contextmanager
def state(args: argparse.Namespace, *, create: bool = False) -> Iterator[Store]:
    """The centre's state that the arguments name. InputError, RecordsError."""
    from stillscan.fleet.connection import expect_library
    from stillscan.fleet.store import Store
    from stillscan.records.place import data_folder, named

    expect_library()
    store = Store(named(args.state, "--state", STATE) or data_folder() / "centre.db", create=create)
    try:
        yield store
    finally:
        store.close()


def _key(args: argparse.Namespace) -> int:
    from stillscan.fleet.connection import expect_library

    expect_library()
    from stillscan.fleet.nkey import public_of, seed_of

    keyring = keys(args)
    expect_unsigned(args, keyring)
    pem = keyring.public_pem().decode()
    print(json.dumps({"kiosk": keyring.kiosk, "public_key": pem, "nkey": public_of(seed_of(keyring))}))
    return 0


def _enrol(args: argparse.Namespace) -> int:
    kiosk, public_key, nkey = _card(args.file)
    with state(args, create=True) as store:
        store.enrol(kiosk, args.office, public_key.encode(), nkey=nkey)
    print(f"{kiosk} is enrolled; now write the servers' users: stillscan fleet users")
    return 0


def _card(name: str) -> tuple[str, str, str]:
    """(kiosk, public keys, NKey) of a card. InputError."""
    content = read_input(name)
    try:
        card = json.loads(content[:_MOST_CARD])  # what is longer is cut off, and no JSON any more
        kiosk, public_key, nkey = (card[field] for field in ("kiosk", "public_key", "nkey"))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"{name}: is no card; 'stillscan fleet key' prints one at the kiosk") from None
    texts = all(isinstance(one, str) for one in (kiosk, public_key, nkey))
    if not texts or len(nkey) != _NKEY_LENGTH or not (nkey.isalnum() and nkey.isascii() and nkey[0] == "U"):
        raise InputError(f"{name}: is no card; 'stillscan fleet key' prints one at the kiosk")
    return kiosk, public_key, nkey


def _revoke(args: argparse.Namespace) -> int:
    with state(args) as store:
        if not store.revoke(args.kiosk, not args.undo):
            raise InputError(f"{args.kiosk}: is not enrolled")
    print(f"{args.kiosk} is {'let in again' if args.undo else 'revoked'}")
    return 0


def _users(args: argparse.Namespace) -> int:
    from stillscan.fleet.nkey import public_of, seed_of
    from stillscan.fleet.servers import User, users_file

    with state(args) as store:
        kiosks = store.users()
        centre = User(public_of(seed_of(keys(args))), None)
        users = [centre, *(User(nkey, kiosk) for kiosk, nkey in kiosks)]
    write_whole(args.out, users_file(users).encode())
    print(f"{args.out}: {counted(len(kiosks), 'kiosk')} and this centre; now: nats-server --signal reload")
    return 0


def _servers(args: argparse.Namespace) -> int:
    from stillscan.fleet.servers import Place, cluster_files

    hosts = [_host(one) for one in args.hosts]
    if len(set(hosts)) < len(hosts):
        raise InputError("three servers on three computers: a host is named twice")
    for folder in (args.data, args.certificates):
        if not folder.startswith("/") or not folder.isprintable() or '"' in folder:
            raise InputError(f"{folder}: is no absolute path that a configuration can hold")
    files = cluster_files([Place(host) for host in hosts], args.data, args.certificates)
    try:
        Path(args.out).mkdir(parents=True)
    except OSError as error:
        raise trouble(args.out, error, "made") from None
    for name, content in files.items():
        write_whole(str(Path(args.out) / name), content.encode())
    print(f"{args.out}: {', '.join(files)}; beside each goes users.conf (stillscan fleet users)")
    return 0


def _host(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}", name):
        raise InputError(f"{name}: is no name of a host")
    return name
