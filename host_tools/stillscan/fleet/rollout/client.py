"""What a kiosk believes of a repository of releases: what is signed, newest, valid now, and nothing else.

The checks are those of The Update Framework, by python-tuf: roles and thresholds, versions that only grow, the day by
which each role ends, lengths and digests. They start from the root that the kiosk was given when it was set up.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    SlowRetrievalError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Root, TargetFile, Targets
from tuf.api.serialization import DeserializationError
from tuf.ngclient import Updater, UpdaterConfig

from stillscan.errors import EnvironmentTroubleError, InputError, StillscanError
from stillscan.files import read_whole, trouble, write_whole
from stillscan.fleet.rollout.fetching import ABSENT, PREFIX, Fetcher, Source
from stillscan.fleet.rollout.release import MOST_BYTES, Release, read
from stillscan.fleet.rollout.roles import ORDERS, TARGETS

_LOG = logging.getLogger(__name__)
_LIMITS = UpdaterConfig(
    max_root_rotations=100,  # a root a year, and one for each key that is lost, for longer than any kiosk is off
    max_delegations=4,  # there is one
    root_max_length=100_000,  # bytes: five times one of eight keys and as many signatures
    timestamp_max_length=16_384,  # bytes: as the library has it
    snapshot_max_length=100_000,  # bytes: of two roles some hundred times what it takes
    targets_max_length=1_000_000,  # bytes: a thousand releases take half of it
)
_MOST_ORDERS = 200_000
"""Bytes: roll-outs of every kind and board at once, with hundreds of offices named."""


class RefusedError(StillscanError):
    """What the repository offers is not believed: nothing is installed, what runs goes on. ``kind`` says what it is."""

    def __init__(self, text: str, kind: str) -> None:
        super().__init__(text)
        self.kind = kind


class UnreachableError(EnvironmentTroubleError):
    """The repository cannot be read now: the next turn tries again."""


_KINDS: tuple[tuple[type[Exception], str, str], ...] = (
    (ExpiredMetadataError, "expired", "has run out: nobody has published since, or somebody holds the new ones back"),
    (BadVersionNumberError, "rollback", "is older than what this kiosk has seen, or not the one that was announced"),
    (UnsignedMetadataError, "unsigned", "is not signed by as many of the right keys as it needs"),
    (LengthOrHashMismatchError, "altered", "is not what was signed"),
    (DownloadLengthMismatchError, "endless", "is longer than it may be"),
    (SlowRetrievalError, "endless", "takes longer than it may"),
    (RepositoryError, "claims", "is not what a kiosk believes"),
)


def root_of(path: str) -> bytes:
    """The root that a kiosk is given, as the file has it. InputError: it is none; EnvironmentTroubleError."""
    content = read_whole(path, _LIMITS.root_max_length)
    try:
        found = isinstance(Metadata.from_bytes(content).signed, Root)
    except (DeserializationError, RepositoryError, RecursionError):
        found = False
    if not found:
        raise InputError(f"{path}: is no root of a repository of releases; that is its public/metadata/1.root.json")
    return content


class Client:
    """``folder`` keeps what was seen; ``root`` is what the kiosk was given at its set-up. One turn an object.

    Days are told by this computer's clock: whoever makes a client has looked whether that is right (records/clock.py).
    """

    def __init__(
        self,
        source: Source,
        folder: Path,
        root: bytes,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._seen, self._turn = folder / "seen", folder / "turn"
        with self._told():
            shutil.rmtree(self._turn, ignore_errors=True)
            self._seen.mkdir(parents=True, exist_ok=True)
            shutil.copytree(self._seen, self._turn / "metadata", symlinks=True)
            (self._turn / "targets").mkdir()
            self._updater = Updater(
                metadata_dir=str(self._turn / "metadata"),
                metadata_base_url=f"{PREFIX}/metadata/",
                target_dir=str(self._turn / "targets"),
                target_base_url=f"{PREFIX}/targets/",
                fetcher=Fetcher(source, now),
                config=_LIMITS,
                bootstrap=root,
            )

    def refresh(self) -> None:
        """Learn what is valid now. RefusedError, UnreachableError, EnvironmentTroubleError.

        What was seen counts at later turns only when all of it was there and right: a snapshot that promises what
        nobody has signed would bar the way to all that is published after it. New roots count in any case.
        """
        with self._told():
            try:
                self._updater.refresh()
                self._updater.get_targetinfo(ORDERS)
            finally:
                self._keep("root_history/*.json")
            self._keep("*.json")

    def _keep(self, names: str) -> None:
        """Links are the library's own and made anew at each turn."""
        for path in sorted((self._turn / "metadata").glob(names)):
            if not path.is_symlink():
                kept = self._seen / path.relative_to(self._turn / "metadata")
                kept.parent.mkdir(exist_ok=True)
                write_whole(kept, path.read_bytes())

    def orders(self) -> bytes | None:
        """What the centre orders now; None when it has ordered nothing yet. Errors as ``refresh``."""
        return self._content(ORDERS, _MOST_ORDERS)

    def release(self, path: str) -> Release | None:
        """What the offline keys say of a path; None: it is no release, or none any more. Errors as ``refresh``."""
        info = self._info(path)
        return None if info is None or path == ORDERS else read(path, info.custom)

    def content(self, release: Release) -> bytes | None:
        """The release itself, verified; None: it is none any more. Errors as ``refresh``."""
        if self.release(release.path) != release:
            return None
        return self._content(release.path, MOST_BYTES)

    def releases(self) -> list[Release]:
        """All that is signed, by kind, board and serial; after ``refresh``."""
        with self._told():
            targets = Metadata[Targets].from_file(str(self._seen / f"{TARGETS}.json")).signed
        found = [read(path, file.custom) for path, file in targets.targets.items()]
        return sorted(found, key=lambda release: (release.kind, release.board, release.serial))

    def _info(self, path: str) -> TargetFile | None:
        with self._told():
            return self._updater.get_targetinfo(path)

    def _content(self, path: str, most: int) -> bytes | None:
        info = self._info(path)
        if info is None:
            return None
        if info.length > most:
            raise RefusedError(f"{path}: {info.length} bytes are more than it may have", "endless")
        with self._told():
            kept = self._updater.find_cached_target(info) or self._updater.download_target(info)
            return read_whole(kept, most)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the library raises, as this package's errors."""
        try:
            yield
        except (RepositoryError, DownloadLengthMismatchError, SlowRetrievalError) as error:
            kind, why = next((kind, why) for known, kind, why in _KINDS if isinstance(error, known))
            _LOG.info("refused: %s: %s", kind, error)
            raise RefusedError(f"the repository of releases {why} ({error})", kind) from None
        except DownloadHTTPError as error:
            why = "lacks a file" if error.status_code == ABSENT else "cannot be read"
            raise UnreachableError(f"the repository of releases {why}: {error}") from None
        except DownloadError as error:
            raise UnreachableError(f"the repository of releases cannot be read: {error}") from None
        except (OSError, ValueError) as error:
            name = getattr(error, "filename", None) or self._seen
            raise trouble(os.fspath(name), error, "written") from None
