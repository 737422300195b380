#!/usr/bin/env python3
"""The unit as it is installed: accepted by systemd, and as closed as it claims to be.

Usage: unit_file_test.py UNIT DAEMON [DROP-IN[+DROP-IN]... MAXIMUM]...
Ends with 77 where this machine has no systemd-analyze, and says so.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DEFAULT_MAXIMUM = 1.0


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ, "SYSTEMD_COLORS": "0"})


def exposure(unit):
    """systemd's score, 0 (closed) to 10."""
    result = analyze("security", "--offline=true", "--no-pager", str(unit))
    for line in result.stdout.splitlines():
        if "Overall exposure level" in line:
            return float(line.split(":")[1].split()[0])
    raise SystemExit(f"systemd-analyze security says:\n{result.stdout}")


def install(folder, unit, daemon):
    """The unit, with the program that was built in the place of the one to be installed."""
    text = Path(unit).read_text()
    lines = []
    for line in text.splitlines():
        if line.startswith("ExecStart="):
            line = f"ExecStart={daemon}"
        if line.startswith("Documentation="):
            continue  # The manual need not be installed here.
        lines.append(line)
    path = folder / Path(unit).name
    path.write_text("\n".join(lines) + "\n")
    return path


def main():
    unit, daemon, *drop_ins = sys.argv[1:]
    if shutil.which("systemd-analyze") is None:
        print("!!!! SKIPPED: no systemd-analyze on this machine !!!!")
        return 77
    failures = []
    text = Path(unit).read_text()
    if "ConditionVirtualization" in text.replace("# Not ConditionVirtualization", ""):
        failures.append("ConditionVirtualization=xen is false in dom0")
    with tempfile.TemporaryDirectory() as name:
        path = install(Path(name), unit, daemon)
        verified = analyze("verify", "--man=no", str(path))
        if verified.returncode != 0 or verified.stdout.strip():
            failures.append(f"systemd-analyze verify:\n{verified.stdout}")
        score = exposure(path)
        print(f"exposure of {path.name}: {score}")
        if score > DEFAULT_MAXIMUM:
            failures.append(f"exposure {score} is over {DEFAULT_MAXIMUM}")
        for drop_in, maximum in zip(drop_ins[::2], drop_ins[1::2]):
            # systemd-analyze reads drop-ins of a unit file only from systemd's own folders: appended, they mean the same.
            whole = Path(name) / "xen-iommud-with-drop-in.service"
            whole.write_text("\n".join([path.read_text(), *(Path(one).read_text() for one in drop_in.split("+"))]))
            verified = analyze("verify", "--man=no", str(whole))
            if verified.returncode != 0 or verified.stdout.strip():
                failures.append(f"systemd-analyze verify with {drop_in}:\n{verified.stdout}")
            score = exposure(whole)
            print(f"exposure with {drop_in}: {score}")
            if score > float(maximum):
                failures.append(f"exposure {score} with {drop_in} is over {maximum}")
    for failure in failures:
        print("FAILED:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
