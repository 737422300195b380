#!/usr/bin/env python3
"""Long runs of the flight recorder on the real hypervisor, two guests with two vifs each under bulk traffic; prints what was measured.

    attribution.py named [FAULTS MODE BRANCH]     faults at live and at just unmapped grants, and what `watch` says of them; default 600 recorded 4.17
                                                  MODE: recorded, unstamped (console_timestamps off) or unrecorded
    attribution.py cost [ALTERNATIONS BRANCH]     throughput and CPU time with the recorder on and off by turns; default 12 4.17
    attribution.py probes [N BRANCH]              `check --probe` N times: what is left behind; default 200 4.17
"""

import dataclasses
import statistics
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases.test_traffic import Attribution  # noqa: E402
from cases.test_probe import HOME, ProbePossible  # noqa: E402
from rig import case, paths, process, scenario, subject  # noqa: E402
from rig.stage import Stage  # noqa: E402
from rig.traffic import Shooting, Tracing, Traffic  # noqa: E402

MODES = {"recorded": "--recorder always", "unstamped": "--recorder always", "unrecorded": "--recorder off"}


class Named(Attribution):
    faults, mode = 600, "recorded"
    portion = 60  # faults per `watch`: a frame that faults again within one is told once

    def runTest(self):
        total, odd = {}, []
        for begin in range(0, self.faults, self.portion):
            with self.watching(MODES[self.mode]) as watch, Tracing(self.stage), Traffic(self.stage):
                tally = self.shoot(watch, Shooting(self.stage, min(self.portion, self.faults - begin), period=100, seed=begin + 1))
            for key, number in tally.items():
                total[key] = total.get(key, 0) + number
            odd += tally.odd
            print(f"{begin + self.portion}: " + ", ".join(f"{' '.join(key)} {number}" for key, number in sorted(total.items())), *tally.odd, sep="\n  ", flush=True)
        self.assertEqual(sum(n for key, n in total.items() if key in (("live", "wrong vif"), ("changing", "wrong exact"), ("live", "exact", "wrong"))), 0)


class Cost(Attribution):
    alternations, seconds = 12, 8.0

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


class Probes(ProbePossible):
    RUNS = 200

    def runTest(self):
        begin = time.monotonic()
        self.assert_harmless()
        print(f"{self.RUNS} probes in {time.monotonic() - begin:.0f} s: nothing left behind")


def main() -> int:
    runs = {"named": (Named, ("faults", "mode")), "cost": (Cost, ("alternations",)), "probes": (Probes, ("RUNS",))}
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
    with Stage(chosen, installed) as stage:
        case.set_stage(stage)
        result = unittest.TextTestRunner().run(run())
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
