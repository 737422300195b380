"""What tests are made of: a stage shared by all tests of a scenario, and the program under test with its JSON."""

import contextlib
import json
import time
import unittest
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from . import record
from .qemu import PATIENCE, RigError
from .scenario import Scenario
from .smmu import MULTI, PERMISSION, ContextFault
from .stage import Stage

NOBODY = 65534

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

    @property
    def causes(self) -> list[str]:
        return sorted({(fault.get("cause") or {}).get("id") or "" for fault in self.faults})

    @property
    def evidence_kinds(self) -> set[str]:
        return {one["kind"] for one in self.report["evidence"]}

    @property
    def limits(self) -> set[str]:
        return {one["id"] for one in self.report["limits"]}


@dataclass
class Watch:
    """`watch --json` while it runs in dom0. Signals: STOP, CONT."""

    stage: Stage
    output: Path

    @property
    def events(self) -> list[dict]:
        """All whole lines so far."""
        return [json.loads(line) for line in self.output.read_text().split("\n")[:-1]]

    def of(self, kind: str) -> list[dict]:
        return [event for event in self.events if event["event"] == kind]

    def fault_at(self, address: int) -> list[dict]:
        return [event for event in self.of("fault") if int(event["fault"].get("iova") or "0", 16) == address]

    def until(self, condition: Callable[[], object], what: str, timeout: float = PATIENCE) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                said = self.stage.dom0.run("cat /tmp/watch.err").output
                raise self.stage.dom0.failure(f"watch: {what}: not after {timeout:.0f} s\n{said}\n{self.output.read_text()[-4000:]}")
            time.sleep(0.05)

    def signal(self, name: str) -> None:
        self.stage.dom0.must(f"kill -{name} $(cat /tmp/watch.pid)")
        if name == "STOP":
            self.stage.dom0.until("grep -q '^State:.T' /proc/$(cat /tmp/watch.pid)/status", "watch stopped")

    def see(self, fault: ContextFault) -> None:
        """Inject it and wait until it is told: then all that the console held has been read."""
        self.stage.smmu.inject(fault)
        self.until(lambda: self.fault_at(fault.target.address), f"told of {fault}")


class SubjectCase(RigCase):
    """Tests of xen-iommu-check, run inside dom0 on what that dom0 shows."""

    needs_subject = True

    def check(self, arguments: str) -> Answer:
        """`xen-iommu-check check ... --json`; its exit status must be what its report says."""
        answer = self.json(f"xen-iommu-check check {arguments}")
        self.assertEqual(answer.status, answer.report["exit_code"])
        return answer

    def json(self, command: str) -> Answer:
        """What a command line of the program prints with --json."""
        done = self.stage.dom0.run(
            f"{command} --json > /tmp/report.json 2> /tmp/report.err; s=$?; "
            f"[ $s -le 3 ] || cat /tmp/report.err; cat /tmp/report.json; exit $s"
        )
        try:
            return Answer(done.status, json.loads(done.output))
        except ValueError:
            self.fail(f"status {done.status}, no JSON: {done.output[:2000]}")

    def check_live(self, user: str = "root") -> Answer:
        """Its verdict on this dom0, which it asks itself."""
        if user == "root":
            return self.check("")
        answer = self.json(f"asuser {NOBODY} xen-iommu-check check")
        self.assertEqual(answer.status, answer.report["exit_code"])
        return answer

    def check_own_capture(self, name: str = "live") -> Answer:
        """Its verdict on what its own `capture` has recorded of this dom0."""
        self.stage.dom0.must(f"rm -rf /tmp/{name} && xen-iommu-check capture /tmp/{name}")
        return self.check(f"--capture /tmp/{name}")

    @contextlib.contextmanager
    def watching(self, options: str = "") -> Iterator[Watch]:
        """`watch --json` in the background, seen to tell faults; ends it, and then it must have ended well."""
        dom0, output = self.stage.dom0, self.stage.dom0.share / "watch.ndjson"
        output.write_text("")
        dom0.must(
            f"{{ xen-iommu-check watch --json {options} > /share/watch.ndjson 2> /tmp/watch.err & pid=$!; echo $pid > /tmp/watch.pid; "
            "wait $pid; echo $? > /tmp/watch.rc; } > /dev/null 2>&1 & rm -f /tmp/watch.rc; "
            "n=0; until [ -s /tmp/watch.pid ] || [ $n -ge 1000 ]; do usleep 20000; n=$((n + 1)); done"
        )
        watch = Watch(self.stage, output)
        try:
            # What came before it had asked the host is context and not told.
            for attempt in range(60):
                self.stage.smmu.inject(ContextFault(self.stage.nothing.at(8 * attempt), write=True))
                with contextlib.suppress(RigError):
                    watch.until(lambda: watch.of("fault"), "its first fault", timeout=5)
                    break
            else:
                raise dom0.failure("watch tells nothing: " + dom0.run("cat /tmp/watch.err").output)
            yield watch
        finally:
            dom0.run("kill -CONT $(cat /tmp/watch.pid); kill $(cat /tmp/watch.pid)")
            dom0.until("[ -s /tmp/watch.rc ]", "watch has ended")
        self.assertEqual(dom0.must("cat /tmp/watch.rc; cat /tmp/watch.err").strip(), "0")

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


__all__ = ["Answer", "RigCase", "RigError", "SubjectCase", "Watch", "on", "set_stage"]
