"""The rig's own truth, against what the hypervisor printed and did. None of these needs our program."""

import re

from rig.case import RigCase, on
from rig.smmu import MULTI, PERMISSION, TRANSLATION, ContextFault, GlobalFault

EVERY = (
    "quick", "healthy-4.17", "off-4.17", "missing-4.17", "healthy-4.14", "missing-4.14", "missing-4.14-linux-6.1", "healthy-4.20",
    "missing-4.20", "stamps-date", "stamps-datems", "stamps-raw",
)
WITH_SMMU = tuple(name for name in EVERY if not name.startswith("off"))
WITH_GUESTS = tuple(name for name in EVERY if not name.startswith(("quick", "stamps")))
STAMP = {
    "none": r"",
    "date": r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] ",
    "datems": r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] ",
    "boot": r"\[ *\d+\.\d{6}\] ",
    "raw": r"\[[0-9a-f]{16}\] ",
}


@on(*EVERY)
class Hypervisor(RigCase):
    def test_is_the_one_wanted(self):
        info = self.stage.dom0.must("xl info")
        self.assertRegex(info, rf"xen_version +: {re.escape(self.scenario.hypervisor.version)}")
        self.assertEqual("hvm_directio" in info, self.scenario.iommu != "off")
        self.assertEqual("I/O virtualisation enabled" in self.stage.qemu.serial, self.scenario.iommu != "off")

    def test_ring_read_from_outside_is_what_dom0_reads(self):
        """The ring in memory is what `xl dmesg` prints, and all of it went to the serial port."""
        inside = self.stage.dom0.must("xl dmesg")
        outside = self.stage.xen.ring_text()
        self.assertEqual(inside.rstrip("\n"), outside.rstrip("\n"))
        state = self.stage.xen.ring()
        self.assertEqual(state.size, max(self.scenario.conring, 16) * 1024)
        printed = {line.strip() for line in self.stage.qemu.serial.split("\n")}
        _, _, since_uart = outside.partition("Looking for dtuart")
        lines = [line.strip() for line in (since_uart or outside).splitlines()[1:]]
        missing = [line for line in lines if line.startswith("(XEN)") and line not in printed]
        self.assertLess(len(missing), 3, missing)  # dom0's own output may cut into a line


@on(*WITH_SMMU)
class Injection(RigCase):
    def test_each_fault_is_printed_once_and_as_injected(self):
        stage = self.stage
        faults = [
            ContextFault(stage.own(0x10040)),
            ContextFault(stage.own(0x20040), write=True),
            ContextFault(stage.its, write=True),
            ContextFault(stage.mmio, privileged=True),
            ContextFault(stage.nothing, status=TRANSLATION | MULTI),
            ContextFault(stage.own(0x30040), status=PERMISSION, write=True),
            GlobalFault(),
        ]
        before = stage.xen.ring().next
        stage.smmu.inject(*faults)
        stage.smmu.settle()
        text = stage.xen.ring_text(since=before)
        for fault in faults:
            self.assertEqual(text.count(fault.printed + "\n"), 1, f"{fault.printed} in {text}")

    def test_lines_carry_the_timestamp_of_the_scenario(self):
        before = self.stage.xen.ring().next
        fault = ContextFault(self.stage.own())
        self.stage.smmu.inject(fault)
        form = STAMP[self.scenario.timestamps]
        self.assertRegex(self.stage.xen.ring_text(since=before), rf"^\(XEN\) {form}{re.escape(fault.printed)}\n")


@on("quick", "missing-4.14")
class Storm(RigCase):
    def test_back_to_back_pulses_coalesce_and_nothing_is_invented(self):
        stage = self.stage
        begin = len(stage.fault_lines())
        faults = [ContextFault(stage.own(0x40000 + 0x1000 * i)) for i in range(200)]
        stage.smmu.storm(faults)
        lines = stage.fault_lines()[begin:]
        # how many depends on the time the emulator gets
        self.assertIn(len(lines), range(1, len(faults) + 1))
        for line in lines:
            self.assertTrue(any(fault.printed.endswith(line) for fault in faults), line)

    def test_paced_pulses_are_all_printed(self):
        stage = self.stage
        begin = len(stage.fault_lines())
        stage.smmu.inject(*[ContextFault(stage.own(0x40000 + 0x1000 * i)) for i in range(50)])
        self.assertEqual(len(stage.fault_lines()) - begin, 50)


@on(*WITH_GUESTS)
class Grants(RigCase):
    def peek(self, address: int) -> str:
        """One word at a guest-physical address of dom0: "absent", "refused" (by dom0's kernel) or its value."""
        done = self.stage.dom0.run(f"devmem {address:#x} 32")
        if "not permitted" in done.output:
            return "refused"
        return "absent" if done.status == 137 else done.output.strip()

    def test_long_lived_grants_are_there(self):
        grants = {(g.domain, g.ref): g for g in self.stage.grants()}
        for guest in self.stage.guests:
            _, ref = self.stage.tx_ring(guest)
            self.assertEqual({grants[guest.domain, r].grantee for r in (0, 1, ref)}, {0})
            self.assertFalse(set(guest.refs) & {r for d, r in grants if d == guest.domain}, "data pages are mapped by nobody yet")

    def test_held_page_is_at_its_frame_only_where_xen_adds_the_entry(self):
        """The regression itself: while dom0 has a page mapped, dom0's stage 2 has gfn == mfn, or has it not."""
        guest = self.stage.guests[0]
        with self.stage.held(guest, guest.refs[0]):
            held = self.stage.granted(guest.domain, guest.refs[0])
            present = self.peek(held.address)
        self.assertNotIn((guest.domain, guest.refs[0]), [(g.domain, g.ref) for g in self.stage.grants()])
        after = self.peek(held.address)
        if self.scenario.iommu == "on":
            self.assertRegex(present, "0x5EED0000")
        elif not self.scenario.hotplug:  # else dom0's kernel takes the frame for its own memory and refuses
            self.assertEqual(present, "absent")
        self.assertIn(after, ("absent", "refused") if self.scenario.hotplug else ("absent",))


@on("missing-4.17")
class TwoGuests(RigCase):
    def test_persistent_disk_grants_stay_mapped(self):
        for guest in self.stage.guests:
            data = [g for g in self.stage.grants() if g.domain == guest.domain and g.grantee == 0 and g.ref > 1]
            self.assertGreater(len(data), 16)

    def test_xenconsoled_logs_the_hypervisor(self):
        fault = ContextFault(self.stage.own(0x50000))
        self.stage.smmu.inject(fault)
        self.stage.dom0.until(f"grep -q 'iova=0x{fault.target.address:08x}' /var/log/xen/console/hypervisor.log", "fault in hypervisor.log")

    def test_guests_talk_to_each_other(self):
        for guest in self.stage.guests:
            self.assertIn("2 packets received", self.stage.dom0.must(f"ping -c 2 -W 5 10.9.9.{guest.domain + 1}"))


@on("quick")
class ReleaseDefaults(RigCase):
    def test_notices_are_hidden(self):
        """Up to 4.17 a release build drops what is below a warning: the SMMU driver's introduction is not there, faults are."""
        self.assertNotIn("loglvl", self.stage.dom0.must("xl info | grep commandline"))
        self.assertNotIn("probing hardware configuration", self.stage.qemu.serial)
        self.stage.smmu.inject(ContextFault(self.stage.own(0x60000)))
