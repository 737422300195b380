#!/usr/bin/env python3
"""Judges every log of $XIC_FIELD_DIR/logs as its .json and expected-verdicts.json say.

Each log is judged as it stands, with CRLF line ends, with mail quoting, and (where it is a console
log that no mailer wrapped) behind a syslog prefix. Usage: field_logs_test.py XEN-IOMMU-CHECK
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

SKIPPED = 77
KINDS = {
    "smmuv2_context_fault": "smmuv2_context",
    "smmuv2_global_fault": "smmuv2_global",
    "vtd_dma_fault": "vtd",
    "amdvi_io_page_fault": "amdvi",
    "ipmmu_fault": "ipmmu",
    "smmuv3_event": "smmuv3_event",
}
REGISTERS = ("fsr", "fsynr", "gfsr", "gfsynr0", "gfsynr1", "gfsynr2")


def number(text):
    return None if text is None else int(str(text), 0)


def judge(tool, data):
    run = subprocess.run([tool, "--log", "-", "--json"], input=data, capture_output=True, check=False)
    if run.returncode not in (0, 1, 2, 3):
        raise AssertionError(f"exit code {run.returncode}: {run.stderr.decode(errors='replace')}")
    report = json.loads(run.stdout)
    if report["exit_code"] != run.returncode:
        raise AssertionError(f"exit_code {report['exit_code']} but exited with {run.returncode}")
    return report


def expected_faults(expected):
    """Multiset of (kind, iommu, iova, access, stream id, cb, registers), one entry per event."""
    wanted = collections.Counter()
    for fault in expected.get("faults", []):
        addresses = fault.get("iova_list") or [fault.get("iova")]
        for address in addresses:
            wanted[(KINDS[fault["kind"]], number(address))] += 1
    return wanted


def check_faults(expected, report, problems):
    found = collections.Counter()
    for fault in report["faults"]:
        found[(fault["kind"], number(fault.get("iova")))] += fault["count"]
    wanted = expected_faults(expected)
    if found != wanted:
        problems.append(f"faults: found {dict(found)}, expected {dict(wanted)}")
    if "fault_count" in expected and sum(found.values()) != expected["fault_count"]:
        problems.append(f"{sum(found.values())} faults, expected {expected['fault_count']}")
    for want in expected.get("faults", []):
        same = [f for f in report["faults"] if f["kind"] == KINDS[want["kind"]]]
        if not same:
            continue
        got = same[0]
        checks = {"iommu": want.get("node"), "access": want.get("access"), "cb": want.get("cb"),
                  "device": want.get("device")}
        for field, value in checks.items():
            if value is not None and got.get(field) != value:
                problems.append(f"{field} is {got.get(field)!r}, expected {value!r}")
        if want.get("stream_id") is not None and number(got.get("stream_id")) != number(want["stream_id"]):
            problems.append(f"stream_id is {got.get('stream_id')}, expected {want['stream_id']}")
        if isinstance(want.get("domain"), int) and got.get("domain") != want["domain"]:
            problems.append(f"domain is {got.get('domain')}, expected {want['domain']}")
        for register in REGISTERS:
            if want.get(register) is None:
                continue
            if number(got["registers"].get(register)) != number(want[register]):
                problems.append(f"{register} is {got['registers'].get(register)}, "
                                f"expected {want[register]}")


def check_foreign(expected, report, problems):
    want = expected.get("foreign_faults")
    found = sum(f["count"] for f in report["foreign_faults"])
    if not want:
        if found:
            problems.append(f"{found} foreign faults where none is")
        return
    if found != want["count"]:
        problems.append(f"{found} foreign faults, expected {want['count']}")
        return
    for fault in report["foreign_faults"]:
        if fault["origin"] != "linux" or fault["kind"] != KINDS[want["kind"]]:
            problems.append(f"foreign fault is {fault['origin']} {fault['kind']}")
    got = report["foreign_faults"][0]
    if want.get("iova") and number(got.get("iova")) != number(want["iova"]):
        problems.append(f"foreign iova {got.get('iova')}, expected {want['iova']}")
    if want.get("stream_id") and number(got.get("stream_id")) != number(want["stream_id"]):
        problems.append(f"foreign stream_id {got.get('stream_id')}, expected {want['stream_id']}")


def check_dom0_errors(expected, report, problems):
    wanted = expected.get("dom0_dma_errors", [])
    found = report["dom0_errors"]
    for want in wanted:
        if not any(e["driver"] == want["driver"] and
                   want.get("device") in (None, e.get("device")) and
                   e["message"].startswith(want["message"][:24]) and
                   (want.get("uptime_s") is None or
                    abs(float(e["uptime"]) - want["uptime_s"]) < 1e-6)
                   for e in found):
            problems.append(f"dom0 error not found: {want}; have {found}")


def check_verdict(expected, report, problems):
    verdict = report["verdict"]
    if verdict["state"] not in expected["verdict_state_in"]:
        problems.append(f"verdict {verdict['state']}, expected one of {expected['verdict_state_in']}")
    if "suspected" in expected and verdict["suspected"] != expected["suspected"]:
        problems.append(f"suspected {verdict['suspected']}, expected {expected['suspected']}")


def variants(text, mangled):
    """Ways in which the same log reaches us."""
    lines = text.split(b"\n")
    if lines and lines[-1] == b"":
        lines.pop()
    yield "as it stands", text
    yield "CRLF", b"\n".join(line.rstrip(b"\r") + b"\r" for line in lines) + b"\n"
    yield "quoted", b"\n".join(b"> " + line for line in lines) + b"\n"
    console = sum(line.lstrip().startswith((b"(XEN)", b"[ ")) for line in lines)
    if not mangled and console == len(lines):
        prefix = b"Nov 23 09:15:02 dom0 hypervisor: "
        yield "syslog", b"\n".join(prefix + line for line in lines) + b"\n"


def main():
    folder = os.environ.get("XIC_FIELD_DIR")
    if not folder or not pathlib.Path(folder, "logs").is_dir():
        print("SKIPPED: XIC_FIELD_DIR names no folder of real logs")
        return SKIPPED
    tool = sys.argv[1]
    verdicts = json.loads(pathlib.Path(folder, "expected-verdicts.json").read_text())
    failures = cases = 0
    for path in sorted(pathlib.Path(folder, "logs").glob("*.log")):
        record = json.loads(path.with_suffix(".json").read_text())
        expected = record["expected"]
        text = path.read_bytes()
        wrapped = bool(record.get("mangling")) or re.search(rb"\n(?!\(XEN\)|\[| Xen )\S", text)
        for name, data in variants(text, wrapped):
            cases += 1
            problems = []
            try:
                report = judge(tool, data)
                check_faults(expected, report, problems)
                check_foreign(expected, report, problems)
                check_dom0_errors(expected, report, problems)
                check_verdict(verdicts[path.stem], report, problems)
                if report["verdict"]["state"] == "affected" and \
                        "affected" not in verdicts[path.stem]["verdict_state_in"]:
                    problems.append("FALSE ACCUSATION")
            except (AssertionError, KeyError, ValueError, TypeError) as error:
                problems.append(f"{type(error).__name__}: {error}")
            for problem in problems:
                print(f"{path.stem} [{name}]: {problem}")
            failures += bool(problems)
    print(f"{cases} cases, {failures} with problems")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
