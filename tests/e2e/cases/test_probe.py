"""The probe's and the flight recorder's programs in dom0, against what the hypervisor's own dump and its memory say."""

import json
import re

from rig.case import RigCase, on

HEALTHY = ("healthy-4.17", "healthy-4.14", "healthy-4.20")
MISSING = ("missing-4.17", "missing-4.14-linux-6.1", "missing-4.20")
HOTPLUG = ("missing-4.14",)
OFF = ("off-4.17",)
HOME = "/usr/libexec/xen-iommu-check"
RESERVED = (0, 1)  # console, xenstore


class ProgramCase(RigCase):
    needs_subject = True

    def setUp(self) -> None:
        super().setUp()
        self._dmesg = self.stage.dom0.must("dmesg | wc -l")
        self._console = self.stage.xen.ring().next

    def assert_nobody_complained(self) -> None:
        """Neither dom0's kernel nor the hypervisor has printed a line since the test began."""
        self.assertEqual(self.stage.dom0.must(f"dmesg | tail -n +$(({self._dmesg.strip()} + 1))"), "")
        printed = self.stage.xen.ring_text(since=self._console)
        self.assertEqual([line for line in printed.splitlines() if "grant" not in line and "[0x" not in line and "active" not in line], [])

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
                flags, domain = rf"0x{ref:x}0000000[26]", rf"0x[0-9a-f]+0000{guest.domain:04x}"
                mapped = re.search(rf"holdgrants.* map: .* o=\{{(0x[0-9a-f]+)000,{flags},{domain},0x{frame:x}000\}}", text)
                self.assertIsNotNone(mapped, f"ref {ref:#x} frame {frame:#x} in\n{text[-3000:]}")
                pfn = mapped[1]
                self.assertRegex(text, rf"page: .* pfn={pfn} mfn=0x{frame:x} nr=1")
                self.assertRegex(text, rf"page: .* pfn={pfn} mfn=0xffffffffffffffff nr=1")
        self.assertNotIn("Unable to handle", stage.dom0.must("dmesg"))

    def test_it_is_found_again_and_removed(self):
        self.run_recorder("start 512")
        first = self.run_recorder("read")
        self.run_recorder("start 512")
        self.assertEqual(self.run_recorder("read").count("recorder started"), first.count("recorder started"))
        self.assertIn("clock mono_raw", self.run_recorder("status"))
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
