"""Whose packet was it? Faults at grants that live for milliseconds, told by `watch` with and without the flight recorder, against the rig's own
trace."""

import collections

from rig.case import SubjectCase, Watch, on
from rig.smmu import ContextFault
from rig.traffic import Shooting, Shot, Tracing, Traffic

REGRESSION, AFTER_UNMAP = "XIC-1001", "XIC-1002"


class Tally(collections.Counter):
    """What was told of each shot, beside what was so."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: list[str] = []

    def add(self, shot: Shot, told: dict) -> None:
        owner, cause = told.get("attribution") or {}, (told.get("cause") or {}).get("id")
        state = owner.get("state", "none")
        named = None if state == "none" or not owner.get("granter") else ((owner.get("granter") or {}).get("domid"), int(owner["ref"], 16) if owner.get("ref") else None)
        near = ", ".join(f"d{m.domain} {m.ref:#x} {m.begin}..{m.end}" for m in shot.around(50_000))
        line = f"{shot.fault.target.address:#x} {shot.begin}..{shot.end}, mapped {near}: {state} {named} {cause} ({owner.get('source')})"
        live, possible = shot.during(), {(m.domain, m.ref) for m in shot.around()}
        if live:
            # A guest may grant a page several times over. Where one of its grants came or went while the fault was being raised, the rig cannot
            # tell whether the fault met it: the fault lies between `begin` and `end`, no better than that.
            kind = "live" if len(live) == len(shot.around(0)) else "twice"
            refs, domains = {(m.domain, m.ref) for m in live}, {m.domain for m in live}
            outcome = "unnamed" if named is None else "right" if named in refs else "possible" if kind == "twice" and named in possible else "wrong"
            self[kind, state, outcome] += 1
            self[kind, outcome] += 1
            if (owner.get("recorder") or {}).get("other_grants"):
                self["of several grants",] += 1
            if named and named[0] not in domains:
                self["wrong domain",] += 1
            if state == "exact" and named not in possible:
                self["wrong exact",] += 1
            if owner.get("backend") and owner["backend"].rsplit(".", 1)[0] not in {f"vif{domain}" for domain in domains}:
                self["wrong vif",] += 1
            if outcome != "right":
                self.odd.append(line)
        elif shot.before():
            self["ended", {AFTER_UNMAP: "after unmap", REGRESSION: "regression"}.get(cause, "ambiguous")] += 1
            if cause != AFTER_UNMAP:
                self.odd.append(line)
        else:
            outcome = "wrong exact" if state == "exact" and named not in possible else "regression" if cause == REGRESSION and state != "exact" else "fine"
            self["changing", outcome] += 1
            self["changing", f"chosen as {shot.wanted}", outcome] += 1
            if outcome != "fine":
                self.odd.append(line)

    def never(self) -> int:
        """What must not happen, however little is known of the fault's time."""
        wrong = self["wrong domain",] + self["wrong exact",] + self["wrong vif",] + self["live", "exact", "wrong"] + self["changing", "wrong exact"]
        return wrong + self["ended", "regression"] + self["changing", "regression"]

    def of(self, kind: str) -> int:
        return sum(n for key, n in self.items() if key[0] == kind and len(key) == 2)


class Attribution(SubjectCase):
    def shoot(self, watch: Watch, shooting: Shooting) -> Tally:
        """All shots, and what `watch` said of each."""
        tally = Tally()
        for shot in shooting.run():
            access = "write" if shot.fault.write else "read"
            watch.until(lambda s=shot, a=access: [e for e in watch.fault_at(s.fault.target.address) if e["fault"]["access"] == a], f"told of {shot.fault}", 60)
            told = [e for e in watch.fault_at(shot.fault.target.address) if e["fault"]["access"] == access]
            tally.add(shot, told[0]["fault"])
        return tally


@on("missing-4.14-linux-6.1", "missing-4.20")
class InACapture(SubjectCase):
    def test_it_holds_the_recorders_records_and_the_probes_answer(self):
        stage, guest, ref = self.stage, self.stage.guests[0], self.stage.guests[0].refs[5]
        recorder = "/usr/libexec/xen-iommu-check/xen-iommu-recorder"
        stage.dom0.must(f"{recorder} start 512; rm -rf /tmp/proof.tar.gz")
        try:
            with stage.held(guest, ref):
                target = stage.granted(guest.domain, ref, offset=0x148)
                stage.smmu.inject(ContextFault(target, write=True))
            live = self.check("")
            stage.dom0.must("xen-iommu-check capture --probe /tmp/proof.tar.gz")
        finally:
            stage.dom0.must(f"{recorder} stop")
        captured = self.check("--capture /tmp/proof.tar.gz")
        for answer in (live, captured):
            (fault,) = [f for f in answer.faults if int(f.get("iova") or "0", 16) >> 12 == target.frame and f["access"] == "write"]
            owner = fault["attribution"]
            self.assertEqual((owner["state"], owner["granter"]["domid"], int(owner["ref"], 16)), ("exact", guest.domain, ref), owner)
            self.assertIn("the flight recorder", owner["source"])
            self.assertEqual((owner["recorder"]["state"], fault["cause"]["id"]), ("mapped", REGRESSION))
        # Number and features acquit this hypervisor: that a fault contradicts them makes it doubtful, the probe decides.
        self.assertEqual((live.verdict["state"], live.verdict["suspected"]), ("unknown", True))
        self.assertEqual(captured.verdict["state"], "affected")
        self.assertEqual(captured.report["probe"]["answer"], "absent")
        self.assertIn("absent", [step["outcome"] for step in captured.report["probe"]["steps"]])
        explained = stage.dom0.must(f"xen-iommu-check explain {target.address:#x} --capture /tmp/proof.tar.gz --width 400")
        self.assertIn("So it is exact: mapped over the whole time", explained)


@on("healthy-4.20")
class UnderTraffic(Attribution):
    def test_transient_grants_are_named(self):
        with self.watching("--recorder always") as watch, Tracing(self.stage), Traffic(self.stage):
            tally = self.shoot(watch, Shooting(self.stage, 30, period=100))
        self.assertGreater(tally.of("live"), 0, tally)
        self.assertGreaterEqual(tally["live", "right"], tally.of("live") - 1, f"{tally}\n" + "\n".join(tally.odd))
        self.assertEqual(tally.never(), 0, f"{tally}\n" + "\n".join(tally.odd))
        self.assertNotIn("Unable to handle", self.stage.dom0.must("dmesg"))
