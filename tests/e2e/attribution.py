#!/usr/bin/env python3
"""Long runs of the flight recorder on the real hypervisor, two guests with two vifs each under bulk traffic; prints what was measured.

    attribution.py named [FAULTS MODE BRANCH]     faults at live and at just unmapped grants, and what `watch` says of them; default 600 recorded 4.17
                                                  MODE: recorded, unstamped (console_timestamps off) or unrecorded
    attribution.py cost [ALTERNATIONS BRANCH]     throughput, and the time to map and unmap a page, with the recorder on and off by turns; default
                                                  12 4.17; with a last word "counted" the machine's clock counts instructions
    attribution.py probes [N BRANCH]              `check --probe` N times: what is left behind; default 200 4.17
"""

import dataclasses
import statistics
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases.test_traffic import Attribution, Tally  # noqa: E402
from cases.test_probe import HOME, ProbePossible  # noqa: E402
from rig import case, initramfs, paths, process, scenario, subject  # noqa: E402
from rig.stage import Stage  # noqa: E402
from rig.traffic import Shooting, Tracing, Traffic  # noqa: E402

MODES = {"recorded": "--recorder always", "unstamped": "--recorder always", "unrecorded": "--recorder off"}


class Named(Attribution):
    faults, mode = 600, "recorded"
    portion = 60  # faults per `watch`: a frame that faults again within one is told once

    def runTest(self):
        total = Tally()
        for begin in range(0, self.faults, self.portion):
            with self.watching(MODES[self.mode]) as watch, Tracing(self.stage), Traffic(self.stage):
                tally = self.shoot(watch, Shooting(self.stage, min(self.portion, self.faults - begin), period=100, seed=begin + 1))
            total.update(tally)
            print(f"{begin + self.portion}: " + ", ".join(f"{' '.join(key)} {number}" for key, number in sorted(total.items())), *tally.odd, sep="\n  ", flush=True)
        self.assertEqual(total.never(), 0)


class Cost(Attribution):
    alternations, seconds = 12, 8.0
    rounds = 300  # of mapping a batch

    def sample(self) -> tuple[float, float]:
        """Bytes a second through all vifs; dom0's busy share of the time."""
        def look() -> tuple[float, int, list[int]]:
            words = self.stage.dom0.must("cut -d' ' -f1 /proc/uptime; head -1 /proc/stat; cat /sys/class/net/vif*/statistics/rx_bytes").splitlines()
            return float(words[0]), sum(int(n) for n in words[2:]), [int(n) for n in words[1].split()[1:]]
        begin, sent, busy = look()
        time.sleep(self.seconds)
        end, sent_then, busy_then = look()
        spent = [b - a for a, b in zip(busy, busy_then)]
        return (sent_then - sent) / (end - begin), 1 - spent[3] / max(sum(spent), 1)

    def runTest(self):
        dom0, ratios, rates = self.stage.dom0, [], {"off": [], "on": []}
        with Traffic(self.stage):
            time.sleep(5)
            for number in range(self.alternations):
                for state in ("off", "on") if number % 2 == 0 else ("on", "off"):
                    dom0.must(f"{HOME}/xen-iommu-recorder " + ("start 1024" if state == "on" else "stop"))
                    rate, busy = self.sample()
                    rates[state].append(rate)
                    print(f"{number} {state}: {rate / 1e6:.2f} MB/s, dom0 busy {busy:.0%}", flush=True)
                ratios.append(rates["on"][-1] / rates["off"][-1])
        dom0.must(f"{HOME}/xen-iommu-recorder stop")
        for state, values in rates.items():
            print(f"{state}: median {statistics.median(values) / 1e6:.2f} MB/s, {min(values) / 1e6:.2f} to {max(values) / 1e6:.2f}")
        print(f"on against off: median {statistics.median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}, {len(ratios)} alternations")
        for pages in (1, 8):
            self.map_pages(pages)

    def map_pages(self, pages: int) -> None:
        """What one page costs that is mapped and unmapped in a batch of `pages`, by dom0's clock; nothing else runs."""
        dom0, guest = self.stage.dom0, self.stage.guests[0]
        program = dom0.share / "mapgrants"
        program.write_bytes(initramfs.helper("mapgrants"))
        program.chmod(0o755)
        command = f"/share/mapgrants {guest.domain} {self.rounds} " + " ".join(str(ref) for ref in guest.refs[:pages])
        taken: dict[str, list[int]] = {"off": [], "on": []}
        for number in range(self.alternations + 1):
            for state in ("off", "on"):
                dom0.must(f"{HOME}/xen-iommu-recorder " + ("start 1024" if state == "on" else "stop"))
                nanoseconds = int(dom0.must(command))
                if number:  # the first fills the caches
                    taken[state].append(nanoseconds)
        dom0.must(f"{HOME}/xen-iommu-recorder stop")
        for state, values in taken.items():
            print(f"batches of {pages}, {state}: median {statistics.median(values) / 1e3:.2f} us a page, {min(values) / 1e3:.2f} to {max(values) / 1e3:.2f}")
        more = [on - off for off, on in zip(taken["off"], taken["on"])]
        print(f"batches of {pages}: {statistics.median(more) / 1e3:.2f} us more for a page, {min(more) / 1e3:.2f} to {max(more) / 1e3:.2f}, {len(more)} alternations")


class Probes(ProbePossible):
    probes = 200
    RUNS = 10  # between two looks: what they print must not go round the console ring

    def runTest(self):
        begin = time.monotonic()
        for _ in range(self.probes // self.RUNS):
            self.assert_harmless()
        print(f"{self.probes} probes in {time.monotonic() - begin:.0f} s: nothing left behind")


def main() -> int:
    runs = {"named": (Named, ("faults", "mode")), "cost": (Cost, ("alternations",)), "probes": (Probes, ("probes",))}
    if len(sys.argv) < 2 or sys.argv[1] not in runs:
        print(__doc__, file=sys.stderr)
        return 64
    run, names = runs[sys.argv[1]]
    for name, value in zip(names, sys.argv[2:]):
        setattr(run, name, int(value) if value.isdigit() else value)
    branch = sys.argv[2 + len(names)] if len(sys.argv) > 2 + len(names) else "4.17"
    process.end_cleanly_on_signals()
    chosen = dataclasses.replace(
        scenario.load()[f"missing-{branch}" if branch != "4.14" else "missing-4.14-linux-6.1"], guests=("alpha", "beta"), vifs=2, disks=False,
        hv_log=False, conring=256, timestamps="none" if "unstamped" in sys.argv else "boot",
    )
    installed = subject.build(paths.PROJECT / "build/arm64")
    with Stage(chosen, installed, counted="counted" in sys.argv) as stage:
        case.set_stage(stage)
        result = unittest.TextTestRunner().run(run())
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
