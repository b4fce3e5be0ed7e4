"""``stillscan fleet release`` and ``stillscan fleet rollout``, as people type them."""

from __future__ import annotations

import argparse
import json
import os
import stat
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.commands import fleet_rollout, fleet_serve
from stillscan.fleet.rollout import rings
from stillscan.fleet.rollout.conducting import Conductor
from stillscan.fleet.store import Store

from .kiosks import Kiosk
from .releases import KNOWN

pytestmark = pytest.mark.slow

KEYS = ("root-1", "root-2", "root-3", "targets-1", "targets-2", "targets-3", "online", "rollouts")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        code = main(["fleet", *words])
    except SystemExit as usage:
        code = int(usage.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "keys"
    monkeypatch.setattr("stillscan.commands.release_keys.asked_unseen", lambda _: "")
    assert run(capsys, "release", "keys", str(folder))[0] == 0
    return folder


@pytest.fixture
def published(tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A repository with a list of known problems in it."""
    repository, file = tmp_path / "repository", tmp_path / "list.toml"
    file.write_bytes(KNOWN)
    run(capsys, "release", "init", str(repository), "--keys", str(keys))
    run(capsys, "release", "add", str(repository), "known", str(file), "--version", "2026-48")
    for key in ("root-1", "root-3", "targets-1", "targets-2"):
        assert run(capsys, "release", "sign", str(repository), "--key", str(keys / key))[0] == 0
    assert publish(capsys, repository, keys)[0] == 0
    return repository


def publish(capsys: pytest.CaptureFixture[str], repository: Path, keys: Path, *more: str) -> tuple[int, str, str]:
    online = ("--online", str(keys / "online"), "--rollouts", str(keys / "rollouts"))
    return run(capsys, "release", "publish", str(repository), *online, *more)


def test_keys_are_their_owners_alone_and_never_written_over(
    keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sorted(path.name for path in keys.iterdir()) == sorted([*KEYS, *(f"{key}.pub" for key in KEYS)])
    if os.name == "posix":
        assert all(stat.S_IMODE((keys / key).stat().st_mode) == 0o600 for key in KEYS)
    before = (keys / "root-1").read_bytes()
    code, _, err = run(capsys, "release", "keys", str(keys), "--only", "root-1")
    assert (code, (keys / "root-1").read_bytes()) == (2, before)
    assert "is there already" in err
    assert run(capsys, "release", "keys", str(tmp_path / "alone"), "--only", "targets-2")[0] == 0
    assert sorted(path.name for path in (tmp_path / "alone").iterdir()) == ["targets-2", "targets-2.pub"]


def test_from_keys_to_what_a_kiosk_believes(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(published / "public" / "metadata" / "1.root.json")
    code, out, _ = run(capsys, "release", "verify", str(published), "--root", root)
    assert code == 0
    assert f"known/2026-48.toml: serial 1, {len(KNOWN)} bytes" in out
    assert "1 release, as enough of the right keys have signed; nothing is ordered yet" in out
    code, out, _ = run(capsys, "release", "verify", str(published / "public"), "--root", root, "--json")
    assert json.loads(out) == {
        "path": "known/2026-48.toml", "kind": "known", "version": "2026-48", "serial": 1, "board": "",
        "bytes": len(KNOWN),
    }  # fmt: skip


def test_what_was_altered_is_told(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(published / "public" / "metadata" / "1.root.json")
    (target,) = (published / "public" / "targets" / "known").iterdir()
    target.write_bytes(KNOWN.replace(b"UTO", b"NOR"))
    code, _, err = run(capsys, "release", "verify", str(published), "--root", root)
    assert (code, err.count("\n")) == (1, 1)
    assert "is not what was signed" in err


def test_too_few_signatures_publish_nothing(
    published: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "slow.toml").write_text("slip = 300\n")
    code, out, _ = run(
        capsys, "release", "add", str(published), "settings", str(tmp_path / "slow.toml"), "--version", "1"
    )
    assert code == 0
    assert "targets 2: 0 of 2 signatures" in out
    run(capsys, "release", "sign", str(published), "--key", str(keys / "targets-3"))
    code, _, err = publish(capsys, published, keys)
    assert (code, err.count("\n")) == (1, 1)
    assert "targets 2 has 1 of 2 signatures; nothing is published" in err
    assert publish(capsys, published, keys, "--renew")[0] == 0


@pytest.mark.parametrize(
    ("kind", "content", "says"),
    [
        ("known", "[[passport]]\nissuer = 3\n", "needs advice in"),
        ("known", "\x00", "no TOML file"),
        ("settings", "nothing = 1\n", "no setting is called 'nothing'"),
        ("settings", "slip = 1000000\n", "slip has a value"),
        ("settings", "slip = true\n", "slip has a value"),
    ],
)
def test_what_no_kiosk_could_use_is_not_added(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, content: str, says: str
) -> None:
    (tmp_path / "file.toml").write_text(content)
    words = ("release", "add", str(tmp_path / "r"), kind, str(tmp_path / "file.toml"), "--version", "1")
    code, _, err = run(capsys, *words)
    assert (code, err.count("\n")) == (2, 1)
    assert says in err
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("firmware",),
        ("firmware", "file.bin", "--board", "rpi_pico"),
        ("firmware", "--board", "nothing"),
        ("known", "list.toml"),
        ("known", "--version", "1"),
        ("known", "list.toml", "--version", "1", "--board", "rpi_pico"),
        ("song", "list.toml", "--version", "1"),
    ],
)
def test_what_does_not_fit_together_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, _, err = run(capsys, "release", "add", str(tmp_path), *words)
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("none", "no such file or folder"),
        ("file", "a part of this path is a file, not a folder"),
        ("empty", "is no repository of releases; 'stillscan fleet release init' makes one"),
        ("broken", "is no metadata of a repository"),
    ],
)
def test_a_slip_in_the_folder_is_told_and_makes_nothing(
    place: str, says: str, keys: Path, state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text(KNOWN.decode())
    (tmp_path / "empty").mkdir()
    for role in ("root", "targets"):
        for folder, number in (("public/metadata", "1."), ("draft", "")):
            (tmp_path / "broken" / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / "broken" / folder / f"{number}{role}.json").write_text("{")
    before = sorted(path for path in tmp_path.rglob("*"))
    where, online = str(tmp_path / place), ("--online", str(keys / "online"), "--rollouts", str(keys / "rollouts"))
    for words in (
        ("rollout", "plan", "a", "known/1.toml", "--repository", where, "--state", state),
        ("rollout", "conduct", where, *online, "--state", state),
        ("serve", "--servers", "nats://127.0.0.1:1", "--conduct", where, *online, "--state", state),
        ("release", "add", where, "known", str(tmp_path / "file"), "--version", "1"),
        ("release", "withdraw", where, "known/1.toml"),
        ("release", "sign", where, "--key", str(keys / "root-1")),
        ("release", "publish", where, *online),
    ):
        if (place, words[0]) == ("broken", "serve"):
            continue  # a folder that is away for a while is waited for
        code, _, err = run(capsys, *words)
        assert (code, err.count("\n")) == (2, 1), words
        assert where in err, words
        assert says in err, words
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_what_is_no_root_and_no_place_is_told_of_by_its_name(
    published: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = published / "public" / "metadata" / "1.root.json"
    (tmp_path / "nothing").write_text("")
    for wrong in (tmp_path / "nothing", root.with_name("timestamp.json"), keys / "root-1.pub"):
        code, _, err = run(capsys, "release", "verify", str(published), "--root", str(wrong))
        assert (code, err.count("\n")) == (2, 1)
        assert f"{wrong}: is no root of a repository" in err
    for place, says in ((tmp_path / "none", "none: no such folder"), (keys, "lacks a file: metadata/timestamp.json")):
        code, _, err = run(capsys, "release", "verify", str(place), "--root", str(root))
        assert (code, err.count("\n")) == (4, 1)
        assert says in err
    code, _, err = run(capsys, "release", "init", str(tmp_path / "r"), "--keys", str(tmp_path / "none"))
    assert (code, err) == (2, f"stillscan: {tmp_path / 'none'}: no such file or folder\n")


# --- roll-outs --------------------------------------------------------------------------------------------------------


@pytest.fixture
def state(tmp_path: Path) -> str:
    """Ten kiosks in five offices."""
    place = tmp_path / "centre.db"
    store = Store(place)
    for number in range(10):
        Kiosk(f"kiosk-{number}").enrol(store, f"office {number // 2}")
    store.close()
    return str(place)


def test_a_roll_out_is_planned_conducted_and_taken_back(
    published: Path, keys: Path, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--state", state)
    conduct = (
        "rollout",
        "conduct",
        str(published),
        "--online",
        str(keys / "online"),
        "--rollouts",
        str(keys / "rollouts"),
    )
    ringed = ("--ring", "office:office 1", "--ring", "100%")
    plan = ("rollout", "plan", "week-48", "known/2026-48.toml", "--repository", str(published), *ringed, *where)
    assert run(capsys, *plan)[:2] == (
        0,
        "week-48: known/2026-48.toml to office:office 1, 100%; the centre opens ring 1 at its next look\n",
    )
    assert run(capsys, *conduct, *where)[:2] == (0, "week-48: running, 1 of 2 rings open\n")
    code, out, _ = run(capsys, "rollout", "status", "--json", *where)
    told = json.loads(out)
    assert (code, told["state"], told["open"], told["judgement"]) == (0, "running", 1, None)
    assert told["rings"][0] == {"ring": "office:office 1", "kiosks": 0, "installed": 0, "refused": 0, "checks": 0}
    for word, state_ in (("pause", "paused"), ("resume", "running"), ("back", "back")):
        assert run(capsys, "rollout", word, "week-48", *where)[:2] == (0, f"week-48: {state_}, 1 of 2 rings open\n")
    code, _, err = run(capsys, "rollout", "resume", "week-48", *where)
    assert (code, err) == (1, "stillscan: week-48 is back, not paused\n")
    assert run(capsys, *conduct, *where)[:2] == (0, "")
    root = str(published / "public" / "metadata" / "1.root.json")
    assert "orders are there" in run(capsys, "release", "verify", str(published), "--root", root)[1]
    assert "week-48: known/2026-48.toml, back: taken back by a person" in run(capsys, "rollout", "status", *where)[1]


def test_a_centre_conducts_roll_outs_beside_all_else(
    published: Path, keys: Path, state: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    planned = ("rollout", "plan", "week-48", "known/2026-48.toml", "--repository", str(published), "--ring", "100%")
    assert run(capsys, *planned, "--state", state)[0] == 0
    signing = ["--online", str(keys / "online"), "--rollouts", str(keys / "rollouts")]
    given = argparse.Namespace(conduct=str(published), online=signing[1], rollouts=signing[3], to=None)
    at_s, store = 0.0, Store(state)
    look = fleet_serve.looks(Conductor(store, fleet_serve._publisher(given)), lambda: at_s)
    (published / "public").rename(published / "away")
    look()
    look()
    assert (capsys.readouterr().out, caplog.text.count("is tried again")) == ("", 1)
    (published / "away").rename(published / "public")
    at_s = fleet_serve.CONDUCT_S
    look()
    assert capsys.readouterr().out == "week-48: running, 1 of 1 rings open\n"
    assert "all is well again" in caplog.text
    store.close()
    for words, says in ((signing, "go with --conduct"), (["--conduct", str(published)], "name the keys to sign with")):
        code, _, err = run(capsys, "serve", "--servers", "nats://127.0.0.1:1", "--state", state, *words)
        assert (code, err.count("\n")) == (2, 1)
        assert says in err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ("plan", "a", "known/9.toml", "--repository", "REPOSITORY"),
            2,
            "no release that is published; there are: known",
        ),
        (("plan", "a", "PATH", "--repository", "REPOSITORY", "--ring", "office:Nowhere"), 2, "has no kiosk"),
        (("plan", "a", "PATH", "--repository", "REPOSITORY", "--ring", "5"), 2, "5% (0.01% to 100%)"),
        (("plan", "a", "PATH", "--repository", "REPOSITORY", "--success", "0"), 2, "whole number from 1 to 100"),
        (("pause", "a"), 2, "no roll-out 'a'; there are: none"),
        (("status", "extra"), 2, "extra"),
    ],
)
def test_bad_input_is_one_line(
    published: Path, state: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, says: str
) -> None:
    named = {"REPOSITORY": str(published), "PATH": "known/2026-48.toml"}
    got, _, err = run(capsys, "rollout", *(named.get(word, word) for word in words), "--state", state)
    assert (got, err.count("\n")) == (code, 1)
    assert says in err


def test_a_state_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "rollout", "status", "--state", str(tmp_path / "none.db"))
    assert (code, err.count("\n")) == (2, 1)
    assert not (tmp_path / "none.db").exists()


def test_help_says_the_rings_that_are_taken() -> None:
    assert ", ".join(rings.STANDARD) == fleet_rollout._STANDARD
