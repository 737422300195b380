#!/usr/bin/env python3
"""compare_commands.py RUNS NAME=COMMAND...: runs the commands in turn, RUNS times each after one
warm-up, and prints median CPU seconds (user + system), wall seconds and peak memory of each, and the
ratio of the first's CPU to each other's, pair by pair."""
import os
import statistics
import subprocess
import sys
import time


def run(command):
    start = time.monotonic()
    process = subprocess.Popen(["/bin/sh", "-c", "exec " + command], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode < 0:
        sys.exit(f"{command}: killed by signal {-process.returncode}, no figures")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss


def main():
    runs = int(sys.argv[1])
    commands = dict(argument.split("=", 1) for argument in sys.argv[2:])
    results = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            result = run(command)
            if turn:
                results[name].append(result)
    first = next(iter(commands))
    for name, rows in results.items():
        cpu, wall, memory = zip(*rows)
        ratios = [a[0] / b[0] for a, b in zip(results[first], rows)]
        print(f"{name:24} cpu {statistics.median(cpu) * 1e3:8.1f} ms ({min(cpu) * 1e3:.1f} .. "
              f"{max(cpu) * 1e3:.1f})  wall {statistics.median(wall) * 1e3:8.1f} ms  "
              f"peak {max(memory) / 1024:7.1f} MiB  {first}/{name} cpu "
              f"{statistics.median(ratios):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
