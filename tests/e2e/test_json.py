"""`run --json` and `check --json`: one object a line, nothing of a person in it."""

import json
import os
import subprocess
import sys

import pytest

from tests.hurried import HURRIED, HURRY

pytestmark = pytest.mark.process


def lines_of(*command: str, answers: str = "") -> tuple[int, list[dict]]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", HURRIED: str(HURRY)}
    ran = subprocess.run(
        [sys.executable, "-m", "stillscan", *command], input=answers, capture_output=True, text=True, env=environment
    )
    assert "STENBYEN" not in ran.stdout.upper()
    return ran.returncode, [json.loads(line) for line in ran.stdout.splitlines()]


def test_run_tells_each_event_and_the_end() -> None:
    code, told = lines_of("run", "--port", "sim", "--once", "--json", "--motion", "one-slip", "--seed", "3")
    assert code == 0
    assert told[0]["event"] == "connected"
    assert {"state", "sweep", "abort"} <= {one["event"] for one in told}
    assert told[-1]["event"] == "result"
    assert told[-1]["outcome"] == "verified"
    assert told[-1]["aborts"][0]["cause"] == "slip"


def test_check_tells_its_end_with_what_helps() -> None:
    command = ("check", "--port", "sim", "--tracking", "RR200000045NO", "--json", "--language", "en")
    code, told = lines_of(*command, answers="y\n")
    assert code == 1
    assert [one["verdict"] for one in told] == ["refuse"]
    assert told[0]["reasons"] == ["name_mismatch", "face_not_confirmed"]
    assert all(told[0]["advice"].values())
