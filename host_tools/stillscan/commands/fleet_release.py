"""``stillscan fleet release``: releases to kiosks, signed with TUF by people whose keys never meet a network."""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from stillscan.boards.build import compiled
from stillscan.boards.files import chip
from stillscan.boards.release import firmware_version, public_key
from stillscan.commands.fleet_kiosks import add_state, state
from stillscan.commands.release_keys import asked_passphrase, make_key, private_key, refuse_there
from stillscan.errors import InputError, MissingPackagesError
from stillscan.files import expect_folder, read_whole, trouble
from stillscan.guidance import counted
from stillscan.terminal.waiting import waited_for

if TYPE_CHECKING:
    from stillscan.fleet.rollout.release import Release
    from stillscan.fleet.rollout.repository import Repository

_KINDS = ("firmware", "known", "settings")
"""Of fleet/rollout/release.py, which needs more packages than a parser."""
_KEYS = ("root-1", "root-2", "root-3", "targets-1", "targets-2", "targets-3", "online", "rollouts")
_ONLINE = ("online", "rollouts")
"""Without a passphrase: programs sign with them, day and night."""
_MOST_SEED = 1000
"""Bytes of an NKey's seed, which has 58, and what people write around it."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command below ``stillscan fleet``."""
    parser = subparsers.add_parser(
        "release",
        help="sign what kiosks are given: firmware, known problems, settings",
        description="A repository as The Update Framework (TUF) has it. The root and the list of releases are signed "
        "by two of three people each, with keys that stay offline; what is valid today, by programs, for a day. The "
        "part 'public' of the repository is what kiosks read: copy it to any web server, or publish it --to an object "
        "store. host_tools/docs/rollouts.md has the ceremony. Exit code: 0 done, 1 refused, 2 bad input, 4 trouble "
        "with this computer.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    keys = actions.add_parser("keys", help="make keys: all for trying, or one at the computer of whoever holds it")
    keys.add_argument("folder", metavar="FOLDER", help="where they are written; public halves end in .pub")
    keys.add_argument("--only", choices=_KEYS, metavar="NAME", help=f"make this one: {', '.join(_KEYS)}")
    keys.set_defaults(run=_keys)
    init = actions.add_parser("init", help="draft who signs: at the start, and when keys change")
    init.add_argument("repository", metavar="REPOSITORY", help="folder")
    init.add_argument("--keys", required=True, metavar="FOLDER", help="with all public halves; no private one is read")
    init.set_defaults(run=_init)
    add = actions.add_parser("add", help="draft a release")
    add.add_argument("repository", metavar="REPOSITORY", help="folder")
    add.add_argument("kind", choices=_KINDS, metavar="KIND", help=f"what it is: {', '.join(_KINDS)}")
    add.add_argument("file", nargs="?", metavar="FILE", help="a list or settings; firmware is that of this package")
    add.add_argument("--centre", action="store_true", help="of known: the list that the centre keeps, and no FILE")
    add_state(add)
    add.add_argument("--board", metavar="BOARD", help="of firmware")
    add.add_argument("--version", metavar="NAME", help="its name (default for firmware: that of this package)")
    add.add_argument("--serial", type=int, metavar="N", help="its number; kiosks only go forward (default: the next)")
    add.set_defaults(run=_add)
    withdraw = actions.add_parser("withdraw", help="draft that a release is none any more")
    withdraw.add_argument("repository", metavar="REPOSITORY", help="folder")
    withdraw.add_argument("path", metavar="PATH", help="of the release, as 'verify' lists it")
    withdraw.set_defaults(run=_withdraw)
    sign = actions.add_parser("sign", help="sign what is drafted, with a key of one's own")
    sign.add_argument("repository", metavar="REPOSITORY", help="folder")
    sign.add_argument("--key", required=True, metavar="KEYFILE", help="the private key")
    sign.set_defaults(run=_sign)
    publish = actions.add_parser("publish", help="make drafts valid, and all that is published for another day")
    publish.add_argument("repository", metavar="REPOSITORY", help="folder")
    add_online(publish, required=True)
    publish.add_argument("--renew", action="store_true", help="leave drafts where they are")
    publish.set_defaults(run=_publish)
    verify = actions.add_parser("verify", help="what would a kiosk believe, and get?")
    verify.add_argument("place", metavar="PLACE", help="folder, http(s)://..., or tls://server/bucket")
    verify.add_argument("--root", required=True, metavar="FILE", help="the root that kiosks are given (1.root.json)")
    verify.add_argument("--json", action="store_true", help="print JSON, a line for each release")
    verify.set_defaults(run=_verify)


def add_online(parser: argparse._ActionsContainer, *, required: bool = False) -> None:
    """What programs sign with, and where it goes."""
    parser.add_argument("--online", required=required, metavar="KEYFILE", help="the key that says what is valid today")
    parser.add_argument("--rollouts", required=required, metavar="KEYFILE", help="the key that says who gets what")
    parser.add_argument("--to", metavar="URL", help="copy it there too: tls://server/bucket, an object store of NATS")
    parser.add_argument("--to-seed", metavar="FILE", help="with the seed of an NKey that may write there")


def seed(path: str | None) -> str | None:
    """Of an NKey. InputError."""
    return None if path is None else read_whole(path, _MOST_SEED).decode("ascii", "replace").strip()


def publisher(args: argparse.Namespace, folder: str | Path) -> Publisher:
    """Of what ``add_online`` was given. InputError, EnvironmentTroubleError."""
    to = None if args.to is None else (args.to, seed(args.to_seed))
    return Publisher(there(folder), Path(args.online), Path(args.rollouts), to)


class Publisher:
    """Signs with the online keys, and copies."""

    def __init__(self, repository: Repository, online: Path, rollouts: Path, to: tuple[str, str | None] | None) -> None:
        self._repository = repository
        self._online, self._rollouts, self._to = private_key(online), private_key(rollouts), to

    def __call__(self, orders: bytes | None = None, drafts: bool = False) -> None:
        """See ``Repository.publish``. EnvironmentTroubleError: the store takes nothing."""
        self._repository.publish(self._online, self._rollouts, _now(), orders, drafts)
        if self._to is not None:
            from stillscan.fleet.rollout.copying import copy

            with waited_for(f"the releases are copied to {self._to[0]}"):
                copy(self._repository.folder / "public", *self._to)

    def ordered(self) -> bytes | None:
        """See ``Repository.orders``."""
        return self._repository.orders()


def _keys(args: argparse.Namespace) -> int:
    folder = Path(args.folder)
    names = (args.only,) if args.only else _KEYS
    for name in names:
        refuse_there(folder / name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise trouble(folder, error, "made") from None
    for name in names:
        passphrase = b"" if name in _ONLINE else asked_passphrase(name)
        made = make_key(folder / name, passphrase)
        kept = "for programs" if name in _ONLINE else "stays offline" if passphrase else "without a passphrase"
        print(f"{folder / name}: {made}, {kept}")
    return 0


def _init(args: argparse.Namespace) -> int:
    expect_folder(args.keys)
    keys = {
        role: [public_key(path) for path in sorted(Path(args.keys).glob(pattern))]
        for role, pattern in (
            ("root", "root-*.pub"),
            ("targets", "targets-*.pub"),
            ("online", "online.pub"),
            ("rollouts", "rollouts.pub"),
        )
    }
    made = repository(args.repository)
    made.init(keys, _now())
    return _told(made)


def _add(args: argparse.Namespace) -> int:
    releases = repository(args.repository)
    from stillscan.fleet.rollout import installers
    from stillscan.fleet.rollout.firmware_file import pack
    from stillscan.fleet.rollout.release import MOST_BYTES, Kind, release

    if args.kind == Kind.FIRMWARE:
        if args.file is not None or args.board is None:
            raise InputError("firmware is that of this package: name its --board, and no file")
        chip(args.board)
        content = pack(compiled(args.board))
        version = args.version or ".".join(map(str, firmware_version()))
    else:
        if args.version is None or args.board is not None or (args.file is None) is not args.centre:
            raise InputError(f"{args.kind}: name the FILE and its --version, and no --board")
        content = read_whole(args.file, MOST_BYTES) if args.file is not None else _centres_list(args)
        version = args.version
    installers.refuse(Kind(args.kind), content)
    releases.expect()
    serial = args.serial if args.serial is not None else releases.next_serial(args.kind, args.board or "")
    made = release(args.kind, version, serial, args.board or "")
    releases.add(made, content, _now())
    print(f"{made.path}: {len(content)} bytes, serial {made.serial}")
    return _told(releases)


def _centres_list(args: argparse.Namespace) -> bytes:
    if args.kind != "known":
        raise InputError("--centre: it keeps the list of known problems, and nothing else")
    from stillscan.fleet import known_list

    with state(args) as store:
        return known_list.document(store)


def _withdraw(args: argparse.Namespace) -> int:
    releases = there(args.repository)
    releases.withdraw(args.path, _now())
    return _told(releases)


def _sign(args: argparse.Namespace) -> int:
    releases = there(args.repository)
    releases.sign(private_key(Path(args.key)))
    return _told(releases)


def _told(releases: Repository) -> int:
    for role, version, signed, needed in releases.waiting():
        print(f"{role} {version}: {signed} of {counted(needed, 'signature')}")
    return 0


def _publish(args: argparse.Namespace) -> int:
    from stillscan.fleet.rollout.roles import OFFLINE, SOON

    publisher(args, args.repository)(drafts=not args.renew)
    for role, until in sorted(repository(args.repository).expires().items(), key=lambda item: item[1]):
        soon = role in OFFLINE and until - _now() < SOON
        print(f"{role}: valid until {until:%Y-%m-%d %H:%M} UTC{'; its people have to sign anew' if soon else ''}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    needed()
    from stillscan.fleet.rollout import installers
    from stillscan.fleet.rollout.client import Client, root_of
    from stillscan.fleet.rollout.fetching import source

    root = root_of(args.root)
    with waited_for(f"{args.place} is read; it sends little or nothing"), tempfile.TemporaryDirectory() as folder:
        client = Client(source(args.place), Path(folder), root)
        client.refresh()
        found = client.releases()
        for release in found:
            content = client.content(release)
            assert content is not None
            installers.refuse(release.kind, content)
            _show(release, len(content), args.json)
        if not args.json:
            orders = "orders are there" if client.orders() is not None else "nothing is ordered yet"
            print(f"{counted(len(found), 'release')}, as enough of the right keys have signed; {orders}")
    return 0


def _show(release: Release, size: int, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"path": release.path, **release.custom(), "bytes": size}))
    else:
        print(f"{release.path}: serial {release.serial}, {size} bytes")


def repository(folder: str | Path) -> Repository:
    """The one in a folder. MissingPackagesError: the packages of TUF are not here."""
    needed()
    from stillscan.fleet.rollout.repository import Repository

    return Repository(Path(folder))


def there(folder: str | Path) -> Repository:
    """The one that is in a folder already. InputError: none is; EnvironmentTroubleError as ``repository``."""
    found = repository(folder)
    found.expect()
    return found


def needed() -> None:
    """Ask before a module is loaded that needs them. MissingPackagesError: the packages of TUF are not here."""
    if not all(find_spec(name) for name in ("tuf", "securesystemslib")):
        raise MissingPackagesError("signed releases need more packages", "fleet")


def _now() -> datetime:
    return datetime.now(UTC)
