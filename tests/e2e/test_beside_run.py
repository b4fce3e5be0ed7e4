"""Commands of a technician in mid-day, while `stillscan run` holds the scanner: through it, disturbing no check."""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from stillscan.cli import main
from stillscan.records.database import Database
from stillscan.records.importing import load
from stillscan.records.place import open_keyring
from stillscan.records.staff import Role, StaffList
from tests.covering import WHOLE
from tests.technician.short_looks import shorten

from .terminal import COMMAND, END_S, SAMPLES
from .test_page_people import PIN, Browser

pytestmark = [pytest.mark.process, pytest.mark.slow]
TRACKING = "RR000000014NO"
LETTER = "tracking,order,recipient,deadline\n" + "".join(
    f"{number},B0,Åse Østenbyen,2099-01-01\n" for number in (TRACKING, "RR000000028NO")
)
TURNS = 2000  # looks at the page until a step is there; each waits a little


class Said(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


_TRIES = 5  # of a command whose scanner was lost: more than that is a fault


class MidDay:
    """A kiosk with a scanner whose glass is empty, a clerk at its page, and two technicians."""

    def __init__(self, database: Path, port: str, control: Path, kiosk: subprocess.Popen[str]) -> None:
        self.port = port
        self.database = database
        self.control = control
        self.kiosk = kiosk
        self.browser = Browser()

    def scanner(self, *words: str, staff: str = "tor", pin: str = PIN) -> Said:
        """A command, to its end; again, a few times at most, where the kiosk says so: it has lost its scanner, or the
        computer was so busy that it has not heard the command for a while."""
        command = [*words, "--port", self.port, "--database", str(self.database), "--staff", staff]
        for _ in range(_TRIES):
            said = self.said(command, f"{pin}\n")
            if "begin again" not in said.stderr:
                break
        return said

    def said(self, command: list[str], typed: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr("sys.stdin", io.StringIO(typed))
            return Said(main(command), out.getvalue(), err.getvalue())

    @contextlib.contextmanager
    def begun(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A command that goes on meanwhile."""
        command = [*COMMAND, *words, "--port", self.port, "--database", str(self.database), "--staff", "tor"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as process:
            try:
                assert process.stdin is not None
                process.stdin.write(f"{PIN}\n")
                process.stdin.flush()
                yield process
            finally:
                process.kill()

    def stand(self, line: str) -> str:
        """What happens at the scanner."""
        with socket.socket(socket.AF_UNIX) as end:
            end.connect(str(self.control))
            end.sendall(f"{line}\n".encode())
            return end.recv(4096).decode().strip()

    def page(self) -> str:
        return self.browser.ask("GET", "/").page  # type: ignore[attr-defined]

    def until(self, what: str) -> str:
        """The clerk's page, once it shows this."""
        for _ in range(TURNS):
            if what in (page := self.page()):
                return page
            time.sleep(0.03)  # between two looks: nothing is timed
        pytest.fail(f"never {what}")

    def answer(self, name: str, page: str, **form: str) -> None:
        hidden = {key: re.search(f'name="{key}" value="([^"]+)"', page)[1] for key in ("turn", "boot")}
        assert self.browser.ask("POST", f"/{name}", **hidden, **form).status == 303


def _office(folder: Path) -> Path:
    """Records with a letter, and people of every role."""
    made = folder / "records.db"
    with contextlib.closing(Database(made)) as database:
        keyring = open_keyring(str(made))
        load(LETTER.encode(), database, keyring, "f", test=True)
        people = StaffList(database, keyring)
        people.add("sol", Role.SUPERVISOR, PIN)
        people.add("anna", Role.CLERK, PIN)
        for staff in ("tor", "ragna"):
            people.add(staff, Role.TECHNICIAN, PIN)
    return made


@contextlib.contextmanager
def _ends(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    with process:
        try:
            yield process
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def mid_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MidDay]:
    """One for all tests of this module: each leaves it idle, and the last one ends it."""
    folder = tmp_path_factory.mktemp("office")
    database, control = _office(folder), folder / "control"
    device = [*COMMAND, "device", "--hands", "nobody", "--control", str(control)]
    kiosk = [*COMMAND, "run", "--test-mode", "--database", str(database), "--page", "0", "--language", "en", "--port"]
    pipe = subprocess.PIPE
    with _ends(subprocess.Popen(device, stdout=pipe, text=True)) as device_process:
        assert device_process.stdout is not None
        port = device_process.stdout.readline().strip()
        with _ends(subprocess.Popen([*kiosk, port], stdout=pipe, text=True)) as kiosk_process:
            assert kiosk_process.stdout is not None
            day = MidDay(database, port, control, kiosk_process)
            printed = re.search(r"http://127\.0\.0\.1:([0-9]+)(/\?key=\S+)", kiosk_process.stdout.readline())
            assert printed is not None
            day.browser.port = int(printed[1])
            day.browser.ask("GET", printed[2])
            assert day.browser.sign_in("anna") == 303
            day.until('data-state="empty"')
            yield day


def test_a_check_in_the_middle_of_a_service_is_not_disturbed(mid_day: MidDay) -> None:
    with mid_day.begun("clean") as clean:
        assert clean.stderr is not None
        assert clean.stderr.readline() == "looking: 0 % ...\n"
        assert mid_day.stand(f"hurry {SAMPLES / 'nor-clean.png'}") == "ok"
        _, said = clean.communicate(timeout=END_S)
    assert clean.returncode == 3
    (line,) = [line for line in said.splitlines() if "looking" not in line]
    assert "on the glass" in line
    page = mid_day.until('data-state="done"')  # in the middle of the check
    mid_day.answer("tracking", page, tracking=TRACKING)
    page = mid_day.until('data-step="face"')
    refused = mid_day.scanner("scanner", "test")
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "somebody is being served" in refused.stderr
    assert json.loads(mid_day.scanner("scanner", "info", "--json").stdout)["board"] == "simulator"
    mid_day.answer("face", page, same_person="yes")
    mid_day.until('class="verdict release"')
    said = json.loads(mid_day.scanner("scanner", "health", "--json").stdout)
    health, life = said["since_power_on"], said["life"]
    # a computer that is busy with other tests takes the rows too late now and then, and asks for them once more:
    # that is no technician's doing
    late = life.get("aborts_host_stalled", 0)
    assert health["aborts"] == late, mid_day.scanner("scanner", "log").stdout
    assert mid_day.stand("leave") == "ok"
    mid_day.answer("next", mid_day.until('data-state="empty"'))


def test_a_visit_that_begins_ends_a_service(mid_day: MidDay) -> None:
    with mid_day.begun("scanner", "watch", "--seconds", "600", "--json") as watch:
        assert watch.stdout is not None
        assert "squal" in watch.stdout.readline()
        second = mid_day.scanner("scanner", "info", staff="ragna")
        assert second.returncode == 3
        assert "tor is at the scanner now" in second.stderr
        page = mid_day.until('data-state="service"')
        mid_day.answer("tracking", page, tracking="RR000000028NO")
        _, said = watch.communicate(timeout=END_S)
    assert watch.returncode == 3
    assert "somebody is being served" in said
    page = mid_day.until('data-state="empty"')
    assert 'class="problem"' not in page, "no document was there, so none was taken away"
    mid_day.answer("next", page)


def test_who_may_and_what_is_said_when_not(mid_day: MidDay) -> None:
    wrong = mid_day.scanner("scanner", "info", pin="48 15 16 red")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "do not belong together" in wrong.stderr
    clerk = mid_day.scanner("scanner", "info", staff="anna")
    assert (clerk.returncode, clerk.stdout) == (1, "")
    assert "technicians" in clerk.stderr
    place = ["--port", mid_day.port, "--database", str(mid_day.database)]
    nobody = mid_day.said(["scanner", "info", *place], "")
    assert nobody.returncode == 2
    assert "--staff" in nobody.stderr
    elsewhere = mid_day.scanner("scanner", "info", "--keys", str(mid_day.database.parent / "others"))
    assert elsewhere.returncode == 3
    assert "/service" in elsewhere.stderr
    for line in (wrong.stderr, clerk.stderr, nobody.stderr, elsewhere.stderr):
        assert line.count("\n") == 1
    rows = json.loads(mid_day.scanner("scanner", "settings", "--set", "dwell=300", "--json").stdout)
    assert next((row["former"], row["value"]) for row in rows if row["name"] == "dwell") == (150, 300)


def test_what_clean_finds_is_in_the_glass_history_of_the_kiosk(
    mid_day: MidDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not WHOLE:
        shorten(monkeypatch)
    found = mid_day.scanner("clean", "--json")
    assert found.returncode in (0, 1), found.stderr
    rows = mid_day.said(["clean", "--history", "--json", "--database", str(mid_day.database)], "")
    assert [row["spots"] for row in json.loads(rows.stdout)] == [len(json.loads(found.stdout)["spots"])]


def test_one_sign_in_is_for_the_scanner_and_for_the_signature(mid_day: MidDay, tmp_path: Path) -> None:
    """The PIN is given once, though the chain judges it, and the kiosk whenever the scanner is taken up again."""
    folder = ["--folder", str(tmp_path)]
    done = mid_day.scanner("scanner", "calibrate", "--axes", "--json", *folder)
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    assert (told["staff"], told["entry"] is None) == ("tor", False)
    procedure = "cleaning" if WHOLE else "replace-accelerometer"  # which takes 3 s of a core, and the other 33
    steps = json.loads(mid_day.said(["service", "show", procedure, "--json"], "").stdout)
    kinds = [step["by"] for phase in steps["phases"] for step in phase["steps"]]
    assert {"do", "clean" if WHOLE else "test"} <= set(kinds)
    assert sum(kind in ("clean", "test", "calibrate") for kind in kinds) >= 2, "it is taken up more than once"
    place = ["--port", mid_day.port, "--database", str(mid_day.database), "--staff", "tor", *folder]
    answers = "".join("\n" if kind == "do" else "" for kind in kinds)
    run = mid_day.said(["service", "run", procedure, "--json", *place], f"{PIN}\n{answers}")
    assert run.returncode in (0, 1), run.stderr
    assert json.loads(run.stdout)["entry"] > told["entry"]
    assert all(one["by"] == "tor" for one in json.loads(run.stdout)["steps"])


def test_a_kiosk_that_ends_meanwhile(mid_day: MidDay) -> None:
    with mid_day.begun("scanner", "watch", "--seconds", "600", "--json") as watch:
        assert watch.stdout is not None
        assert "squal" in watch.stdout.readline()
        mid_day.kiosk.kill()
        mid_day.kiosk.wait()
        _, said = watch.communicate(timeout=END_S)
    assert watch.returncode == 3
    assert "the kiosk's program has ended" in said
    assert said.count("\n") == 1
    free = mid_day.scanner("scanner", "info", "--json")
    assert json.loads(free.stdout)["state"] in ("empty", "start", "service"), (
        "the note of a dead kiosk is in nobody's way"
    )
