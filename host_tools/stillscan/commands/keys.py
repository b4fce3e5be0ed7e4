"""``stillscan keys``: the keys of this kiosk: shown, exchanged, put under a passphrase, kept in one file, put back."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from stillscan.commands.records import add_place, expect_new, expect_unsigned, output_bytes, read_input, records
from stillscan.commands.records import keys as opened
from stillscan.commands.signing_in import add_staff, signed_in
from stillscan.errors import InputError
from stillscan.guidance import counted
from stillscan.records.backup import backup, contents, is_sealable, kept, restore
from stillscan.records.exchanging import rotate
from stillscan.records.keyring import Keyring
from stillscan.records.passphrase import stored_passphrase
from stillscan.records.public_keys import raw
from stillscan.records.staff import Role
from stillscan.records.wrapping import MOST_PASSPHRASE, is_sealed
from stillscan.terminal.asking import asked_unseen, at_terminal

_MOST_LINE = 8 * MOST_PASSPHRASE  # characters of a line of standard input that are looked at
_FINGERPRINT = 16  # bytes: nobody finds another key with the same ones, and people can compare them


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "keys",
        help="show, exchange, wrap, back up and restore the keys of this kiosk",
        description="The keys by which this kiosk signs. Passphrases are lines of standard input, or are asked for on "
        "a terminal; never options.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    list_ = _action(actions, "list", _list, "whose keys are trusted here, and which secrets are wrapped")
    list_.description = "The fingerprint is of the key in force; compare it with what 'keys list' says at that kiosk."
    add_staff(
        _action(actions, "rotate", _rotate, "exchange this kiosk's key, by an entry that the old and the new key sign"),
        "the supervisor or technician who does it",
    )
    wrap = _action(actions, "wrap", _wrap, "put this kiosk's secrets under a passphrase, or under another one")
    wrap.description = (
        "From then on each start needs it: STILLSCAN_PASSPHRASE_FILE=FILE, a credential of systemd named "
        "stillscan-passphrase, or a terminal. On standard input: the passphrase, or the old one and then the new one."
    )
    _action(actions, "unwrap", _unwrap, "secrets lie plain in the folder again")
    keep = _action(actions, "backup", _backup, "the keys and notes of the folder, in one file under a passphrase")
    keep.add_argument("file", metavar="FILE", help="a new file; one that is there is not overwritten")
    back = _action(actions, "restore", _restore, "put a backup back; nothing that differs is overwritten")
    back.add_argument("file", metavar="FILE", help="what 'keys backup' wrote")
    back.description = "Notes of how far the chain went, and of the time, are never put back to older ones."


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: object,
    help_: str,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".")
    add_place(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)
    return parser


def _list(args: argparse.Namespace) -> int:
    keyring = opened(args)
    keyring.guard()
    files = contents(keyring.folder)
    kiosks = [Path(name).stem for name in files if name.endswith(".pub")]
    told = []
    for kiosk in kiosks:
        known = keyring.keys_of(kiosk)
        print_ = hashlib.sha256(bytes.fromhex(raw(known.current))).hexdigest()[: 2 * _FINGERPRINT]
        told.append({"kiosk": kiosk, "own": kiosk == keyring.kiosk, "since": known.keys[-1][0], "fingerprint": print_})
    secrets = {name: is_sealed(content) for name, content in files.items() if is_sealable(name)}
    if args.json:
        for line in (*told, *({"secret": name, "wrapped": sealed} for name, sealed in secrets.items())):
            print(json.dumps(line))
        return 0
    for one in told:
        words = f"since entry {one['since']}" if one["since"] else "its first"
        print(f"{one['kiosk']}{' (this kiosk)' * bool(one['own'])}  SHA256:{one['fingerprint']}  {words}")
    for name, sealed in secrets.items():
        print(f"{name}: {'wrapped' if sealed else 'plain'}")
    return 0


def _rotate(args: argparse.Namespace) -> int:
    with records(args) as (database, keyring):
        person = signed_in(args, database, keyring, Role.SUPERVISOR, Role.TECHNICIAN)
        entry = rotate(database, keyring, {"staff": person.staff, "role": str(person.role)})
    told = {"entry": entry.seq, "kiosk": keyring.kiosk}
    print(json.dumps(told) if args.json else f"entry {entry.seq}: {keyring.kiosk} signs with a new key from now on")
    return 0


def _wrap(args: argparse.Namespace) -> int:
    keyring = _asking(args)
    keyring.guard()
    expect_unsigned(args, keyring)
    keyring.public_pem()  # there is something to wrap; when it is wrapped already, its passphrase is asked for first
    keyring.keyed("made", b"")
    keyring.wrapping.wrap(_sealable(keyring), _new("new passphrase" if keyring.wrapping.on else "passphrase"))
    print(json.dumps({"wrapped": True}) if args.json else f"{keyring.folder}: each start needs the passphrase now")
    return 0


def _unwrap(args: argparse.Namespace) -> int:
    keyring = _asking(args)
    keyring.guard()
    if not keyring.wrapping.on:
        raise InputError(f"{keyring.folder}: nothing is wrapped there")
    keyring.wrapping.unwrap(_sealable(keyring))
    print(json.dumps({"wrapped": False}) if args.json else f"{keyring.folder}: the secrets lie plain there now")
    return 0


def _backup(args: argparse.Namespace) -> int:
    keyring = opened(args)
    expect_new(args.file)
    content = backup(keyring, _new("passphrase of the backup"))
    output_bytes(args.file, content)
    names = sorted(kept(keyring.folder))
    if args.json:
        print(json.dumps({"file": args.file, "names": names}))
    else:
        print(f"{args.file}: {counted(len(names), 'file')} of {keyring.folder}; keep its passphrase elsewhere")
    return 0


def _restore(args: argparse.Namespace) -> int:
    keyring = opened(args)
    content = read_input(args.file)
    done = restore(keyring, Path(args.file), content, _asked("passphrase of the backup"))
    if args.json:
        print(json.dumps(done._asdict()))
        return 0
    print(f"{keyring.folder}: {counted(len(done.written), 'file')} put back, there already: {len(done.same)}")
    for name in done.kept:
        print(f"{name}: is newer there than in the backup, and stays")
    return 0


def _asking(args: argparse.Namespace) -> Keyring:
    """The keys, whose passphrase is asked for as this command asks: from standard input too."""
    return opened(args, lambda _: stored_passphrase() or _asked("passphrase"))


def _sealable(keyring: Keyring) -> list[Path]:
    return [keyring.folder / name for name in contents(keyring.folder) if is_sealable(name)]


def _new(prompt: str) -> str:
    """A passphrase that is to be kept: one line of standard input, or typed twice on a terminal. InputError."""
    first = _asked(prompt)
    if at_terminal() and _asked("the same again") != first:
        raise InputError("the passphrase: the two are not the same; nothing was changed")
    return first


def _asked(prompt: str) -> str:
    """One passphrase. InputError when there is none."""
    if sys.stdin is None:
        raise InputError("the passphrase: standard input is closed; it is a line there")
    try:
        line = asked_unseen(f"{prompt}: ", _MOST_LINE)
    except UnicodeDecodeError:
        raise InputError("the passphrase: is not UTF-8 text") from None
    except EOFError:
        line = ""
    if not line:
        raise InputError("the passphrase: is empty; it is a line of standard input, or is typed in a terminal")
    return line
