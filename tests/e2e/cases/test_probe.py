"""The probe and the flight recorder, by `check --probe` and by their own programs, against what the hypervisor's own dump and its memory
say."""

import json
import re

from rig import paths
from rig.case import Answer, SubjectCase, on
from rig.qemu import PATIENCE

HEALTHY = ("healthy-4.17", "healthy-4.14", "healthy-4.20")
MISSING = ("missing-4.17", "missing-4.14-linux-6.1", "missing-4.20")
HOTPLUG = ("missing-4.14",)
OFF = ("off-4.17",)
NO_GUEST = ("quick",)
LOCKED = ("stamps-datems",)
HOME = "/usr/libexec/xen-iommu-check"
RESERVED = (0, 1)  # console, xenstore
DUMP_LINE = re.compile(r"gnttab_usage_print_all|-- active --|\[ref\] localdom|grant-table for remote|maptrack frames|no active grant|\[0x[0-9a-f]+\] +\d+ 0x")
# A kernel that is locked down says whenever it has refused something; one on an emulator that got no time says that.
NO_COMPLAINT = re.compile(r"[Ll]ockdown.*(?:/dev/mem|callbacks suppressed)|hrtimer: interrupt took \d+ ns")


class ProgramCase(SubjectCase):
    def setUp(self) -> None:
        super().setUp()
        self._dmesg = self.stage.dom0.must("dmesg | wc -l")
        self._console = self.stage.xen.ring().next
        self._said = {guest.name: self.guest_log(guest.name) for guest in self.stage.guests}

    def guest_log(self, name: str) -> str:
        return self.stage.dom0.must(f"cat /var/log/xen/console/guest-{name}.log")

    def assert_nobody_complained(self) -> None:
        """Neither dom0's kernel nor the hypervisor nor a guest has printed a line since the test began, but for grant dumps."""
        said = self.stage.dom0.must(f"dmesg | tail -n +$(({self._dmesg.strip()} + 1))")
        self.assertEqual([line for line in said.splitlines() if not NO_COMPLAINT.search(line)], [])
        self.assertGreaterEqual(self._console, self.stage.xen.ring().oldest, "the console ring has gone round: what was in it was not seen")
        printed = self.stage.xen.ring_text(since=self._console)
        self.assertEqual([line for line in printed.splitlines() if not DUMP_LINE.search(line)], [])
        self.assertEqual({guest.name: self.guest_log(guest.name) for guest in self.stage.guests}, self._said)

    def long_lived(self) -> list[int]:
        """Frames of the guests' console and xenstore pages."""
        return [g.frame for g in self.stage.grants() if g.ref in RESERVED and g.grantee == 0]

    def probe(self, *frames: int) -> list[dict]:
        words = " ".join(hex(frame) for frame in frames)
        return [json.loads(line) for line in self.stage.dom0.must(f"{HOME}/xen-iommu-probe {words}").splitlines()]


@on(*HEALTHY, *MISSING, *HOTPLUG, *OFF)
class Probe(ProgramCase):
    def test_the_load_tells_whether_the_entry_is_there(self):
        frames = self.long_lived()
        self.assertGreaterEqual(len(frames), 2)
        self._console = self.stage.xen.ring().next
        wanted = {"on": "present", "entry-missing": "absent", "off": "absent"}[self.scenario.iommu]
        if self.scenario.hotplug:
            wanted = "no_answer"  # dom0's kernel takes the frames for its own memory
        self.assertEqual({(int(a["frame"], 16), a["result"]) for a in self.probe(*frames)}, {(f, wanted) for f in frames})
        self.assert_nobody_complained()

    def test_two_hundred_leave_nothing_behind(self):
        frames = self.long_lived()[:2]
        self._console = self.stage.xen.ring().next
        # Programs, not the kernel's own workers. The toolstack's may end meanwhile.
        state = "ps | grep -vc '\\[.*\\]$'; grep -c . /proc/modules; ls /sys/kernel/tracing/instances | wc -l"
        before = self.stage.dom0.must(state)
        words = " ".join(hex(frame) for frame in frames)
        self.stage.dom0.must(f"n=0; while [ $n -lt 100 ]; do {HOME}/xen-iommu-probe {words} > /dev/null || exit 1; n=$((n + 1)); done")
        for now, then in zip(self.stage.dom0.must(state).split(), before.split(), strict=True):
            self.assertLessEqual(int(now), int(then))
        self.assertEqual(self.stage.dom0.run("ps | grep -v grep | grep -E 'xen-iommu-probe| Z '").output, "")
        self.assert_nobody_complained()

    def test_it_refuses_what_dom0s_kernel_calls_its_own(self):
        own = self.stage.own().frame
        self.assertEqual([a["result"] for a in self.probe(own)], ["no_answer"])
        for words in ("", "0x0", "x", "0x10000000000", "1 2 3z"):
            self.assertEqual(self.stage.dom0.run(f"{HOME}/xen-iommu-probe {words}").status, 64, words)


@on(*HEALTHY, *MISSING, *HOTPLUG, *OFF)
class Recorder(ProgramCase):
    def tearDown(self) -> None:
        self.stage.dom0.run(f"{HOME}/xen-iommu-recorder stop")

    def run_recorder(self, words: str) -> str:
        return self.stage.dom0.must(f"{HOME}/xen-iommu-recorder {words}")

    def test_it_sees_who_mapped_what(self):
        """Maps and unmaps of one page and of several, in dom0's kernel, which survives it."""
        stage, guest = self.stage, self.stage.guests[0]
        self.run_recorder("start 512")
        for refs in ((guest.refs[0],), guest.refs[1:4]):
            with stage.held(guest, *refs):
                frames = {ref: stage.granted(guest.domain, ref).frame for ref in refs}
            text = self.run_recorder("read")
            for ref, frame in frames.items():
                mapped = re.search(rf"holdgrants.* op: .* pfn=(0x[0-9a-f]+) mfn={frame:#x} flags=0x[26] ref={ref:#x} dom={guest.domain}\n", text)
                self.assertIsNotNone(mapped, f"ref {ref:#x} frame {frame:#x} in\n{text[-3000:]}")
                self.assertRegex(text, rf"gone: .* pfn={mapped[1]} mfn=0xffffffffffffffff nr=1")
        self.assertNotIn("Unable to handle", stage.dom0.must("dmesg"))

    def test_it_is_found_again_and_removed(self):
        self.run_recorder("start 512")
        first = self.run_recorder("read")
        self.run_recorder("start 512")
        self.assertEqual(self.run_recorder("read").count("recorder started"), first.count("recorder started"))
        status = self.run_recorder("status")
        self.assertIn("clock mono_raw", status)
        self.assertIn("references: of every grant", status)
        self.run_recorder("stop")
        self.assertIn("not recording", self.run_recorder("status"))
        self.assertEqual(self.stage.dom0.must("ls /sys/kernel/tracing/instances; cat /sys/kernel/tracing/kprobe_events"), "")

    def test_what_a_crash_left_behind_is_cleaned_up(self):
        self.run_recorder("start 512")
        self.stage.dom0.must("rmdir /sys/kernel/tracing/instances/xen_iommu")  # its events are still defined
        self.run_recorder("start 512")
        self.assertIn("recording: ", self.run_recorder("status"))
        self.run_recorder("stop")
        self.assertEqual(self.stage.dom0.must("cat /sys/kernel/tracing/kprobe_events"), "")


class CheckProbe(ProgramCase):
    """`check --probe`: the verdict rests on the entry, whatever number and features say."""

    RUNS = 4

    def probed(self) -> Answer:
        answer = self.check("--probe")
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        schema = json.loads((paths.PROJECT / "docs/schema/report-1.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(answer.report)
        return answer

    def learnt(self, steps: list[dict]) -> set[int]:
        return {int(step["frame"], 16) for step in steps if step["kind"] == "learnt"}

    def claimed(self, frame: int) -> bool:
        """By dom0's kernel, for whatever."""
        ranges = re.findall(r"^ *([0-9a-f]+)-([0-9a-f]+) : ", self.stage.dom0.must("cat /proc/iomem"), re.MULTILINE)
        return any(int(begin, 16) >> 12 <= frame <= int(last, 16) >> 12 for begin, last in ranges)

    def text(self) -> str:
        return self.stage.dom0.run("xen-iommu-check check --probe --width 400").output

    def reserved(self) -> set[tuple[int, int, int, int]]:
        return {(g.domain, g.ref, g.frame, g.pin) for g in self.stage.grants() if g.ref in RESERVED}

    def assert_harmless(self) -> None:
        """Some runs while a guest is pinged: every answer comes, no log has a new line, nothing is left."""
        stage, runs = self.stage, self.RUNS
        state = (
            "ls /sys/kernel/tracing/instances; cat /sys/kernel/tracing/kprobe_events; "
            "ps | grep -v grep | grep -E 'xen-iommu| Z ' || true"
        )
        before, mapped = stage.dom0.must(state), self.reserved()
        self._console = stage.xen.ring().next
        ping = f"ping -c {runs} -W 60 10.9.9.2 > /tmp/ping.out 2>&1 & p=$!; " if stage.guests else ""
        stage.dom0.must(
            f"{ping}n=0; while [ $n -lt {runs} ]; do xen-iommu-check check --probe --json > /dev/null; [ $? -le 3 ] || exit 1; n=$((n + 1)); done; "
            + ("wait $p" if ping else ""),
            timeout=PATIENCE + 60 * runs,
        )
        if ping:
            self.assertIn(f" {runs} packets received", stage.dom0.must("cat /tmp/ping.out"))
        self.assert_nobody_complained()
        self.assertEqual(stage.dom0.must(state), before)
        self.assertEqual(self.reserved(), mapped)


@on(*HEALTHY, *MISSING, *HOTPLUG)
class ProbePossible(CheckProbe):
    def test_verdict(self):
        answer = self.probed()
        probe, verdict = answer.report["probe"], answer.verdict
        if self.scenario.iommu == "on":
            self.assertEqual((verdict["state"], verdict["confidence"], probe["answer"]), ("not_affected", "high", "present"))
            return
        if self.scenario.hotplug and probe["answer"] == "not_possible":
            # Which frames guests get differs by boot: dom0's kernel has all of them (or all but one, which proves nothing) for its own memory.
            free = [frame for frame in self.learnt(probe["steps"]) if not self.claimed(frame)]
            self.assertLess(len(free), 2, probe)
            self.assertEqual([one["id"] for one in probe["refusals"]], ["one_page" if free else "pages_claimed"])
            self.assertIn("proves nothing" if free else "System RAM", probe["detail"])
            self.assertNotEqual(verdict["state"], "affected")
            return
        self.assertEqual((verdict["state"], verdict["confidence"], probe["answer"]), ("affected", "high", "absent"))
        self.assertEqual((verdict["id"], answer.status), ("XIC-1001", 2))
        # although everything else acquits it
        acquits = {one["kind"] for one in answer.report["evidence"] if one["supports"] == "not_affected"}
        new = {"feature_bits", "sysctl_abi"} if self.scenario.hypervisor.branch != "4.14" else set()
        self.assertLessEqual({"version_number"} | new, acquits)
        self.assertNotEqual(self.check("").verdict["state"], "affected")

    def test_proof_can_be_followed_and_repeated_by_hand(self):
        outcome = "present" if self.scenario.iommu == "on" else "absent"
        steps = self.probed().report["probe"]["steps"]
        truth = {g.frame: (g.domain, g.ref) for g in self.stage.grants() if g.grantee == 0}
        learnt = {int(s["frame"], 16): (s["granter"], int(s["ref"], 16)) for s in steps if s["kind"] == "learnt"}
        self.assertEqual(learnt, {frame: truth.get(frame) for frame in learnt})
        self.assertEqual({domain for domain, _ in learnt.values()}, {guest.domain for guest in self.stage.guests})
        left_out = {int(s["frame"], 16): s["detail"] for s in steps if s["outcome"] == "left_out"}
        self.assertEqual({frame for frame in learnt if self.claimed(frame)}, set(left_out))
        if self.scenario.hotplug:  # dom0's kernel takes the reserved pages for its own memory; the dump shows others
            self.assertLessEqual(set(RESERVED), {truth[frame][1] for frame in left_out})
            self.assertEqual(set(left_out.values()), {'dom0\'s kernel has it as "System RAM"'})
            if len(learnt) - len(left_out) < 2:
                return
        loads = [int(s["frame"], 16) for s in steps if s["kind"] == "loaded"]
        self.assertEqual(loads[0], loads[len(set(loads))], "the first again behind the others")
        for frame in set(loads):
            course = [s["outcome"] for s in steps if int(s["frame"], 16) == frame and s["kind"] != "learnt"]
            self.assertEqual((course[0], set(course[1:-1]), course[-1]), ("granted", {outcome}, "granted"))
        text = self.text()
        for frame in set(loads):
            domain, ref = truth[frame]
            self.assertRegex(text, rf"{frame:#x}000 = frame {frame:#x}, grant {ref:#x} of d{domain} .*: granted to dom0; load .*; granted to dom0\n")
        by_hand = re.findall(r"By hand, [^:]*: (.*)", text)
        self.assertEqual(len(by_hand), 2, text)
        dumped, loaded = (self.stage.dom0.must(command) for command in by_hand)
        for frame in set(loads):
            self.assertRegex(dumped, rf"\[0x{truth[frame][1]:03x}\]\s+0 0x{frame:05x} ")
        self.assertEqual({json.loads(line)["result"] for line in loaded.splitlines()}, {outcome})

    def test_nothing_is_disturbed_or_left_behind(self):
        self.assert_harmless()


@on(*OFF, *NO_GUEST, *LOCKED)
class ProbeImpossible(CheckProbe):
    # what refuses, in which words; what the steps taken came to
    WHY = {
        "off-4.17": ("iommu_off", "Xen uses no IOMMU", set()),
        "quick": ("no_guest", "start any guest", set()),
        "stamps-datems": ("no_load", "lockdown", {"no_answer"}),
    }

    def test_says_why_and_what_would_help(self):
        answer = self.probed()
        probe = answer.report["probe"]
        refusal, words, outcomes = self.WHY[self.scenario.name]
        self.assertEqual((probe["answer"], probe["frames"]), ("not_possible", 0), probe)
        why = {one["id"]: f"{one['why']}; {one['remedy']}".removesuffix("; ") for one in probe["refusals"]}
        self.assertIn(refusal, why)
        text = self.text()
        for line in why.values():
            self.assertIn(f"not possible: {line}", text)
        self.assertRegex(text, f"(?s)\n  Probe\n.*{words}")
        ended = {"no_load": "loaded"}.get(refusal, "learnt")
        self.assertEqual({s["outcome"] for s in probe.get("steps", ()) if s["kind"] == ended}, outcomes)
        # the weaker signs decide
        self.assertEqual(answer.verdict["state"], self.check("").verdict["state"])
        self.assertNotEqual(answer.verdict["state"], "affected")

    def test_nothing_is_disturbed_or_left_behind(self):
        self.assert_harmless()
