"""Runs xen-iommu-check as its users do: through a shell's pipes, a terminal, a cron job."""
import json
import os
import pathlib
import pty
import subprocess
import tempfile
import unittest

CHECK = os.environ["XIC_CHECK"]
DEMO = pathlib.Path(os.environ["XIC_DATA"]) / "captures" / "xen-4.14.1-smmu"
SANITIZED = bool(os.environ.get("XIC_SANITIZED"))

FAULT = (b"(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x8424cb148, "
         b"fsynr=0xb0001, cb=0\n")
MACB = b"[   68.290307] macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK\n"

USAGE, UNAVAILABLE, IO_ERROR, PERMISSION = 64, 69, 74, 77
VERDICTS = (0, 1, 2, 3)


def environment(**changes):
    """The caller's, without what would change the output; None removes a variable."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("NO_COLOR", "TERM", "COLUMNS", "SOURCE_DATE_EPOCH")}
    env["TERM"] = "xterm"
    for key, value in changes.items():
        if value is None:
            env.pop(key, None)
        else:
            env[key] = value
    return env


def run(*arguments, data=b"", env=None, **options):
    """A finished process with .returncode, .stdout and .stderr as bytes."""
    if "stdin" not in options:
        options["input"] = data
    return subprocess.run([CHECK, *map(str, arguments)], capture_output=True, check=False,
                          env=env or environment(), timeout=120, **options)


def run_in_terminal(*arguments, columns=100, env=None):
    """(exit status, what the terminal received) with standard output being a terminal."""
    controller, terminal = pty.openpty()
    import fcntl
    import struct
    import termios
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen([CHECK, *map(str, arguments)], stdin=subprocess.DEVNULL,
                               stdout=terminal, stderr=subprocess.PIPE, env=env or environment())
    os.close(terminal)
    received = b""
    while True:
        try:
            block = os.read(controller, 65536)
        except OSError:  # EIO: the other side is closed.
            break
        if not block:
            break
        received += block
    os.close(controller)
    process.stderr.close()
    return process.wait(timeout=120), received.replace(b"\r\n", b"\n")


class ToolTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def file(self, name, data):
        path = self.scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def judge(self, *arguments, **options):
        """The JSON report; the exit status is checked against it."""
        done = run(*arguments, "--json", **options)
        self.assertIn(done.returncode, VERDICTS, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["exit_code"], done.returncode)
        return report

    def assert_fails(self, done, code):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, b"")
        self.assertTrue(done.stderr.startswith(b"xen-iommu-check: "), done.stderr)
        self.assertTrue(done.stderr.endswith(b"\n"), done.stderr)


def faults(report):
    return sum(fault["count"] for fault in report["faults"])
