#!/usr/bin/env python3
"""Judges every recording of $XIC_CAPTURES_DIR as its README states; as a folder, as a .tar.gz, and with
the files under meaningless names. Usage: captures_test.py XEN-IOMMU-CHECK
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
# folder: (state, observed, suspected, attribution of the first fault, faults in all)
TRUTH = {
    "xen-4.17-no-iommu": ("not_affected", False, False, None, 0),
    "xen-4.17-smmu-healthy": ("not_affected", False, False, None, 0),
    "xen-4.14.1-smmu": ("affected", True, False, ("exact", 1, 0x208, "vif1.0"), 1),
    "xen-4.17-smmu-injected-faults": ("unknown", False, True, ("none",), 4),
    "xen-4.17-entry-missing-faults": ("unknown", False, True, ("exact", 1, 0x208, "vif1.0"), 5),
    "xen-4.14.6-smmu": ("not_affected", False, False, None, 0),
    "xen-4.14.6-entry-missing-faults": ("unknown", False, True, ("exact", 1, 0x300, "vif1.0"), 8),
    "xen-4.20.5-pre-smmu": ("not_affected", False, False, None, 0),
}


def judge(tool, path):
    run = subprocess.run([tool, "--capture", str(path), "--json"], capture_output=True, check=False)
    if run.returncode not in (0, 1, 2, 3):
        raise AssertionError(f"exit code {run.returncode}: {run.stderr.decode(errors='replace')}")
    return json.loads(run.stdout)


def problems_of(report, truth):
    state, observed, suspected, attribution, faults = truth
    verdict = report["verdict"]
    got = (verdict["state"], verdict["observed"], verdict["suspected"])
    if got != (state, observed, suspected):
        yield f"(state, observed, suspected) is {got}, expected {(state, observed, suspected)}"
    count = sum(fault["count"] for fault in report["faults"])
    if count != faults:
        yield f"{count} faults, expected {faults}"
    if attribution and report["faults"]:
        found = report["faults"][0]["attribution"]
        if found["state"] != attribution[0]:
            yield f"attribution is {found}, expected {attribution}"
        elif attribution[0] == "exact":
            have = (found["state"], found["granter"]["domid"], int(found["ref"], 16), found["backend"])
            if have != attribution:
                yield f"attribution is {have}, expected {attribution}"


def main():
    folder = os.environ.get("XIC_CAPTURES_DIR")
    if not folder or not pathlib.Path(folder).is_dir():
        print("SKIPPED: XIC_CAPTURES_DIR names no folder of recordings")
        return SKIPPED
    tool = sys.argv[1]
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name, truth in TRUTH.items():
            source = pathlib.Path(folder, name)
            forms = {"folder": source}
            forms["archive"] = pathlib.Path(
                shutil.make_archive(str(pathlib.Path(scratch, name)), "gztar", source))
            renamed = pathlib.Path(scratch, name + "-renamed")
            renamed.mkdir()
            for index, path in enumerate(sorted(source.iterdir(), reverse=True)):
                shutil.copyfile(path, renamed / f"file{index}")
            forms["meaningless names"] = renamed
            for form, path in forms.items():
                try:
                    problems = list(problems_of(judge(tool, path), truth))
                except (AssertionError, KeyError, ValueError, TypeError) as error:
                    problems = [f"{type(error).__name__}: {error}"]
                for problem in problems:
                    print(f"{name} [{form}]: {problem}")
                failures += bool(problems)
    print(f"{len(TRUTH)} recordings, {failures} problems")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
