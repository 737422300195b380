#!/usr/bin/env python3
"""Dom0's kernel messages as a collector has them: systemd-journal-remote, journalctl as docs/fleet.md says, then judged with Xen's console.

journal_remote_test.py SOURCE_DIR CHECK
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE, CHECK = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
REMOTE = pathlib.Path("/lib/systemd/systemd-journal-remote")
SKIPPED = 77
BOOT = "00112233445566778899aabbccddeeff"
XEN = ("(XEN) Xen version 4.17.4 (Debian 4.17.4-1) (x@y) (aarch64-linux-gnu-gcc 12) debug=n\n"
       "(XEN) [   68.290107] smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x8424cb148, fsynr=0xb0001, cb=0\n")
KERNEL = ((1_000_000, "Linux version 6.1.0-13-arm64"), (68_290_307, "macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK"))


def export(entries) -> str:
    """The journal's export format."""
    return "\n".join(f"__REALTIME_TIMESTAMP={1_764_062_102_000_000 + at}\n__MONOTONIC_TIMESTAMP={at}\n_BOOT_ID={BOOT}\n_MACHINE_ID={BOOT}\n"
                     f"_HOSTNAME=board7\n_TRANSPORT=kernel\nPRIORITY=3\nSYSLOG_IDENTIFIER=kernel\nMESSAGE={text}\n" for at, text in entries) + "\n"


def documented_command() -> str:
    return re.search(r"^    (journalctl --file \S+ .*) > dom0-kernel\.log$", (SOURCE / "docs/fleet.md").read_text(), re.MULTILINE)[1]


def main() -> int:
    if not REMOTE.exists():
        print("no systemd-journal-remote here")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "entries").write_text(export(KERNEL))
        journal = folder / "remote-board7.journal"
        subprocess.run([REMOTE, f"--output={journal}", folder / "entries"], check=True, capture_output=True)
        command = documented_command().replace("/var/log/journal/remote/remote-HOST.journal", str(journal))
        (folder / "dom0-kernel.log").write_bytes(subprocess.run(command.split(), check=True, capture_output=True).stdout)
        (folder / "hypervisor.log").write_text(XEN)
        done = subprocess.run([CHECK, "--json", "--log", "hypervisor.log", "--log", "dom0-kernel.log"], cwd=folder,
                              capture_output=True, text=True, check=False)
        report = json.loads(done.stdout)
        errors = report["dom0_errors"]
        assert [error["device"] for error in errors] == ["ff0e0000.ethernet"], errors
        assert errors[0]["near_fault"] is not None, errors
        assert [fault["iova"] for fault in report["faults"]] == ["0x8424cb148"], report["faults"]
    return 0


if __name__ == "__main__":
    sys.exit(main())
