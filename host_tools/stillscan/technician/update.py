"""Puts a version on a board in such an order that the power may go at any moment: what ran before runs again.

The running version's folder is never touched. The other one loses its manifest first and gets it back last, when every
file has been read back; only then the state file names it, by a rename.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stillscan.boards.image import BLOCK
from stillscan.boards.versions import (
    FOLDERS,
    MANIFEST,
    STATE,
    Version,
    digest,
    folders_of,
    listed,
    read_state,
    state,
)
from stillscan.errors import DeviceError, StillscanError
from stillscan.technician.prompt import BoardFullError, Prompt


@dataclass(frozen=True)
class Done:
    """What an update did. ``folder`` is None when the board had this version already."""

    folder: str | None
    sent: int  # files that went over the cable
    kept: int  # files that were on the board: in place, or copied there
    damaged: bool = False  # a version lay there whose files did not fit its manifest: it is as it should be again


class Update:
    """``plan`` says what is to be sent, ``carry_out`` sends it."""

    def __init__(self, prompt: Prompt, version: Version) -> None:
        self._prompt = prompt
        self._version = version
        self._wanted = {path: digest(content) for path, content in version.files.items()}
        self._state = read_state(prompt.read(STATE))
        there = prompt.digests(*(f"{folder}/" for folder in FOLDERS), *version.loader)
        self._have = {
            folder: {path: sum_ for path, sum_ in there.items() if path.startswith(f"{folder}/")} for folder in FOLDERS
        }
        run = self._state.get("run")
        whole = [folder for folder in FOLDERS if self._whole(folder)]
        self._run = next((str(folder) for folder in (run, *FOLDERS) if folder in whole), None)
        self._damaged = run in FOLDERS and run not in whole
        self._target = FOLDERS[0] if self._run != FOLDERS[0] else FOLDERS[1]
        self._loader = {path: content for path, content in version.loader.items() if there.get(path) != digest(content)}

    @property
    def foreign(self) -> bool:
        """Does a program start here that is not stillscan's?"""
        ours = self._state or any(f"{folder}/{MANIFEST}" in have for folder, have in self._have.items())
        return not ours and "main.py" in self._loader and bool(self._prompt.read("main.py"))

    @property
    def current(self) -> bool:
        """Does the board run exactly this version, know it, and have nothing on trial?"""
        if self._run is None or not self._holds(self._run) or self._loader:
            return False
        known = (self._state.get("run"), self._state.get(self._run)) == (self._run, self._version.build)
        return known and "new" not in self._state

    @property
    def firmware(self) -> tuple[int, int, int] | None:
        """The firmware's version that runs on the board, or of what lies there when nothing does; None: unknown."""
        there = [folder for folder in FOLDERS if self._have[folder]]
        found = [self._prompt.firmware(folder) for folder in ([self._run] if self._run is not None else there)]
        return max((version for version in found if version is not None), default=None)

    def _whole(self, folder: str) -> bool:
        """Does the loader start what lies there? Not when its files are not those of its manifest."""
        place = f"{folder}/{MANIFEST}"
        if place not in self._have[folder]:
            return False
        files = listed(self._prompt.read(place))
        return bool(files) and self._have[folder] == _tree(folder, files) | {place: self._have[folder][place]}

    def _holds(self, folder: str) -> bool:
        place = f"{folder}/{MANIFEST}"
        return self._have[folder] == _tree(folder, self._wanted) | {place: digest(self._version.manifest)}

    @property
    def bytes_to_send(self) -> int:
        """For the progress bar."""
        return sum(len(self._version.files[path]) for path in self._wanted if self._origin(path) is None)

    def _origin(self, path: str) -> str | None:
        """Where on the board this file's content is: in its place, in the running version, or nowhere."""
        place, sum_ = f"{self._target}/{path}", self._wanted[path]
        if self._have[self._target].get(place) == sum_:
            return place
        running = self._have[self._run] if self._run is not None else {}
        return next((there for there, other in running.items() if other == sum_), None)

    def carry_out(self, progress: Callable[[int], None]) -> Done:
        """Everything but the restart. StillscanError; the board then still starts what it started before."""
        if self._run is not None and self._holds(self._run):
            self._write_loader()
            self._prompt.replace(STATE, state({"run": self._run, self._run: self._version.build}))
            return Done(None, 0, len(self._wanted), self._damaged)
        try:
            sent = self._fill(progress)
            self._write_loader()
            self._name()
        except BoardFullError as full:
            need = sum(-(-len(content) // BLOCK) for content in self._version.files.values()) * BLOCK // 1024
            raise BoardFullError(
                f"{full}: a version takes {need} KiB, {self._prompt.free() // 1024} KiB are free; remove files that "
                "are not stillscan's. What ran before still runs"
            ) from None
        return Done(self._target, sent, len(self._wanted) - sent, self._damaged)

    def _fill(self, progress: Callable[[int], None]) -> int:
        """The target folder with exactly the wanted files, read back; how many were sent."""
        prompt, target = self._prompt, self._target
        if "new" in self._state:  # what is on trial there is about to go
            self._state = {k: v for k, v in self._state.items() if k not in ("new", "starts", self._target)}
            prompt.replace(STATE, state(self._state))
        there, tree = self._have[target], _tree(target, self._wanted)
        for path in sorted(there, key=lambda path: (path != f"{target}/{MANIFEST}", path.endswith("/"), -len(path))):
            if there[path] != tree.get(path):
                prompt.remove(path)  # the manifest first; folders when they are empty, the inner ones before the outer
        for folder in sorted({path.rpartition("/")[0] for path in self._wanted}):
            prompt.make_folder(f"{target}/{folder}".rstrip("/"))
        origins = {f"{target}/{path}": self._origin(path) for path in self._wanted}
        prompt.copy([(origin, place) for place, origin in origins.items() if origin not in (None, place)])
        sent = 0
        for path in self._wanted:
            if origins[f"{target}/{path}"] is None:
                prompt.write(f"{target}/{path}", self._version.files[path], progress)
                sent += 1
        if prompt.digests(f"{target}/") != tree:
            raise DeviceError("the board's flash does not keep what is written: the board is worn out or damaged")
        prompt.replace(f"{target}/{MANIFEST}", self._version.manifest)
        return sent

    def _write_loader(self) -> None:
        for path, content in self._loader.items():
            self._prompt.replace(path, content)
            if self._prompt.read(path) != content:
                raise StillscanError(f"{path} on the board is not what was written")

    def _name(self) -> None:
        """From now on the board starts the new version: on trial when there is one to go back to."""
        entries: dict[str, str | int] = {self._target: self._version.build}
        if self._run is None:
            entries["run"] = self._target
        else:
            entries |= {"run": self._run, self._run: self._state.get(self._run, ""), "new": self._target, "starts": 0}
        self._prompt.replace(STATE, state(entries))


def _tree(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    """What ``Prompt.digests`` finds in a folder that has exactly these files (digest by path)."""
    inside = dict.fromkeys(folders_of(files), "") | dict(files)
    return {f"{folder}/{path}": sum_ for path, sum_ in inside.items()}
