"""Whose packet was it? Faults at grants that live for milliseconds, told by `watch` with and without the flight recorder, against the rig's own
trace."""

import collections

from rig.case import SubjectCase, Watch, on
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
        named = None if state == "none" else ((owner.get("granter") or {}).get("domid"), int(owner["ref"], 16) if owner.get("ref") else None)
        near = ", ".join(f"d{m.domain} {m.ref:#x} {m.begin}..{m.end}" for m in shot.around(50_000))
        line = f"{shot.fault.target.address:#x} {shot.begin}..{shot.end}, mapped {near}: {state} {named} {cause} ({owner.get('source')})"
        live = shot.during()
        if live and len(live) == len(shot.around(0)):
            refs, domains = {(m.domain, m.ref) for m in live}, {m.domain for m in live}
            outcome = "unnamed" if named is None else "right" if named in refs else "right domain" if named[1] is None and named[0] in domains else "wrong"
            self["live", state, outcome] += 1
            self["live", outcome] += 1
            if owner.get("backend") and owner["backend"].rsplit(".", 1)[0] not in {f"vif{domain}" for domain in domains}:
                self["live", "wrong vif"] += 1
            if outcome != "right":
                self.odd.append(line)
        elif shot.before():
            self["ended", {AFTER_UNMAP: "after unmap", REGRESSION: "regression"}.get(cause, "ambiguous")] += 1
            if cause != AFTER_UNMAP:
                self.odd.append(line)
        else:
            possible = {(m.domain, m.ref) for m in shot.around()}
            outcome = "wrong exact" if state == "exact" and named not in possible else "regression" if cause == REGRESSION and state != "exact" else "fine"
            self["changing", outcome] += 1
            self["changing", f"chosen as {shot.wanted}", outcome] += 1
            if outcome != "fine":
                self.odd.append(line)

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


@on("healthy-4.20")
class UnderTraffic(Attribution):
    def test_transient_grants_are_named(self):
        with self.watching("--recorder always") as watch, Tracing(self.stage), Traffic(self.stage):
            tally = self.shoot(watch, Shooting(self.stage, 30, period=100))
        self.assertGreater(tally.of("live"), 0, tally)
        self.assertGreaterEqual(tally["live", "right"], tally.of("live") - 1, f"{tally}\n" + "\n".join(tally.odd))
        self.assertEqual(tally["live", "wrong"] + tally["live", "wrong vif"] + tally["changing", "wrong exact"], 0, f"{tally}\n" + "\n".join(tally.odd))
        self.assertEqual(tally["ended", "regression"] + tally["changing", "regression"], 0, f"{tally}\n" + "\n".join(tally.odd))
        self.assertNotIn("Unable to handle", self.stage.dom0.must("dmesg"))
