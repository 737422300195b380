#!/usr/bin/env python3
"""Long runs of xen-iommud on the real hypervisor; prints what was measured. See docs/performance.md.

    soak.py idle[=MINUTES]      wake-ups, CPU time and memory beside xenconsoled and xenstored; 10
    soak.py kills[=N,FAULTS]    kill -9 N times during FAULTS faults, each recorded once; 50 and 2000
    soak.py storm[=LINES]       until so many fault lines were printed; 20000
    soak.py latency[=N]         from the injection to the journal's entry, idle and during activity; 20
    soak.py stop[=N]            `systemctl stop`, by dom0's clock, idle and while faults arrive; 10

Several run one after the other on one machine.
"""

import random
import re
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
    minutes, kills, faults, lines, samples, stops = 10, 50, 2000, 20_000, 20, 10

    def process(self, pid: int) -> dict[str, float]:
        """Of all its threads: libxenstore has one of its own."""
        stat = self.must(f"cat /proc/{pid}/stat").rsplit(")", 1)[1].split()
        status = dict(line.split(":\t", 1) for line in self.must(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
        wakeups = self.must(f"sed -n 's/^voluntary_ctxt_switches://p' /proc/{pid}/task/*/status").split()
        return {"cpu_s": (int(stat[11]) + int(stat[12])) / 100, "wakeups": sum(map(int, wakeups)),
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
        self.storm(self.lines, pause_bytes=400 * 1024)

    def clock(self) -> tuple[float, float]:
        """dom0's monotonic clock minus the harness's, and by how much that may be wrong. QEMU's counter runs with the host's clock."""
        best = (0.0, float("inf"))
        for _ in range(40):
            begin = time.monotonic()
            now = int(re.search(r"now at (\d+) nsecs", self.must("head -5 /proc/timer_list"))[1]) / 1e9
            end = time.monotonic()
            if (end - begin) / 2 < best[1]:
                best = (now - (begin + end) / 2, (end - begin) / 2)
        return best

    def latency(self):
        """From the injection to journald's stamp of the entry."""
        for name, pause, base in (("idle", 4.0, 0x1400000), ("during activity", 0.15, 0x1600000)):
            offset, doubt = self.clock()
            self.must(f"systemctl restart {UNIT}")  # storm control begins anew
            time.sleep(5)
            injected = {}
            if pause < 1:
                # Activity begins with the look that finds these, at most a second later, and lasts for two from then on.
                self.stage.smmu.inject(*self.unique(3, base + 0x100000))
                time.sleep(1.2)
            for fault in self.unique(self.samples, base):
                injected[f"{fault.target.frame:#x}"] = time.monotonic() + offset
                self.stage.smmu.inject(fault)
                time.sleep(pause * random.uniform(0.5, 1.5))
            time.sleep(5)
            told = {entry["XEN_IOMMU_FRAME"]: entry for entry in reversed(self.journal("XEN_IOMMU_EVENT=fault"))}
            entries = {frame: int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6 for frame, entry in told.items()}
            read = {frame: int(entry["XEN_IOMMU_READ_AT"]) / 1e6 for frame, entry in told.items()}
            took = sorted(entries[frame] - at for frame, at in injected.items())
            own = sorted(entries[frame] - read[frame] for frame in injected)
            print(f"{name}: {len(took)} faults, median {statistics.median(took) * 1000:.0f} ms, highest {took[-1] * 1000:.0f} ms "
                  f"(clocks related to {doubt * 1000:.0f} ms); of that from the read to the entry, median {statistics.median(own) * 1000:.1f} ms, "
                  f"highest {own[-1] * 1000:.1f} ms", flush=True)

    def stop_often(self):
        for name, faults in (("idle", 0), ("while faults arrive", 60)):
            took = []
            for number in range(self.stops):
                self.must("sleep 3")
                self.stage.smmu.inject(*self.unique(faults, 0x1a00000 + number * 0x100000))
                begin, end = self.must(f"cut -d' ' -f1 /proc/uptime; systemctl stop {UNIT}; cut -d' ' -f1 /proc/uptime").split()
                took.append(float(end) - float(begin))
                self.must(f"systemctl start {UNIT}")
            print(f"stop, {name}: {len(took)} times, median {statistics.median(took):.2f} s, highest {max(took):.2f} s", flush=True)


RUNS = {"idle": ("idle", ("minutes",)), "kills": ("kill_often", ("kills", "faults")),
        "storm": ("storm_long", ("lines",)), "latency": ("latency", ("samples",)), "stop": ("stop_often", ("stops",))}


def main() -> int:
    chosen = []
    for argument in sys.argv[1:]:
        name, _, numbers = argument.partition("=")
        if name not in RUNS:
            print(__doc__, file=sys.stderr)
            return 64
        method, names = RUNS[name]
        for attribute, value in zip(names, filter(None, numbers.split(","))):
            setattr(Soak, attribute, int(value))
        chosen.append(Soak(method))
    if not chosen:
        print(__doc__, file=sys.stderr)
        return 64
    installed = subject.build(paths.PROJECT / "build/arm64")
    with Stage(scenario.load()["systemd"], installed) as stage:
        case.set_stage(stage)
        result = unittest.TextTestRunner().run(unittest.TestSuite(chosen))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
