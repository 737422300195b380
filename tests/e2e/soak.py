#!/usr/bin/env python3
"""Long runs of xen-iommud on the real hypervisor; prints what was measured. See docs/performance.md.

    soak.py idle [MINUTES]     wake-ups, CPU time and memory beside xenconsoled and xenstored; default 10
    soak.py kills [N FAULTS]   kill -9 N times during FAULTS faults, each recorded once; default 50 and 2000
    soak.py storm [LINES]      until so many fault lines were printed; default 20000
    soak.py latency [N]        from the printed line to the journal's entry, idle and active; default 20
"""

import statistics
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases.test_daemon import UNIT, Daemon  # noqa: E402
from rig import case, paths, scenario, subject  # noqa: E402
from rig.smmu import ContextFault  # noqa: E402
from rig.stage import Stage  # noqa: E402


class Soak(Daemon):
    minutes, kills, faults, lines, samples = 10, 50, 2000, 20_000, 20

    def process(self, pid: int) -> dict[str, float]:
        stat = self.must(f"cat /proc/{pid}/stat").rsplit(")", 1)[1].split()
        status = dict(line.split(":\t", 1) for line in self.must(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
        return {"cpu_s": (int(stat[11]) + int(stat[12])) / 100, "wakeups": int(status["voluntary_ctxt_switches"]),
                "rss_kib": int(status["VmRSS"].split()[0]), "anon_kib": int(status["RssAnon"].split()[0])}

    def idle(self):
        pids = {UNIT: self.pid()}
        for name in ("xenconsoled", "xenstored"):
            pids[name] = int(self.must(f"cat /run/xen/{name}.pid"))
        time.sleep(10)
        before, begin = {name: self.process(pid) for name, pid in pids.items()}, time.monotonic()
        time.sleep(self.minutes * 60)
        seconds = time.monotonic() - begin
        for name, pid in pids.items():
            after = self.process(pid)
            print(f"{name}: {after['cpu_s'] - before[name]['cpu_s']:.2f} s CPU and {after['wakeups'] - before[name]['wakeups']:.0f} wake-ups in "
                  f"{seconds:.0f} s, RSS {after['rss_kib']:.0f} KiB, anonymous {after['anon_kib']:.0f} KiB", flush=True)

    def kill_often(self):
        self.kill_while_faults_arrive(self.kills, self.unique(self.faults, 0x800000))
        print(f"{self.kills} kills during {self.faults} faults: each recorded once", flush=True)

    def storm_long(self):
        self.storm(self.lines)

    def latency(self):
        """By dom0's clock: Xen stamps a line with its own, so the injection is timed by the harness around both."""
        for name, pause in (("idle", 4.0), ("active", 0.2)):
            took = []
            for number, fault in enumerate(self.unique(self.samples, 0x1400000 if name == "idle" else 0x1600000)):
                time.sleep(pause)
                uptime = float(self.must("cut -d' ' -f1 /proc/uptime"))
                self.stage.smmu.inject(fault)
                entry = self.until("told", lambda f=fault: self.journal("XEN_IOMMU_EVENT=fault", f"XEN_IOMMU_FRAME={f.target.frame:#x}"))[0]
                took.append(int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6 - uptime)
            print(f"{name}: from before the injection to the journal's stamp, median {statistics.median(took):.3f} s, highest {max(took):.3f} s of {len(took)}", flush=True)


def main() -> int:
    methods = {"idle": ("idle", ("minutes",)), "kills": ("kill_often", ("kills", "faults")),
               "storm": ("storm_long", ("lines",)), "latency": ("latency", ("samples",))}
    if len(sys.argv) < 2 or sys.argv[1] not in methods:
        print(__doc__, file=sys.stderr)
        return 64
    method, names = methods[sys.argv[1]]
    for name, value in zip(names, sys.argv[2:]):
        setattr(Soak, name, int(value))
    installed = subject.build(paths.PROJECT / "build/arm64")
    with Stage(scenario.load()["systemd"], installed) as stage:
        case.set_stage(stage)
        result = unittest.TextTestRunner().run(unittest.TestSuite([Soak(method)]))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
