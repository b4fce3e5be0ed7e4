"""The configuration of three servers and a leaf node, as it is shipped: started, and one of them killed."""

from __future__ import annotations

import contextlib
import random
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stillscan.cli import main
from stillscan.errors import EnvironmentTroubleError
from stillscan.fleet import agent, centre, connection, servers
from stillscan.fleet.agent import Agent
from stillscan.fleet.centre import Centre
from stillscan.fleet.connection import PATIENCE_S, Address
from stillscan.fleet.nkey import new_seed, public_of
from stillscan.fleet.offices import Office, drawn
from stillscan.fleet.running import running
from stillscan.fleet.servers import Place, Server, User, cluster_files, free_port, users_file
from stillscan.fleet.store import Store

_LONG_S = 120.0  # never waited for: a test that takes so long has failed
_ANSWER_S, _AGAIN_S = 3.0, 1.0  # after which a server is asked anew: what takes longer is tried until it works
HOST = "127.0.0.1"


def certificates(folder: Path) -> None:
    """cert.pem and key.pem for this computer, and ca.pem of an authority of the test's own."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("tests", "server")]
    for number, file in enumerate(("ca.pem", "cert.pem")):
        builder = x509.CertificateBuilder().subject_name(names[number]).issuer_name(names[0])
        builder = builder.public_key(keys[number].public_key()).serial_number(x509.random_serial_number())
        now = datetime.now(UTC)
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=not number, path_length=None), critical=True)
        if number:
            names_of_host = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
            builder = builder.add_extension(names_of_host, critical=False)
        made = builder.sign(keys[0], hashes.SHA256())
        (folder / file).write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(keys[1].private_bytes(pem, form, plain))


def test_the_files_are_written_once_for_three_hosts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "conf"
    assert main(["fleet", "servers", "a.example.org", "b.example.org", "c.example.org", "--out", str(out)]) == 0
    assert sorted(one.name for one in out.iterdir()) == ["leaf.conf", "node-1.conf", "node-2.conf", "node-3.conf"]
    text = (out / "node-2.conf").read_text()
    assert "$" not in text
    assert '"tls://c.example.org:6222"' in text
    for name in ("node-2.conf", "leaf.conf"):  # a slow line: the server waits as long as who signs in
        text = (out / name).read_text()
        assert text.count(f"timeout: {PATIENCE_S}") == text.count("cert_file") + text.count("authorization")
    capsys.readouterr()
    for hosts in (["a", "b", "b"], ["a", "b", 'c"'], ["a", "b", "-"]):
        assert main(["fleet", "servers", *hosts, "--out", str(tmp_path / "other")]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.process
@pytest.mark.slow
def test_three_servers_and_a_leaf_node_keep_all_when_one_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kiosk and centre ask again sooner than in the field: what they wait for is three servers on this computer."""
    for module, name in ((agent, "_ACK_S"), (centre, "_ANSWER_S")):
        monkeypatch.setattr(module, name, _ANSWER_S)
    for module, name in ((agent, "_LONGEST_ASK_S"), (connection, "_FIRST_PAUSE_S")):
        monkeypatch.setattr(module, name, _AGAIN_S)
    try:
        servers.program()
    except EnvironmentTroubleError as missing:
        pytest.skip(str(missing))
    certificates(tmp_path)
    places = [Place(HOST, free_port(), free_port(), free_port()) for _ in range(3)]
    leaf_port = free_port()
    files = cluster_files(places, str(tmp_path / "data"), str(tmp_path), HOST, leaf_port)
    office, seed = Office(tmp_path / "office", 1, 20), new_seed()
    ports = [*(one.port for one in places), leaf_port]
    started: list[Server] = []
    with contextlib.ExitStack() as opened:
        opened.callback(office.close)
        for port, (name, content) in zip(ports, files.items(), strict=True):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "server.conf").write_text(content)
            (folder / "users.conf").write_text(users_file([office.user, User(public_of(seed), None)]))
            started.append(Server(folder, port))
            started[-1].start()
            opened.callback(started[-1].end)
        authority = str(tmp_path / "ca.pem")
        store = Store(tmp_path / "centre.db")
        opened.callback(store.close)
        office.enrol(store)
        taking = Centre(
            store, Address(tuple(f"tls://{HOST}:{one.port}" for one in places), seed, authority), replicas=3
        )
        sending = Agent(office.outbox, Address((f"tls://{HOST}:{leaf_port}",), office.seed, authority))
        dice, end = random.Random(1), time.monotonic() + _LONG_S
        with running("centre", lambda: [taking.run()]) as check, running("agent", lambda: [sending.run()]):
            for number in range(20):
                if number == 10:
                    while not store.counted():
                        check()
                        assert time.monotonic() < end, "the first ones arrive"
                        time.sleep(0.05)
                    started[0].kill()
                office.serve(drawn(dice), dice)
            while office.waits:
                check()
                assert time.monotonic() < end, "all of it arrives"
                time.sleep(0.05)
        assert store.counted() == 20
