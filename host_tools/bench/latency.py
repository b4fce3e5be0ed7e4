"""``make bench-latency``: from the last row of a text to the verdict, as the kiosk does it: real reader, real port.

A simulated scanner, paired, in a process of its own on a pseudo-terminal, and the service that `stillscan run` runs,
with the reader in its process. Printed are median and 95th percentile over the checks; exit code 1 above the targets.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from contextlib import closing

from rich.console import Console
from rich.progress import Progress

from stillscan.errors import DeviceTrouble
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Hello, Message
from stillscan.link.pairing import Pairing
from stillscan.link.serial_port import SerialTransport
from stillscan.scanning.inspection import NoticeKind
from stillscan.scanning.reader_process import ReaderProcess
from stillscan.scanning.result import Result
from stillscan.scanning.service import Service
from stillscan.testing.simulate import TODAY, decider

MEDIAN_MS, MOST_MS = 30.0, 60.0
_PATIENCE_S = 30.0


class _Enough(Exception):  # noqa: N818 - the bench has what it wanted
    """Ends a service that never ends by itself."""


class _Counting:
    """Collects the results of a service, and ends it."""

    def __init__(self, checks: int) -> None:
        self.took_ms: list[float] = []
        self.others: list[str] = []
        self._checks = checks
        self._progress = Progress(console=Console(stderr=True))
        self._task = self._progress.add_task("checks", total=checks)

    def __enter__(self) -> _Counting:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        """See Display."""

    def message(self, message: Message) -> None:
        """See Display."""

    def not_read(self, reason: str) -> None:
        """See Display."""

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        """See Display."""
        self.others.append(kind)

    def notice(self, text: str, kind: NoticeKind) -> None:
        """See Display."""
        self.others.append(kind)

    def result(self, result: Result) -> None:
        """See Display."""
        if result.outcome == "verified" and result.verdict_ms is not None and result.last_row_ms is not None:
            self.took_ms.append(result.verdict_ms - result.last_row_ms)
        else:
            self.others.append(result.reason)
        self._progress.update(self._task, completed=len(self.took_ms))
        if len(self.took_ms) + len(self.others) >= self._checks:
            raise _Enough


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="make bench-latency", description=__doc__)
    parser.add_argument("--checks", type=int, default=100, help="how many (100)")
    parser.add_argument("--document", metavar="IMAGE", help="what is laid on the glass (default: a sample strip)")
    args = parser.parse_args()
    pairing = Pairing.new()
    command = [sys.executable, "-m", "stillscan.cli", "device", "--hands", "quick", "--pairing", "-"]
    command += ["--document", args.document] if args.document else []
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as device,
        closing(ReaderProcess()) as reader,
        _Counting(args.checks) as counting,
    ):
        try:
            assert device.stdin is not None
            assert device.stdout is not None
            device.stdin.write(pairing.written().decode())
            device.stdin.close()
            port = device.stdout.readline().strip()
            judge = decider(None, TODAY, test_mode=True)
            Service(
                lambda: SerialTransport(port), reader, judge, counting, admission=lambda hello, transport: pairing.key
            ).run()
        except _Enough:
            pass
        finally:
            device.terminate()
    took = sorted(counting.took_ms)
    median, most = statistics.median(took), took[int(0.95 * (len(took) - 1))]
    print(
        f"last row -> verdict, {len(took)} checks: median {median:.1f} ms (to reach {MEDIAN_MS:g}), 95 % {most:.1f} ms "
        f"(to reach {MOST_MS:g}), most {took[-1]:.1f} ms; otherwise: {counting.others or 'nothing'}"
    )
    return int(median > MEDIAN_MS or most > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
