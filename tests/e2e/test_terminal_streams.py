"""Streams that are full, closed, gone or without letters: one line, the right exit code, nothing of Python itself."""

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.commands import rules

from .terminal import CLEAN, ran, shell

COMMANDS = {
    "read": f"read {CLEAN}",
    "read --json": f"read --json {CLEAN}",
    "simulate": f"simulate --document {CLEAN}",
    "boards": "boards",
    "boards show": "boards show rpi_pico",
    "rules": "rules explain",
    "help": "--help",
    "help of a command": "run --help",
    "version": "--version",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_full_disk_behind_standard_output(command: str) -> None:
    with open("/dev/full", "w") as full:
        done = ran(command, stdout=full)
    assert (done.returncode, done.stderr) == (4, "stillscan: standard output: no space left on device\n")


def test_a_full_disk_behind_what_a_shell_starts() -> None:
    """The end of Python itself, too."""
    done = shell("$stillscan boards show rpi_pico > /dev/full")
    assert (done.returncode, done.stderr) == (4, "stillscan: standard output: no space left on device\n")


@pytest.mark.parametrize("command", ["read $sample", "boards show rpi_pico", "--help"])
def test_a_closed_standard_output(command: str) -> None:
    done = shell(f"$stillscan {command} >&-")
    assert (done.returncode, done.stderr) == (4, "stillscan: standard output: it is closed\n")


def test_closed_standard_error_and_input() -> None:
    good = shell("$stillscan read $sample 2>&- <&-")
    assert (good.returncode, good.stdout.count("\n")) == (0, 3)
    assert shell("$stillscan read no-such.png 2>&-").returncode == 2
    assert shell("$stillscan read no-such.png 2>/dev/full").returncode == 2
    assert shell("$stillscan boards show toaster >&- 2>&- <&-").returncode == 2
    assert shell("$stillscan rules decide - <&-").returncode == 0, "no input: no cases"


@pytest.mark.parametrize("more", ["", "--json"])
@pytest.mark.parametrize("place", ["full", "closed", "nobody-reads"])
def test_a_token_that_nobody_can_have_seen_is_not_made(place: str, more: str, tmp_path: Path) -> None:
    """It is shown once, and its name is given once: with another place for the output the same line makes it."""
    add = f"token add stats --scope states --database {tmp_path / 'records.db'} {more}"
    if place == "nobody-reads":
        reads, writes = os.pipe()
        os.close(reads)
        done = ran(add, stdout=writes)
        os.close(writes)
    else:
        done = shell(f"$stillscan {add} {'>/dev/full' if place == 'full' else '>&-'}")
    assert done.returncode == 4
    told = done.stderr.splitlines()[-1]
    assert told.startswith("stillscan: standard output: ")
    assert told.endswith("; no token was made, as nobody has seen it")
    again = ran(add)
    assert (again.returncode, "stillscan_" in again.stdout) == (0, True)


@pytest.mark.parametrize("seen", [1, 0])
@pytest.mark.parametrize("command", ["boards show rpi_pico", "boards", "read $sample $sample $sample", "rules explain"])
def test_a_reader_that_has_seen_enough(command: str, seen: int) -> None:
    reads, writes = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ran, command, stdout=writes)
        if seen:
            os.read(reads, seen)
        os.close(reads)
        done = running.result()
    os.close(writes)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_has_seen_enough_of_what_a_shell_starts() -> None:
    done = shell("$stillscan boards show rpi_pico | head -c 1 > /dev/null; echo ${PIPESTATUS[0]}")
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_letters_that_the_terminal_lacks() -> None:
    for encoding in ("ascii", "latin-1:strict", "utf-8"):
        told = shell("$stillscan rules explain name_mismatch --language nb --json", PYTHONIOENCODING=encoding)
        assert told.returncode == 0, told.stderr
        assert told.stderr == ""
    told = shell("$stillscan rules explain name_mismatch --language nb --json", PYTHONIOENCODING="ascii")
    assert "på brevet" in json.loads(told.stdout)["name_mismatch"]["says"], "the same letters, escaped"
    told = shell(
        "LC_ALL=C $stillscan simulate --document $sample --recipient 'Åse Østenbyen'", PYTHONIOENCODING="ascii"
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_a_file_name_that_is_no_text() -> None:
    done = shell("$stillscan read --json $'no\\xff.png'")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert json.loads(done.stdout)["lines"] is None


USAGE = {
    "simulate --document x --max-seconds soon": "--max-seconds: 'soon' is not a number of seconds above 0 to 3600",
    "simulate --document x --max-seconds nan": "--max-seconds: 'nan' is not",
    "simulate --document x --seed one": "--seed: 'one' is not a whole number",
    "simulate --document x --today 30.11.2026": "--today: '30.11.2026' is not a date as YYYY-MM-DD",
    "run --port sim --reconnect nan": "--reconnect: 'nan' is not a number of seconds from 0 to 86400, or inf",
    "run --port sim --reconnect -1": "--reconnect: '-1' is not",
    "run --port sim --page https": "--page: 'https' is not a whole number from 0 to 65535",
    "run --port sim --page 70000": "--page: '70000' is not",
    "run --port sim --language de": "there is no 'de'; there are: en, nb, nn",
    "audit show --last few": "--last: 'few' is not a whole number",
    "simulate --document $sample --fault flow-nak@": "--fault: '' is not a number of milliseconds from 0",
    "simulate --document $sample --fault flow-nak@-5": "--fault: '-5' is not",
    "simulate --document $sample --fault flow-nak@nan": "--fault: 'nan' is not",
    "simulate --document $sample --fault flow-nak@inf": "--fault: 'inf' is not",
    "simulate --document $sample --fault flow-nak@soon": "--fault: 'soon' is not",
    "simulate --document $sample --set depth=5": "'depth': 4 or 8",
    "flash --board rpi_pico --image-only /dev/null --set depth=7": "'depth': 4 or 8",
    "simulate --document $sample --set depth": "NAME=VALUE",
    "run --port sim --known No-Such-LIST.toml": "No-Such-LIST.toml: no such file",
    "simulate --document $sample --motion $long": "the name is too long",
    "simulate --document $sample --plot $long": "the name is too long",
    "simulate --document $sample --board $long": "the name is too long",
    "simulate --scenario $long": "the name is too long",
    "release verify $long": "the name is too long",
    "bundle o.zip --kiosk-config $long": "the name is too long",
    "boards check $long": "the name is too long",
    "consignment list --database $long": "the name is too long",
    "fleet heads a --state $long": "the name is too long",
    "run --port sim --page 0 --kiosk ../x": "--kiosk goes with records that are kept",
    "run --port sim --page 0 --keys .": "--keys goes with records that are kept",
    "run --port sim --page 0 --fleet nats://localhost:1": "--fleet goes with records that are kept",
    "check --port sim --tracking RR123456785NO --kiosk a": "--kiosk goes with records that are kept",
    "run --port sim --once --known no-such-list": "no-such-list: no such file or folder",
    "run --port sim --no-page --webhook-secret no-such": "--webhook and --webhook-secret go together",
    "simulate --document .": "stillscan: .: cannot be read: it is a folder, not a file",
    "read .": "stillscan read: .: cannot be read: it is a folder, not a file",
    "keys backup no-such/": "no-such/: names a folder, not a file",
    "release keygen no-such/": "no-such/: names a folder, not a file",
    "boards draw rpi_pico no-such/": "no-such/: names a folder, not a file",
    "simulate --document $sample --plot no-such/": "no-such/: names a folder, not a file",
    "run --port sim --database no-such/": "no-such/: names a folder, not a file",
    "run --port sim --quiet-hours 25:00-06:00": "--quiet-hours: quiet hours '25:00-06:00': HH:MM-HH:MM is wanted",
    "toaster": "there is no 'toaster'; there are: simulate, read, run, ",
    "": "COMMAND",
}


def test_python_dash_m() -> None:
    assert ran("--version").stdout.startswith("stillscan ")
    done = ran("toaster")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_a_line_without_an_end(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_MOST_LINE", 100_000)
    assert main(["rules", "decide", "/dev/zero"]) == 2
    assert capsys.readouterr().err.endswith("stillscan: /dev/zero: a line of more than 0 MB\n")


@pytest.mark.parametrize(("line", "words"), USAGE.items())
def test_usage_in_one_line(line: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(line.replace("$sample", str(CLEAN)).replace("$long", "x" * 300).split())
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr().err
    assert (code, said.count("\n")) == (2, 1), said
    assert words in said


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/a/file"), "stillscan: /a/file: no space left on device\n"),
        (OSError(errno.EMFILE, "Too many open files"), "stillscan: this computer refuses: too many open files\n"),
        (
            OSError(errno.EACCES, "Permission denied", "/a/\x1b[2Jfile"),
            "stillscan: /a/\\x1b[2Jfile: permission denied\n",
        ),
        (MemoryError(), "stillscan: this computer has not enough memory for that\n"),
        (KeyError("OESTENBYEN"), "stillscan: internal error: KeyError in stillscan."),
        (RecursionError("deep"), "stillscan: internal error: RecursionError in "),
    ],
)
def test_what_nobody_foresaw_is_one_line_too(
    raised: Exception,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def breaks() -> dict[str, object]:
        raise raised

    monkeypatch.setattr(rules, "explanations", breaks)
    assert main(["rules", "--log", str(tmp_path / "log"), "explain"]) == 4
    said = capsys.readouterr().err
    assert said.startswith(told)
    assert said.count("\n") == 1
    assert "OESTENBYEN" not in said + (tmp_path / "log").read_text()
    if "internal error" in told:
        assert "the log tells more" in said
        assert type(raised).__name__ in (tmp_path / "log").read_text()
        assert "rules.py:" in (tmp_path / "log").read_text()
        assert main(["rules", "-v", "explain"]) == 4
        assert "rules.py:" in capsys.readouterr().err, "and with -v to whoever asks for it"
