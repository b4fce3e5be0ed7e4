"""Whose the folder of keys is: before each use it is looked whether anybody else could have put something there.

Whoever can write to the folder can make a kiosk trust any key, and whoever can read it can sign as this kiosk. What is
refused is told with the command that mends it, because nothing else but that command is to be done.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from pathlib import Path

from stillscan.records.errors import RecordsError, of_file

_SECRETS = re.compile(
    r"secret|wrapping|browsers|attempts\.db(?:-journal|-wal|-shm)?"
    r"|[A-Za-z0-9][A-Za-z0-9._-]*\.(?:key|key\.next|checkpoint|json)"
)
"""Names of what is for its owner's eyes only: the secrets themselves, and notes of the kiosk's own."""
_HALF_MADE = re.compile(r"\.(.+)\.[0-9a-f]{16}")  # what becomes the file of that name in a moment (see `files`)
_COPIES = re.compile(r"(.+)~|\.(.+)\.sw[a-z]|#(.+)#|\.#(.+)|(.+)\.(?:bak|old|orig|save|copy|tmp)", re.IGNORECASE)
"""How editors call what they keep beside a file, and people what they put aside."""
PUBLIC = (".pub", ".head", ".clock")  # ends of names: public keys and notes; all else is for its owner's eyes only
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH
_READABLE = stat.S_IRGRP | stat.S_IROTH
_DEPTH = 2  # folders below: the folder itself, and one for each kind of thing, such as scanners


def look_at_folder(folder: Path) -> None:
    """RecordsError for a folder of keys, or a file in it, that another account could have written or can read.

    A folder that is not there is made later, for this user only. Where a system has no such modes all is well.
    """
    if not hasattr(os, "geteuid"):
        return
    try:
        found = os.lstat(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise of_file(folder, error) from None
    _look(folder, found, os.geteuid(), _DEPTH)


def look_at_file(path: Path, *, secret: bool, owned: bool = True) -> None:
    """The same for one file, or what a link leads to; not ``owned``: whose it is does not matter. RecordsError."""
    if not hasattr(os, "geteuid"):
        return
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise of_file(path, error) from None
    _mode(path, found, os.geteuid() if owned else found.st_uid, secret)


def _look(folder: Path, found: os.stat_result, user: int, depth: int) -> None:
    """A folder that was found, and what lies in it."""
    if stat.S_ISLNK(found.st_mode):
        target = os.path.realpath(folder)
        raise RecordsError(
            f"{folder}: is a link, which can be turned elsewhere; name the folder itself: {target}",
            "keys",
        )
    if not stat.S_ISDIR(found.st_mode):
        raise RecordsError(f"{folder}: is a file, not a folder of keys", "keys")
    _mode(folder, found, user, secret=False)
    try:
        inside = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise of_file(folder, error) from None
    for entry in inside:
        path = folder / entry.name
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # another process has put it in its place
            continue
        if stat.S_ISDIR(found.st_mode) and depth > 1:
            _look(path, found, user, depth - 1)
        elif not stat.S_ISREG(found.st_mode):
            raise RecordsError(
                f"{path}: is no plain file and has no place there; look what it is and remove it",
                "keys",
            )
        else:
            half_made = _HALF_MADE.fullmatch(entry.name)
            name = half_made[1] if half_made else entry.name
            if name.endswith(PUBLIC) or _SECRETS.fullmatch(name):
                _mode(path, found, user, secret=not name.endswith(PUBLIC))
            else:
                _foreign(path, found, user)


def _mode(path: Path, found: os.stat_result, user: int, secret: bool) -> None:
    """Owner and mode of one thing."""
    place = shlex.quote(str(path))
    is_folder = stat.S_ISDIR(found.st_mode)
    if found.st_uid not in (user, 0):
        owner = _name(found.st_uid)
        if user == 0:
            raise RecordsError(
                f"{path}: belongs to {owner}; work as that user: sudo -u {shlex.quote(owner)} stillscan ...",
                "keys",
            )
        raise RecordsError(
            f"{path}: belongs to {owner}, who can put anything there; if its contents are yours: sudo chown "
            f"{'-R ' * is_folder}{shlex.quote(_name(user))} {place}",
            "keys",
        )
    if found.st_mode & _WRITABLE:
        raise RecordsError(
            f"{path}: other accounts may write there; look whether all in it is yours, then: "
            f"chmod {'700' if is_folder else '644' if path.name.endswith(PUBLIC) else '600'} {place}",
            "keys",
        )
    if secret and found.st_mode & _READABLE:
        raise RecordsError(
            f"{path}: other accounts may read this secret; close it: chmod 600 {place}, and since it may be known "
            "by now: 'stillscan keys rotate'",
            "keys",
        )


def _foreign(path: Path, found: os.stat_result, user: int) -> None:
    """A file that is none of ours: harmless as long as nobody else can read or write it."""
    if found.st_uid in (user, 0) and not found.st_mode & (_WRITABLE | _READABLE):
        return
    match = _COPIES.fullmatch(path.name)
    of = next(filter(None, match.groups())) if match else ""
    what = f"is a copy of {of}, as editors leave them" if of else "is no file of stillscan"
    raise RecordsError(
        f"{path}: {what}, and other accounts can get at it; move it out of the folder of keys: mv "
        f"{shlex.quote(str(path))} ELSEWHERE"
        + ("; since others may know that secret by now: 'stillscan keys rotate'" if _SECRETS.fullmatch(of) else ""),
        "keys",
    )


def _name(user: int) -> str:
    """The user's name, or the number of one without."""
    try:
        import pwd

        return pwd.getpwuid(user).pw_name
    except (ImportError, KeyError):
        return str(user)
