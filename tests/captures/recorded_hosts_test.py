#!/usr/bin/env python3
"""Judges each recording of tests/data/captures as the README.md in it states the truth: the verdict, every
fault, and for a fault at a granted page the granter, ref and backend.
Usage: recorded_hosts_test.py XEN-IOMMU-CHECK CAPTURES
"""
import json
import pathlib
import re
import subprocess
import sys


def truth_of(readme):
    verdict = re.search(r"^Verdict expected: (\w+)(.*)\.$", readme, re.M)
    words = verdict.group(2)
    rows = re.findall(r"^\| (?!fault|---)(.*) \|$", readme, re.M)
    faults = [[cell.strip() for cell in row.split("|")] for row in rows]
    return (verdict.group(1), "observed" in words, "suspected" in words), faults


def check_granted(cells, report):
    """A row that names a domain: exactly attributed to its grant."""
    what, _, frame, _, domain, ref, backend = cells
    for fault in report["faults"]:
        if fault.get("frame") and int(fault["frame"], 16) == int(frame, 16) and fault["access"] in what:
            found = fault["attribution"]
            want = ("exact", int(domain[1:]), int(ref, 16), backend)
            have = (found["state"], (found.get("granter") or {}).get("domid"),
                    int(found.get("ref") or "0", 16), found.get("backend"))
            return None if have == want else f"{frame}: attribution {have}, truth {want}"
    return f"{frame}: not reported"


def main():
    tool, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    failures = recordings = 0
    for readme in sorted(folder.glob("*/README.md")):
        recordings += 1
        wanted, faults = truth_of(readme.read_text())
        run = subprocess.run([tool, "--capture", str(readme.parent), "--json"], capture_output=True,
                             check=False)
        problems = []
        if run.returncode not in (0, 1, 2, 3):
            problems.append(f"exit code {run.returncode}: {run.stderr.decode(errors='replace')}")
        else:
            report = json.loads(run.stdout)
            verdict = report["verdict"]
            have = (verdict["state"], verdict["observed"], verdict["suspected"])
            if have != wanted:
                problems.append(f"(state, observed, suspected) {have}, truth {wanted}")
            count = sum(fault["count"] for fault in report["faults"])
            if count != len(faults):
                problems.append(f"{count} faults, truth {len(faults)}")
            problems += filter(None, (check_granted(cells, report) for cells in faults
                                      if len(cells) == 7 and cells[4]))
        for problem in problems:
            print(f"{readme.parent.name}: {problem}")
        failures += bool(problems)
    print(f"{recordings} recordings, {failures} with problems")
    return 1 if failures or recordings == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
