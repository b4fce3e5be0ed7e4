"""The Debian package and the container: installed into a tree of its own, where root may do that."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from distribution import ROOT, archives, debian
from distribution.programs import call

import stillscan
from stillscan import service
from stillscan.commands.counter import PORT
from stillscan.errors import InputError

UNIT = (Path(service.__file__).parent / "stillscan.service").read_text(encoding="utf-8")
CONTAINER = (ROOT / "host_tools" / "distribution" / "Containerfile").read_text(encoding="utf-8")
BROWSER = (debian.PARTS / "stillscan-browser.service").read_text(encoding="utf-8")
PYTHON = "/usr/bin/python3"


def test_unit_container_and_package_agree() -> None:
    database = re.search(r"STILLSCAN_DATABASE=(\S+)", UNIT)
    assert database is not None
    assert f"ENV {database[0]}" in CONTAINER
    assert f"ExecStart=/{debian.HOME}/bin/stillscan run --config /{debian.CONFIGURATION} --log -" in UNIT
    assert f'CMD ["run", "--config", "/{debian.CONFIGURATION}", "--log", "-"]' in CONTAINER
    assert f"http://127.0.0.1:{PORT}/" in BROWSER


def test_a_folder_that_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="make release writes it"):
        debian.build(tmp_path, tmp_path / "out", PYTHON)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package with no libraries in it: nothing is fetched, and it takes seconds."""
    for program in ("dpkg-deb", "dpkg", PYTHON):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here: a Debian package is built on Debian")
    version = call([PYTHON, "-c", "import sys; print(*sys.version_info[:2])"], PYTHON).split()
    if tuple(map(int, version)) < (3, 11):
        pytest.skip(f"{PYTHON} is older than 3.11")
    folder = tmp_path_factory.mktemp("release")
    archives.build(ROOT, folder)
    (folder / "requirements.txt").write_text("")
    return debian.build(folder, folder / "deb", PYTHON)


@pytest.mark.process
@pytest.mark.slow
def test_the_package_is_installed_and_removed(package: Path, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("needs root: a package makes a user and gives it a folder")
    tree, admin = tmp_path / "tree", tmp_path / "admin"
    for folder in (tree / "etc", admin / "info", admin / "updates"):
        folder.mkdir(parents=True)
    (admin / "status").touch()
    (tree / "etc" / "passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (tree / "etc" / "group").write_text("root:x:0:\ndialout:x:20:\n")
    dpkg = ["dpkg", f"--instdir={tree}", f"--admindir={admin}", "--force-script-chrootless", "--force-depends"]

    done = subprocess.run([*dpkg, "--install", package], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "systemctl enable --now stillscan" in done.stdout
    user = next(line for line in (tree / "etc/passwd").read_text().splitlines() if line.startswith("stillscan:"))
    assert user.endswith(":/var/lib/stillscan:/usr/sbin/nologin")
    assert "dialout:x:20:stillscan" in (tree / "etc/group").read_text()
    records = (tree / "var/lib/stillscan").stat()
    assert (records.st_uid, records.st_mode & 0o777) == (int(user.split(":")[2]), 0o700)
    assert (tree / "usr/lib/systemd/system/stillscan.service").read_text(encoding="utf-8") == UNIT
    assert (tree / "usr/lib/udev/rules.d/70-stillscan.rules").is_file()
    assert os.readlink(tree / "usr/bin/stillscan") == "/opt/stillscan/bin/stillscan"
    command = (tree / "opt/stillscan/bin/stillscan").read_text()
    assert command.startswith("#!/opt/stillscan/bin/python")
    python = tree / "opt/stillscan/bin/python"
    said = call([python, "-c", "import stillscan; print(stillscan.__version__, stillscan.__file__)"], "its Python")
    assert said.split()[0] == stillscan.__version__
    assert said.split()[1].startswith(f"{tree}/opt/stillscan/lib/")

    (tree / "etc/stillscan/kiosk.toml").write_text("# ours\n")
    (tree / "var/lib/stillscan/records.db").touch()
    subprocess.run([*dpkg, "--remove", "stillscan"], capture_output=True, check=True)
    assert not (tree / "opt/stillscan").exists()
    assert (tree / "etc/stillscan/kiosk.toml").read_text() == "# ours\n"
    subprocess.run([*dpkg, "--purge", "stillscan"], capture_output=True, check=True)
    assert not (tree / "etc/stillscan/kiosk.toml").exists()
    assert (tree / "var/lib/stillscan/records.db").exists()


@pytest.mark.process
@pytest.mark.slow
def test_units_are_what_systemd_takes(package: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    call(["dpkg-deb", "--extract", package, tmp_path], "dpkg-deb")
    text = (tmp_path / "usr/lib/systemd/user/stillscan-browser.service").read_text()
    (tmp_path / "browser.service").write_text(text.replace("/usr/bin/chromium", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", tmp_path / "browser.service"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if "browser.service" in line] == []


@pytest.mark.process
@pytest.mark.slow
def test_nothing_in_the_package_names_where_it_was_built(package: Path, tmp_path: Path) -> None:
    call(["dpkg-deb", "--raw-extract", package, tmp_path / "raw"], "dpkg-deb")
    named = [
        path.relative_to(tmp_path).as_posix()
        for path in (tmp_path / "raw").rglob("*")
        if path.is_file() and not path.is_symlink() and b"/tree/opt/stillscan" in path.read_bytes()
    ]
    assert named == []
