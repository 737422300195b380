#!/usr/bin/env python3
"""Long runs of the flight recorder on the real hypervisor, two guests with two vifs each under bulk traffic; prints what was measured.

    attribution.py named [FAULTS MODE BRANCH]     faults at live and at just unmapped grants, and what `watch` says of them; default 600 recorded 4.17
                                                  MODE: recorded, unstamped (console_timestamps off) or unrecorded
    attribution.py probes [N BRANCH]              `check --probe` N times: what is left behind; default 200 4.17
"""

import dataclasses
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases.test_traffic import Attribution, Tally  # noqa: E402
from cases.test_probe import ProbePossible  # noqa: E402
from rig import case, paths, process, scenario, subject  # noqa: E402
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


class Probes(ProbePossible):
    probes = 200
    RUNS = 10  # between two looks: what they print must not go round the console ring

    def runTest(self):
        begin = time.monotonic()
        for _ in range(self.probes // self.RUNS):
            self.assert_harmless()
        print(f"{self.probes} probes in {time.monotonic() - begin:.0f} s: nothing left behind")


def main() -> int:
    runs = {"named": (Named, ("faults", "mode")), "probes": (Probes, ("probes",))}
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
