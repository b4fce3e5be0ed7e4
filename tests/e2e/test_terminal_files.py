"""Files that a user names: whole or untouched, never the one that is read, and trouble with them in one line."""

import json
import os
import shutil
from pathlib import Path

import pytest

from stillscan import verify
from stillscan.boards.new import make_board
from stillscan.cli import main
from stillscan.verify.known import own_list, read_list

from .terminal import CLEAN, SAMPLES, ran, shell

WRITERS = {
    "plot": f"simulate --document {CLEAN} --plot",
    "explain": f"read {CLEAN} --explain",
    "image": "flash --unsigned --board rpi_pico --image-only",
    "schematic": "boards draw rpi_pico",
    "strip": "run --port sim --once --save-strip",
    "screen": "run --port sim --once --save-screen",
}
WRITERS_OF_SMALL_FILES = {name: WRITERS[name] for name in ("explain", "image", "schematic")}


@pytest.mark.parametrize("command", WRITERS.values(), ids=WRITERS)
def test_a_file_that_cannot_be_made(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    for name, code, says in (
        (str(tmp_path / "no" / "out"), 2, "cannot be written: "),
        (str(tmp_path / "folder"), 2, "is a folder, not a file"),
        ("/sys/stillscan-out", 4, "cannot be written: "),
    ):
        assert main([*command.split(), name]) == code
        (told,) = _trouble(capsys.readouterr().err)
        assert told.startswith(f"stillscan: {name}: {says}")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


@pytest.mark.parametrize("command", WRITERS_OF_SMALL_FILES.values(), ids=WRITERS_OF_SMALL_FILES)
def test_a_disk_that_becomes_full(command: str, tmp_path: Path) -> None:
    """A limit on the size of files does what a full disk does: part of it is written, then the system refuses."""
    out = tmp_path / "out"
    done = shell(f"ulimit -f 1; $stillscan {command} {out}")
    assert (done.returncode, len(_trouble(done.stderr))) == (4, 1), done.stderr
    assert _trouble(done.stderr)[0].startswith(f"stillscan: {out}: cannot be written: ")
    assert list(tmp_path.iterdir()) == []
    out.write_text("what was there")
    assert shell(f"ulimit -f 1; $stillscan {command} {out}").returncode == 4
    assert out.read_text() == "what was there"
    done = ran(f"{command} /dev/full")
    assert (done.returncode, len(_trouble(done.stderr))) == (4, 1)


def _trouble(told: str) -> list[str]:
    """The lines of stderr without the one that says that a checkout is not signed, which is asked for."""
    return [line for line in told.splitlines() if not line.startswith("stillscan: not signed as a release")]


def test_a_new_file_is_as_the_user_makes_files_and_an_old_one_stays_as_it_is(tmp_path: Path) -> None:
    out, link = tmp_path / "out.svg", tmp_path / "link.svg"
    link.symlink_to(out)
    assert main(["boards", "draw", "rpi_pico", str(link)]) == 0
    assert link.is_symlink()
    mask = os.umask(0)
    os.umask(mask)
    assert out.stat().st_mode & 0o777 == 0o666 & ~mask
    out.chmod(0o640)
    assert main(["boards", "draw", "rpi_pico2", str(out)]) == 0
    assert out.stat().st_mode & 0o777 == 0o640
    assert "svg" in ran("boards draw rpi_pico /dev/stdout").stdout


def test_explain_never_overwrites_what_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(CLEAN, "a.png")
    before = Path("a.png").read_bytes()
    (tmp_path / "soft.png").symlink_to("a.png")
    os.link("a.png", "hard.png")
    (tmp_path / "folder").mkdir()
    (tmp_path / "elsewhere").symlink_to(tmp_path)
    for name in (
        "a.png",
        "./a.png",
        "folder/../a.png",
        str(tmp_path / "a.png"),
        "soft.png",
        "hard.png",
        "elsewhere/a.png",
    ):
        assert main(["read", "a.png", "--explain", name]) == 2
        assert capsys.readouterr().err.endswith(f"{name}: is the file that is read; it is not overwritten\n")
    assert main(["read", "a.png", "--explain", "b.png"]) == 0
    assert Path("a.png").read_bytes() == before


@pytest.mark.parametrize(
    "command",
    [
        "simulate --document READ --plot",
        "simulate --document READ --vcd",
        "simulate --document READ --record-link",
        "simulate --document READ --log",
        "simulate --document x.png --motion READ --vcd",
        "simulate --scenario READ --vcd",
        "run --port sim --once --document READ --save-strip",
        "run --port sim --once --motion READ --save-screen",
        "run --config READ --log",
        "read x.png READ --log",
        "rules decide READ --log",
        "replay READ --trace",
        "bundle --force --kiosk-log READ",
    ],
)
def test_no_command_overwrites_what_it_reads(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one").write_text('port = "sim"\n')
    Path("other").symlink_to("one")
    for name in ("one", "./one", "other"):
        assert main([*command.replace("READ", "one").split(), name]) == 2
        assert capsys.readouterr().err == f"stillscan: {name}: is the file that is read; it is not overwritten\n"
    assert Path("one").read_text() == 'port = "sim"\n'


def test_no_file_is_written_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for options in ("--vcd out --plot ./out", "--vcd out --record-link out", "--plot out --log out"):
        assert main(["simulate", "--document", CLEAN, *options.split()]) == 2
        assert capsys.readouterr().err == f"stillscan: {tmp_path / 'out'}: two options write it\n"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_and_a_file_that_is_not_there_are_not_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["read"], ["simulate", "--document"], ["run", "--port", "sim", "--once", "--document"]):
        for name, words in {
            str(tmp_path): "is a folder",
            str(tmp_path / "none.png"): "no such file",
            CLEAN + "/x": "not a folder",
        }.items():
            assert main([*command, name]) == 2
            told = capsys.readouterr().err
            assert words in told
            assert "damaged" not in told
            assert told.count("\n") == 1
    (tmp_path / "words.png").write_text("words")
    assert main(["read", str(tmp_path / "words.png")]) == 2
    assert "Error" not in capsys.readouterr().err


def test_json_of_what_was_not_read_has_every_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "words.png").write_text("words")
    blank = SAMPLES.parents[1] / "docs" / "check.png"
    assert main(["read", "--json", CLEAN, str(blank), str(tmp_path / "words.png")]) == 2
    read, *unread = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for one in unread:
        assert set(one) == set(read)
        assert (one["accepted"], one["valid"], one["lines"]) == (False, False, None)
        assert one["reason"]


def test_a_board_in_a_folder_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STILLSCAN_UF2", raising=False)  # with an image it would be simulated on the emulated chip
    boards = Path(__file__).parents[2] / "boards"
    shutil.copytree(boards / "rpi_pico", "mine")
    assert main(["flash", "--unsigned", "--board", "rpi_pico", "--image-only", "theirs.img"]) == 0
    for name in ("./mine", "mine", str(tmp_path / "mine")):
        assert main(["flash", "--unsigned", "--board", name, "--image-only", "mine.img"]) == 0
        assert Path("mine.img").read_bytes() == Path("theirs.img").read_bytes()
    assert main(["boards", "show", "./mine"]) == 0, (
        'like = "rpi_pico2" is a board of the package, wherever this one lies'
    )
    capsys.readouterr()
    assert main(["simulate", "--board", "./mine", "--document", CLEAN]) == 0, "its wiring and drivers, on this computer"
    Path("mine/board.toml").write_text('like = "rpi_pico"\nfiles_kib = 1024\n')
    assert main(["flash", "--unsigned", "--board", "mine", "--image-only", "small.img"]) == 0
    assert Path("small.img").stat().st_size == 1024 * 1024
    for text, words in {
        'like = "rpi_pico"\nflash_kib = "2048"': "'flash_kib' is not a whole number",
        'machine = "x"': "'arch' is missing",
        'like = "rpi_pico"\ncolour = "red"': "no entry is called 'colour'",
        'like = "rpi_pico"\nshared = ["rp3"]': "there is no folder 'rp3'",
        'like = "../mine"': "no file at that path",
        'like = "board.toml"': "line 1: 'like' leads back to ",
        "machine": "board.toml: ",
    }.items():
        Path("mine/board.toml").write_text(text)
        assert main(["flash", "--unsigned", "--board", "mine", "--image-only", "bad.img"]) == 2
        assert words in capsys.readouterr().err
    assert not Path("bad.img").exists()
    assert main(["flash", "--unsigned", "--board", "./nobody", "--image-only", "bad.img"]) == 2


def test_a_link_that_cannot_be_made_and_an_image_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the system says is told in the same plain words by every command."""
    nowhere, file = tmp_path / "no" / "port", tmp_path / "file"
    file.touch()
    for command, words in {
        f"device --link {nowhere}": f"{nowhere}: cannot be made: no such file or folder",
        f"device --link {file}": f"{file}: this is there already and is no link",
        f"device --control {file}": f"{file}: this is there already and is no socket",
        "device --link=": "--link: is empty",
        "device --control=": "--control: is empty",
        f"simulate --document {CLEAN} --motion nowhere": "no movement 'nowhere'; there are: still, ",
        f"simulate --document {CLEAN} --dirt nowhere": "no dirt 'nowhere'; there are: clean, ",
    }.items():
        assert main(command.split()) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"stillscan: {words}")
        assert told.count("\n") == 1


@pytest.mark.parametrize("command", ["fleet servers a b c --out", "consignment import LETTERS --database"])
def test_a_folder_that_is_to_be_made_where_a_file_is(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, letters = tmp_path / "file", tmp_path / "letters.csv"
    file.touch()
    letters.write_text("tracking,order,recipient,deadline\nRR000000014NO,B0,Somebody Else,2099-01-01\n")
    for place in (file, file / "within", file / "far" / "within"):
        if "--database" not in command or place != file:
            assert main([*command.replace("LETTERS", str(letters)).split(), str(place)]) == 2
            told = capsys.readouterr().err
            done = "made" if "--database" in command else "used as a folder"
            assert (told.count("\n"), f": cannot be {done}: " in told) == (1, True), told


@pytest.mark.process
def test_files_of_an_editor_that_writes_a_byte_order_mark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As Windows' editors do, and lines that end in CR LF."""

    def written(name: str, text: str) -> str:
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
        return str(tmp_path / name)

    config = written("kiosk.toml", 'port = "sim"\nno_such = 1\n')
    assert main(["run", "--config", config]) == 2
    assert "no_such" in capsys.readouterr().err
    scenario = written("a.scenario.toml", 'about = "x"\nsteps = [{ lay = {} }, { expect = "scanning" }]\n')
    assert main(["simulate", "--scenario", scenario]) == 0
    known = written("known.toml", (Path(verify.__file__).parent / "known.toml").read_text(encoding="utf-8"))
    assert len(read_list(Path(known))) == len(own_list())
    board = make_board(str(tmp_path / "mine"), "rpi_pico")
    for name in ("board.toml", "parts.toml"):
        written(f"mine/{name}", (board / name).read_text(encoding="utf-8"))
    assert main(["boards", "show", str(board)]) == 0
    capsys.readouterr()
    cases = written("cases.jsonl", "{}\n")
    assert main(["rules", "decide", cases]) == 2
    assert "cases.jsonl:1: 'consignment' is missing" in capsys.readouterr().err, "it is JSON"


def test_what_simulate_says_counts_rightly(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--document", str(CLEAN)]) == 0
    assert "\n  1 attempt, verdict after" in capsys.readouterr().out
