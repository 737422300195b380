#!/usr/bin/env python3
"""The journal's catalog: journalctl compiles it, and finds each kind of event with its texts.

Usage: catalog_test.py CATALOG EVENTS_TOML CAUSES_TOML
Ends with 77 where this machine has no journalctl, and says so.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path


def journalctl(root, *arguments):
    return subprocess.run(["journalctl", f"--root={root}", "--no-pager", *arguments], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def main():
    catalog, events_toml, causes_toml = map(Path, sys.argv[1:])
    if shutil.which("journalctl") is None:
        print("!!!! SKIPPED: no journalctl on this machine !!!!")
        return 77
    failures = []
    events = tomllib.loads(events_toml.read_text())["event"]
    causes = tomllib.loads(causes_toml.read_text())["entry"]
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "usr/lib/systemd/catalog")
        folder.mkdir(parents=True)
        shutil.copy(catalog, folder / "xen-iommud.catalog")
        updated = journalctl(root, "--update-catalog")
        if updated.returncode != 0 or updated.stderr.strip():
            failures.append(f"--update-catalog: {updated.stderr}")
        for event in events:
            shown = journalctl(root, "--dump-catalog", event["message_id"]).stdout
            if f"Subject: {event['subject']}" not in shown or "Defined-By: xen-iommud" not in shown:
                failures.append(f"{event['id']} is not shown:\n{shown}")
            for field in re.findall(r"@([A-Z_]+)@", event["subject"] + event["action"]):
                if not field.startswith("XEN_IOMMU_"):
                    failures.append(f"{event['id']} names the field {field}")
        fault = next(event for event in events if event["id"] == "fault")
        shown = journalctl(root, "--dump-catalog", fault["message_id"]).stdout
        for cause in causes:
            if cause["id"] not in shown:
                failures.append(f"the entry of a fault lacks {cause['id']}")
    for failure in failures:
        print("FAILED:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
