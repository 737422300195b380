#!/usr/bin/env python3
"""Long runs of xen-iommu-check on the real hypervisor; prints what was measured. See docs/performance.md.

    soak_live.py cold-start [ROUNDS]   CPU time and peak memory of `check` beside `xl info` and `xl dmesg`; default 15
    soak_live.py traffic [ROUNDS]      a guest's throughput with and without `watch`, `check` and `grants`, in turn; default 20
    soak_live.py recorder-cost [ROUNDS] a guest's throughput, and the time to map and unmap a page, with the flight recorder and without, in turn; default 12
    soak_live.py watch-latency [ROUNDS] from a fault's injection to its line in `watch`'s output, by timer and woken by VIRQ_CON_RING; default 20

    --slot SECONDS                     of traffic and recorder-cost with and without, each, by dom0's clock; default 30
    --watch-only                       of traffic: `watch` alone, started before the slot begins
    --counted                          the machine's clock counts instructions (cold-start, recorder-cost: always)
    --installed DIR                    of this tree of installed arm64 files instead of a fresh build
"""

import argparse
import random
import statistics
import sys
import time
import unittest
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases.test_live import GRANT_ERRORS  # noqa: E402
from rig import case, initramfs, paths, process, scenario, subject  # noqa: E402
from rig.smmu import ContextFault  # noqa: E402
from rig.stage import Stage  # noqa: E402

def spread(values: list[float], unit: str, digits: int = 0) -> str:
    return f"median {statistics.median(values):.{digits}f} {unit} ({min(values):.{digits}f} to {max(values):.{digits}f}, {len(values)} runs)"


def cold_start(stage: Stage, rounds: int, _options: argparse.Namespace) -> bool:
    """In turn, so that all see the same machine; one run of each before, which fills the caches. The machine's clock counts instructions (8 ns
    each), those of the kernel and of the hypervisor's work for the command too: CPU times do not depend on what else this machine does."""
    branch = stage.scenario.hypervisor.branch
    loader = f"/{subject.HOME}/lib/{subject.LOADER} --library-path /{subject.HOME}/lib /{subject.HOME}/usr/bin/xen-iommu-check"
    commands = {
        "xl info": f"/usr/lib/xen-{branch}/bin/xl info",
        "xl dmesg": f"/usr/lib/xen-{branch}/bin/xl dmesg",
        "xen-iommu-check explain XIC-1001": f"{loader} explain XIC-1001",
        "xen-iommu-check": f"{loader} check",
    }
    usage = stage.dom0.share / "usage"
    usage.write_bytes(initramfs.helper("usage"))
    usage.chmod(0o755)
    stage.dom0.must("cp /share/usage /tmp/usage")
    cost: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            status, cpu, peak = map(int, stage.dom0.must(f"/tmp/usage {command}").split())
            if status:
                raise stage.dom0.failure(f"{name}: status {status}")
            if number:
                cost[name].append((cpu / 1000, peak / 1024))
    for name, runs in cost.items():
        print(f"{name}: CPU {spread([cpu for cpu, _ in runs], 'ms')}, peak memory {spread([peak for _, peak in runs], 'MiB', 1)}")
    ratios = [check / info for (check, _), (info, _) in zip(cost["xen-iommu-check"], cost["xl info"])]
    print(f"CPU, check / xl info, pair by pair: {spread(ratios, 'times', 2)}")
    return True


def complaints(stage: Stage) -> dict[str, list[str]]:
    """Who -> what was said about grants that went wrong."""
    logs = {"Xen": stage.qemu.serial, "dom0": stage.dom0.must("dmesg")}
    logs |= {guest.name: stage.dom0.must(f"cat /var/log/xen/console/guest-{guest.name}.log") for guest in stage.guests}
    return {name: found for name, text in logs.items() if (found := GRANT_ERRORS.findall(text))}


def received(stage: Stage) -> tuple[float, int]:
    """(uptime of dom0 in seconds, bytes that the guest's vif has sent) at one moment."""
    uptime, count = stage.dom0.must("cat /proc/uptime /sys/class/net/vif1.0/statistics/rx_bytes").splitlines()
    return float(uptime.split()[0]), int(count)


BULK = "nc 10.9.9.2 7778 < /dev/null > /dev/null 2>&1 & sleep 5"
WATCH = (
    "{ xen-iommu-check watch --json > /tmp/watched 2>&1 & echo $! > /tmp/watch.pid; wait $!; echo watch $? >> /tmp/done; } > /dev/null 2>&1 & "
)
ALL = (
    f"touch /tmp/on; {WATCH}"
    "{ xen-iommu-check check --json > /tmp/checked; echo check $? >> /tmp/done; "
    "xen-iommu-check grants --dump --json > /tmp/granted; echo grants $? >> /tmp/done; rm /tmp/on; } > /dev/null 2>&1 &"
)


def traffic(stage: Stage, rounds: int, options: argparse.Namespace) -> bool:
    """One connection throughout; counted where dom0 takes the guest's packets over."""
    dom0, slot = stage.dom0, options.slot
    dom0.must(BULK)
    rates: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for watched in (False, True):
            if watched:
                dom0.must(WATCH + "sleep 5" if options.watch_only else ALL)
            begin = received(stage)
            dom0.must(f"sleep {slot}", timeout=60 * slot)
            if watched:
                dom0.until("[ ! -e /tmp/on ]", "check and grants have ended")
            end = received(stage)
            rates[watched].append((end[1] - begin[1]) / (end[0] - begin[0]) / 1024)
            if watched:
                dom0.must("kill $(cat /tmp/watch.pid)")
    ended = dom0.must("sort /tmp/done | uniq -c").split("\n")
    print("ended: " + ", ".join(" ".join(line.split()) for line in ended if line) + "  (runs, verb, exit status)")
    for watched, values in rates.items():
        print(f"{'with' if watched else 'without'}: {spread(values, 'KiB/s')}, standard deviation {statistics.stdev(values):.0f}")
    ratios = [with_ / without for without, with_ in zip(rates[False], rates[True])]
    print(f"with / without, pair by pair: {spread(ratios, 'times', 3)}")
    print(f"packets lost by vif1.0: {dom0.must('cat /sys/class/net/vif1.0/statistics/rx_errors /sys/class/net/vif1.0/statistics/rx_dropped').split()} (errors, dropped)")
    found = complaints(stage)
    print(f"complaints about grants in the logs of {', '.join(['Xen', 'dom0', *(guest.name for guest in stage.guests)])}: {found or 'none'}")
    return not found and min(rates[False] + rates[True]) > 0


def recorder(stage: Stage, on: bool) -> None:
    stage.dom0.must(f"/usr/libexec/xen-iommu-check/xen-iommu-recorder {'start 1024' if on else 'stop'}")


def in_turn(rounds: int) -> Iterator[bool]:
    """Without and with, and the other way round."""
    for number in range(rounds):
        yield from (False, True) if number % 2 == 0 else (True, False)


def recorder_cost(stage: Stage, rounds: int, options: argparse.Namespace) -> bool:
    dom0, guest = stage.dom0, stage.guests[0]
    dom0.must(BULK)
    rates: dict[bool, list[float]] = {False: [], True: []}
    for on in in_turn(rounds):
        recorder(stage, on)
        begin = received(stage)
        dom0.must(f"sleep {options.slot}", timeout=60 * options.slot)
        end = received(stage)
        rates[on].append((end[1] - begin[1]) / (end[0] - begin[0]) / 1024)
    for on, values in rates.items():
        print(f"{'with' if on else 'without'}: {spread(values, 'KiB/s')}, standard deviation {statistics.stdev(values):.0f}")
    print(f"with / without, pair by pair: {spread([a / b for b, a in zip(rates[False], rates[True])], 'times', 3)}", flush=True)
    dom0.must("pkill nc; sleep 1")

    program = dom0.share / "mapgrants"
    program.write_bytes(initramfs.helper("mapgrants"))
    program.chmod(0o755)
    for pages in (1, 8):
        command = f"/share/mapgrants {guest.domain} 300 " + " ".join(str(ref) for ref in guest.refs[:pages])
        dom0.must(command)  # fills the caches
        taken: dict[bool, list[float]] = {False: [], True: []}
        for on in in_turn(rounds):
            recorder(stage, on)
            taken[on].append(int(dom0.must(command)) / 1000)
        for on, values in taken.items():
            print(f"a page mapped and unmapped, {pages} at a time, {'with' if on else 'without'}: {spread(values, 'us', 1)}")
        print(f"more with it, pair by pair: {spread([a - b for b, a in zip(taken[False], taken[True])], 'us', 2)}")
    recorder(stage, False)
    return min(rates[False] + rates[True]) > 0


class Latency(case.SubjectCase):
    rounds = 20

    def runTest(self):
        """Upper bounds: they hold the injection itself and the way of the line to the harness."""
        for wakeup in ("timer", "virq"):
            for name, pause in (("idle", 3.0), ("during activity", 0.2)):
                with self.watching(f"--wakeup {wakeup} --recorder off") as watch:
                    took = []
                    for number in range(self.rounds):
                        time.sleep(pause * random.uniform(0.5, 1.5))
                        fault, begin = ContextFault(self.stage.own(0x400000 + 0x1000 * number)), time.monotonic()
                        self.stage.smmu.inject(fault)
                        while not watch.fault_at(fault.target.address):
                            self.assertLess(time.monotonic() - begin, 60, f"not told of {fault}")
                            time.sleep(0.002)
                        took.append((time.monotonic() - begin) * 1000)
                print(f"{wakeup}, {name}: {spread(took, 'ms')}", flush=True)


def watch_latency(stage: Stage, rounds: int, _options: argparse.Namespace) -> bool:
    case.set_stage(stage)
    Latency.rounds = rounds
    return unittest.TextTestRunner().run(Latency()).wasSuccessful()


RUNS = {"cold-start": (cold_start, 15), "traffic": (traffic, 20), "recorder-cost": (recorder_cost, 12), "watch-latency": (watch_latency, 20)}
COUNTED = (cold_start, recorder_cost)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", choices=list(RUNS))
    parser.add_argument("rounds", nargs="?", type=int)
    parser.add_argument("--scenario", default="healthy-4.17")
    parser.add_argument("--slot", type=int, default=30)
    parser.add_argument("--watch-only", action="store_true")
    parser.add_argument("--counted", action="store_true")
    parser.add_argument("--installed", type=Path)
    options = parser.parse_args()
    process.end_cleanly_on_signals()
    run, rounds = RUNS[options.run]
    installed = options.installed or subject.build(paths.PROJECT / "build/arm64")
    with Stage(scenario.load()[options.scenario], installed, counted=options.counted or run in COUNTED) as stage:
        return 0 if run(stage, options.rounds or rounds, options) else 1


if __name__ == "__main__":
    sys.exit(main())
