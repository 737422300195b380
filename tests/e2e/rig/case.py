"""What tests are made of: a stage shared by all tests of a scenario, and the program under test with its JSON."""

import json
import unittest
from dataclasses import dataclass
from typing import ClassVar

from . import record
from .qemu import RigError
from .scenario import Scenario
from .smmu import MULTI, PERMISSION, ContextFault
from .stage import Stage

_stage: Stage | None = None


def set_stage(stage: Stage | None) -> None:
    """The driver's call: which machine the tests that follow run on."""
    global _stage
    _stage = stage


def on(*scenarios: str):
    """Class decorator: the scenarios a test class runs on."""

    def mark(cls):
        cls.scenarios = scenarios
        return cls

    return mark


class RigCase(unittest.TestCase):
    """Base of all tests. A failure shows the end of the serial log."""

    scenarios: ClassVar[tuple[str, ...]] = ()
    needs_subject: ClassVar[bool] = False
    stage: Stage
    _console_from = 0

    def setUp(self) -> None:
        assert _stage is not None
        self.stage = _stage
        if self.needs_subject and not self.stage.installed:
            self.skipTest("NO PROGRAM TO TEST: the rig was run with --without-subject")

    @property
    def scenario(self) -> Scenario:
        return self.stage.scenario

    def fresh_console(self) -> None:
        """From here on, so that a test sees only its own faults. The ring is not cleared: others need its boot lines."""
        self._console_from = self.stage.xen.ring().next


@dataclass(frozen=True)
class Answer:
    """What the program said."""

    status: int
    report: dict

    @property
    def verdict(self) -> dict:
        return self.report["verdict"]

    @property
    def faults(self) -> list[dict]:
        return self.report["faults"]


class SubjectCase(RigCase):
    """Tests of xen-iommu-check, run inside dom0 on what that dom0 shows."""

    needs_subject = True

    def check(self, arguments: str) -> Answer:
        """`xen-iommu-check check ... --json`; its exit status must be what its report says."""
        done = self.stage.dom0.run(
            f"xen-iommu-check check {arguments} --json > /tmp/report.json 2> /tmp/report.err; s=$?; "
            f"[ $s -le 3 ] || cat /tmp/report.err; cat /tmp/report.json; exit $s"
        )
        try:
            report = json.loads(done.output)
        except ValueError:
            self.fail(f"status {done.status}, no JSON: {done.output[:2000]}")
        self.assertEqual(done.status, report["exit_code"])
        return Answer(done.status, report)

    def check_console(self, more: str = "") -> Answer:
        """What it makes of this dom0's `xl dmesg`, from `fresh_console` on."""
        new = self.stage.xen.ring().next - self._console_from
        self.stage.dom0.must(f"xl dmesg | tail -c {new} > /tmp/console.log")
        return self.check(f"--log /tmp/console.log {more}")

    def check_capture(self, name: str = "capture") -> Answer:
        """What it makes of everything that this dom0 can tell."""
        return self.check("--capture " + record.put(self.stage, record.collect(self.stage), name))

    def assert_reported(self, answer: Answer, fault: ContextFault, count: int = 1) -> dict:
        """The report has exactly this fault, as it was injected; the report's entry."""
        access = "write" if fault.write else "read"
        found = [
            f for f in answer.faults
            if f["kind"] == "smmuv2_context" and int(f["frame"], 16) == fault.target.frame and f["access"] == access
            and int(f["registers"]["fsr"], 16) == fault.fsr
        ]
        self.assertEqual(len(found), 1, f"{fault} in {json.dumps(answer.faults, indent=1)[:4000]}")
        entry = found[0]
        self.assertEqual(entry["count"], count)
        self.assertEqual(int(entry["iova"], 16), fault.target.address)
        self.assertEqual(int(entry["registers"]["fsynr"], 16), fault.fsynr)
        self.assertEqual(entry["origin"], "xen")
        self.assertEqual(entry["cb"], 0)
        self.assertEqual("MULTI" in entry["flags"], bool(fault.status & MULTI))
        self.assertEqual("PF" in entry["flags"], bool(fault.status & PERMISSION))
        return entry


__all__ = ["Answer", "RigCase", "RigError", "SubjectCase", "on", "set_stage"]
