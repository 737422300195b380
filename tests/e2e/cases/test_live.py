"""The running host, asked by the program itself: as root, as an ordinary user, and while faults come."""

import datetime
import re

from rig.case import Answer, SubjectCase, on
from rig.smmu import ContextFault

HEALTHY = ("healthy-4.17", "healthy-4.14", "healthy-4.20")
MISSING = ("missing-4.17", "missing-4.14", "missing-4.14-linux-6.1", "missing-4.20")
WITH_GUESTS = ("off-4.17", *HEALTHY, *MISSING)

# branch -> the number in front of its sysctls, and what they have to go through: the program was built against 4.17's libraries
INTERFACES = {"4.14": ("0x13", "libxencall"), "4.17": ("0x15", "libxenctrl"), "4.20": ("0x15", "libxenctrl")}

# What Xen, netback, blkback and the frontends say of grants that went wrong.
GRANT_ERRORS = re.compile(r"grant_table\.c:|gnttab.*(?:error|fail|unable)|bad grant|grant.*still in use|g\.e\. 0x|leaking g", re.IGNORECASE)


def essence(answer: Answer) -> tuple:
    """What a report says, without the words. A capture always takes a dump, `check` only for a fault: what it adds is left out."""
    verdict = answer.verdict
    return (
        {key: verdict[key] for key in ("state", "observed", "suspected")}, answer.causes,
        sorted(answer.evidence_kinds - {"grant_dump", "granted_now"}), answer.status,
    )


@on(*WITH_GUESTS)
class LiveCheck(SubjectCase):
    def meet_the_regression(self) -> None:
        """On a hypervisor without the entry: a fault at a page that is granted, between two dumps."""
        if self.scenario.iommu == "entry-missing":
            guest = self.stage.guests[0]
            backend, ref = self.stage.tx_ring(guest)
            self.stage.smmu.inject(ContextFault(self.stage.granted(guest.domain, ref, backend, offset=0x1C8)))
            self.stage.grants()

    def assert_right(self, answer: Answer) -> None:
        verdict = answer.verdict
        if self.scenario.iommu == "entry-missing":
            # fixed by its number, hit by a fault that only the regression explains
            self.assertEqual((verdict["state"], verdict["suspected"], answer.status), ("unknown", True, 3))
        else:
            self.assertEqual((verdict["state"], verdict["observed"]), ("not_affected", False))
            if not self.stage.smmu.injected:  # by other tests: faults that no healthy host would have
                self.assertEqual((verdict["suspected"], answer.faults, answer.status), (False, [], 0))

    def test_as_root_and_from_its_own_capture(self):
        self.meet_the_regression()
        live, captured = self.check_live(), self.check_own_capture()
        self.assertEqual((live.report["input"]["mode"], live.report["input"]["root"]), ("live", True))
        self.assertEqual(captured.report["input"]["mode"], "capture")
        self.assert_right(live)
        self.assertEqual(essence(captured), essence(live))

    def test_as_an_ordinary_user(self):
        """Sees less and says so; no verdict that root's evidence would not carry."""
        self.meet_the_regression()
        root, nobody = self.check_live(), self.check_live("nobody")
        self.assertFalse(nobody.report["input"]["root"])
        self.assertIn("not_root", nobody.limits)
        self.assertNotIn("not_root", root.limits)
        self.assertLess(nobody.evidence_kinds, root.evidence_kinds)
        self.assertEqual(nobody.faults, [])
        self.assertFalse(nobody.verdict["observed"] or nobody.verdict["suspected"])
        self.assertIn(nobody.verdict["state"], ("not_affected", "unknown"))
        self.assertTrue(nobody.report["hypervisor"]["version"].startswith(self.scenario.hypervisor.branch))

    def test_says_how_it_asked(self):
        number, way = INTERFACES[self.scenario.hypervisor.branch]
        answer = self.check_live()
        found = [one for one in answer.report["evidence"] if one["kind"] == "sysctl_abi"]
        self.assertEqual(len(found), 1, answer.report["evidence"])
        self.assertIn(number, found[0]["value"])
        self.assertIn(way, found[0]["source"])
        self.assertEqual(answer.report["hypervisor"]["sysctl_abi"], number)
        self.assertEqual(answer.report["hypervisor"]["iommu"]["enabled"], self.scenario.iommu != "off")


@on(*WITH_GUESTS)
class LiveGrants(SubjectCase):
    def test_table_is_the_truth(self):
        """Every grant that dom0 has mapped all the while, data pages too, and none that nobody ever had."""
        stage, guest = self.stage, self.stage.guests[0]
        refs = guest.refs[:2]

        def truth() -> set[tuple[int, int, int]]:
            return {(g.domain, g.ref, g.frame) for g in stage.grants() if g.grantee == 0}

        with stage.held(guest, *refs):
            before = truth()
            answer = self.json("xen-iommu-check grants --dump")
            after = truth()
        self.assertEqual(answer.status, 0)
        told = {
            (g["granter"]["domid"], int(g["ref"], 16), int(g["frame"], 16)): g for g in answer.report["grants"] if g["grantee"] == 0
        }
        self.assertLessEqual(before & after, set(told))
        self.assertLessEqual(set(told), before | after)
        held = [g for (domain, ref, _), g in told.items() if domain == guest.domain and ref in refs]
        self.assertEqual([(g["state"], g["role"]) for g in held], [("mapped_now", None)] * 2)
        backend, ref = stage.tx_ring(guest)
        rings = [g["backend"] for (domain, r, _), g in told.items() if (domain, r) == (guest.domain, ref)]
        self.assertEqual(rings, [backend])


@on(*HEALTHY, *MISSING)
class LiveWatch(SubjectCase):
    def dom0_time(self) -> int:
        return int(self.stage.dom0.must("date +%s"))

    def test_fault_at_a_held_page(self):
        """Told within a poll of a second, named; exact afterwards, between two dumps."""
        stage, guest = self.stage, self.stage.guests[0]
        ref = guest.refs[4]
        with stage.held(guest, ref):
            fault = ContextFault(stage.granted(guest.domain, ref, offset=0x240))
            with self.watching() as watch:
                before = self.dom0_time()
                watch.see(fault)
                told = watch.fault_at(fault.target.address)
            stage.grants()
            answer = self.check_live()
        self.assertEqual(len(told), 1)
        self.assertGreaterEqual(datetime.datetime.fromisoformat(told[0]["time"]).timestamp(), before)
        owner = told[0]["fault"]["attribution"]
        self.assertEqual((owner["granter"]["domid"], int(owner["ref"], 16)), (guest.domain, ref))
        self.assertIn(owner["state"], ("exact", "likely"))
        exact = self.assert_reported(answer, fault)["attribution"]
        self.assertEqual((exact["state"], exact["granter"]["domid"], int(exact["ref"], 16)), ("exact", guest.domain, ref))


@on("quick")
class LiveOverrun(SubjectCase):
    ROUNDS = 2

    def setUp(self) -> None:
        super().setUp()
        self.faults = [ContextFault(self.stage.own(0x300000 + 0x1000 * i)) for i in range(40)]

    def storm_of(self, wanted: int) -> None:
        """Fault lines until so many bytes are printed."""
        begin = self.stage.xen.ring().next
        for _ in range(1000):
            if self.stage.xen.ring().next - begin >= wanted:
                return
            self.stage.smmu.storm(self.faults)
        self.fail(f"printed only {self.stage.xen.ring().next - begin} bytes")

    def test_lost_bytes_are_those_overwritten(self):
        """A reader held up while the ring goes round: what it lost and what it read, by the hypervisor's own indices."""
        stage, lines = self.stage, 0
        with self.watching() as watch:
            for number in range(self.ROUNDS):
                watch.see(ContextFault(stage.own(0x380000 + 0x1000 * number)))
                watch.signal("STOP")
                read_so_far = stage.xen.ring().next
                self.storm_of(3 * stage.xen.ring().size)
                ring, held = stage.xen.ring(), stage.xen.ring_text()
                lines += len(re.findall(r"^\(XEN\) .*Unhandled context fault.*\n", held, re.MULTILINE))
                watch.signal("CONT")
                watch.until(lambda: len(watch.of("lost")) > number, "lost bytes")
                lost = watch.of("lost")[number]["bytes"]
                self.assertEqual(lost, ring.oldest - read_so_far)
                self.assertEqual(lost + len(held), ring.next - read_so_far)
        self.assertEqual(len(watch.of("lost")), self.ROUNDS)
        # What was not lost was read: each line that was whole, and perhaps what was left of a cut one.
        storm = {fault.target.address for fault in self.faults}
        groups = {e["group"] for e in watch.of("fault") if int(e["fault"].get("iova") or "0", 16) in storm}
        told = len(groups) + sum(e["count"] for e in watch.of("fault_summary") if e["group"] in groups)
        self.assertGreater(lines, 100)
        self.assertIn(told, range(lines, lines + self.ROUNDS + 1))

    def test_lost_bytes_of_a_reader_that_goes_on(self):
        """More than the ring holds, printed in one hypercall: no reader on this one CPU can come between."""
        stage = self.stage
        with self.watching() as watch:
            for number in range(self.ROUNDS):
                watch.see(ContextFault(stage.own(0x3C0000 + 0x1000 * number)))
                read_so_far = stage.xen.ring().next
                stage.dom0.must("xl debug-keys " + 30 * "h")
                ring = stage.xen.ring()
                self.assertGreater(ring.oldest, read_so_far, f"printed only {ring.next - read_so_far} bytes")
                watch.until(lambda: len(watch.of("lost")) > number, "lost bytes")
                self.assertEqual(watch.of("lost")[number]["bytes"], ring.oldest - read_so_far)


@on("quick", "missing-4.17")
class LiveWakeup(SubjectCase):
    def test_virq_only_where_xenconsoled_lives_on(self):
        stage = self.stage
        if self.scenario.hv_log:
            refused = stage.dom0.run("xen-iommu-check watch --wakeup virq")
            self.assertEqual(refused.status, 77, refused.output)
            self.assertIn("xenconsoled", refused.output)
        else:
            with self.watching("--wakeup virq") as watch:
                watch.see(ContextFault(stage.own(0x3E0000)))
        stage.dom0.must("kill -0 $(cat /run/xen/xenconsoled.pid)")


@on(*WITH_GUESTS)
class LiveLeavesNoTrace(SubjectCase):
    def test_nobody_complains_and_nothing_is_cleared(self):
        stage = self.stage
        before = stage.xen.ring()
        self.check_live()
        self.check_live("nobody")
        self.json("xen-iommu-check grants --dump")
        self.check_own_capture("trace")
        stage.dom0.must("ping -c 2 -W 20 10.9.9.2")
        after = stage.xen.ring()
        self.assertEqual(after.oldest, max(before.oldest, after.next - after.size))
        logs = {"Xen": stage.xen.ring_text(), "dom0": stage.dom0.must("dmesg")}
        logs |= {guest.name: stage.dom0.must(f"cat /var/log/xen/console/guest-{guest.name}.log") for guest in stage.guests}
        for name, text in logs.items():
            self.assertIsNone(GRANT_ERRORS.search(text), f"{name}: {GRANT_ERRORS.findall(text)}")
