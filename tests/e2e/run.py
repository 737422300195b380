#!/usr/bin/env python3
"""Boot the real hypervisor and test on it. See docs/e2e.md.

    run.py [--list] [--only PATTERN] [--installed DIR | --build DIR | --without-subject] [--jobs N] [--repeat N]
    run.py keep SCENARIO      an interactive shell in dom0
    run.py record NAME...     regenerate recordings under tests/data/captures ("all": every one)
    run.py prepare            fetch packages, make images, build our programs for arm64
    run.py packages [DIR]     install our Debian packages (of scripts/package) in a dom0, use them, remove them
    run.py sysroot            make the arm64 sysroot and say where it is
    run.py scenarios          the names of the scenarios that have tests
"""

import argparse
import collections
import fnmatch
import importlib
import json
import os
import subprocess
import sys
import time
import traceback
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from rig import case, console, host, packages, paths, process, record, releases, scenario, subject  # noqa: E402
from rig.qemu import RigError  # noqa: E402
from rig.stage import Stage  # noqa: E402

SKIPPED = 77  # ctest: SKIP_RETURN_CODE


def discover() -> dict[str, unittest.TestSuite]:
    """Scenario -> its tests, from every cases/test_*.py."""
    suites: dict[str, list] = {}
    for file in sorted((paths.E2E / "cases").glob("test_*.py")):
        module = importlib.import_module(f"cases.{file.stem}")
        for cls in vars(module).values():
            if isinstance(cls, type) and issubclass(cls, case.RigCase) and cls.__module__ == module.__name__:
                for name in cls.scenarios:
                    suites.setdefault(name, []).append(unittest.defaultTestLoader.loadTestsFromTestCase(cls))
    unknown = set(suites) - set(scenario.load())
    if unknown:
        raise ValueError(f"tests on unknown scenarios: {unknown}")
    # in the order of scenarios.toml
    return {name: unittest.TestSuite(suites[name]) for name in scenario.load() if name in suites}


def flat(suite: unittest.TestSuite) -> list[unittest.TestCase]:
    return [test for part in suite for test in (flat(part) if isinstance(part, unittest.TestSuite) else [part])]


def title(name: str, test: unittest.TestCase) -> str:
    return f"{name}/{type(test).__name__}.{test._testMethodName}"


def selected(pattern: str | None) -> dict[str, list[unittest.TestCase]]:
    """The tests whose title contains or matches the pattern."""
    chosen = {}
    for name, suite in discover().items():
        tests = [t for t in flat(suite) if not pattern or pattern in title(name, t) or fnmatch.fnmatch(title(name, t), pattern)]
        if tests:
            chosen[name] = tests
    return chosen


class Result(unittest.TestResult):
    """Prints each test as it ends; a failure comes with the serial log's tail."""

    def __init__(self, name: str, stage: Stage):
        super().__init__()
        self._name, self._stage, self.report = name, stage, []

    def startTest(self, test):
        super().startTest(test)
        self._begin = time.monotonic()

    def _say(self, state: str, test, text: str = "") -> None:
        took = time.monotonic() - self._begin
        self.report.append({"test": title(self._name, test), "state": state, "seconds": round(took, 2)})
        print(f"{state:5} {title(self._name, test)} {took:.1f} s", flush=True)
        if text:
            print("      " + text.strip().replace("\n", "\n      "), flush=True)

    def addSuccess(self, test):
        self._say("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._say("SKIP", test, reason)

    def _bad(self, test, error) -> None:
        text = "".join(traceback.format_exception(*error))
        if "--- serial log" not in text:
            text += "--- serial log, last lines\n" + "\n".join(self._stage.qemu.serial.splitlines()[-40:])
        self._say("FAIL", test, text)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._bad(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._bad(test, err)


def run_scenario(name: str, tests: list[unittest.TestCase], installed: Path | None) -> tuple[int, list[dict]]:
    """Boot once, run all its tests; (failures, report). A machine that does not come up is a failure of each."""
    begin = time.monotonic()
    try:
        with Stage(scenario.load()[name], installed) as stage:
            case.set_stage(stage)
            result = Result(name, stage)
            unittest.TestSuite(tests).run(result)
            timings = ", ".join(f"{key} {value:.1f} s" for key, value in stage.timings.items())
            failures, report = len(result.failures) + len(result.errors), result.report
    except RigError as error:
        print(f"FAIL  {name}: {error}", flush=True)
        return len(tests), []
    print(f"----- {name}: {len(tests)} tests, {time.monotonic() - begin:.1f} s ({timings})", flush=True)
    return failures, report


def prepare(names: list[str], with_subject: bool) -> None:
    """Fetch packages and make images before machines run side by side."""
    from rig import board, initramfs

    board._bare()
    for one in (scenario.load()[name] for name in names):
        packages.tree(one.hypervisor.image)
        initramfs.dom0(one.hypervisor, one.kernel)
        if one.systemd:
            initramfs.systemd(one.hypervisor)
        if one.guests:
            initramfs.guest(one.hypervisor, one.kernel)
    if with_subject:
        releases.sysroot()


def installed_tree(options: argparse.Namespace) -> Path | None:
    """The tree of our programs that is to stand in dom0."""
    return None if options.without_subject else options.installed or subject.build(options.build)


def run_all(options: argparse.Namespace) -> int:
    tests = selected(options.only)
    if options.list:
        for name, of_scenario in tests.items():
            print(f"{name}: {scenario.load()[name].about}")
            for test in of_scenario:
                print(f"  {title(name, test)}")
        return 0
    if not tests:
        print(f"no test matches {options.only}", file=sys.stderr)
        return 64
    begin = time.monotonic()
    installed = installed_tree(options)
    if options.scenario:  # a worker
        failures, report = run_scenario(options.scenario, tests[options.scenario], installed)
        if options.report:
            options.report.write_text(json.dumps(report))
        return 1 if failures else 0
    prepare(list(tests), installed is not None)
    print(f"prepared in {time.monotonic() - begin:.1f} s", flush=True)

    reports: list[dict] = []
    workers: list[subprocess.Popen] = []

    def worker(job: tuple[int, str]) -> tuple[str, int]:
        number, name = job
        report = paths.cache() / "reports" / f"{os.getpid()}-{number}.json"
        report.parent.mkdir(parents=True, exist_ok=True)
        command = [*process.ENDS_WITH_US, sys.executable, __file__, "--scenario", name, "--report", report]
        command += ["--only", options.only] if options.only else []
        command += ["--installed", installed] if installed else ["--without-subject"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL
        ) as running:
            workers.append(running)
            print(running.communicate()[0], end="", flush=True)
        if report.exists():
            reports.extend(json.loads(report.read_text()))
            report.unlink()
        return name, running.returncode

    names = [name for name in tests for _ in range(options.repeat)]
    with ThreadPoolExecutor(options.jobs) as pool:
        try:
            bad = sorted({name for name, status in pool.map(worker, enumerate(names)) if status})
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for running in workers:
                running.terminate()
            raise
    states = collections.Counter(entry["state"] for entry in reports)
    counts = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    print(f"===== {len(names)} machines in {time.monotonic() - begin:.0f} s: {counts or 'no test ran'}" + (f"; FAILED ON {', '.join(bad)}" if bad else ""))
    return 1 if bad else 0


def keep(options: argparse.Namespace) -> int:
    """A shell in dom0, with our programs in place."""
    chosen = scenario.load()[options.name]
    with Stage(chosen, installed_tree(options), interactive=True) as stage:
        return console.attach(stage)


def try_packages(options: argparse.Namespace) -> int:
    cases = importlib.import_module("cases.packages")
    cases.Packages.debs = sorted(deb for deb in options.folder.glob("*_arm64.deb") if "-dbgsym_" not in deb.name)
    packages.tree(releases.INSTALLABLE)
    prepare(["systemd"], with_subject=False)
    failures, _ = run_scenario("systemd", flat(unittest.defaultTestLoader.loadTestsFromTestCase(cases.Packages)), None)
    return 1 if failures else 0


def make_recordings(options: argparse.Namespace) -> int:
    wanted = list(record.RECORDINGS) if options.names == ["all"] else options.names
    for name in wanted:
        if name not in record.RECORDINGS:
            print(f"no recording {name}; there are: {', '.join(record.RECORDINGS)}", file=sys.stderr)
            return 64
        recording = record.RECORDINGS[name]
        with Stage(scenario.load()[recording.scenario]) as stage:
            print(record.record(stage, recording, options.into or record.captures()))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb")
    for one in (parser, verbs.add_parser("keep")):
        one.add_argument("--installed", type=Path, metavar="DIR", help="test this tree of installed arm64 files (what DESTDIR was)")
        one.add_argument("--build", type=Path, default=paths.PROJECT / "build/arm64", help="where to cross-compile it (default: %(default)s)")
        one.add_argument("--without-subject", action="store_true", help="test the rig alone")
    verbs.choices["keep"].add_argument("name", nargs="?", default="healthy-4.17", choices=list(scenario.load()))
    recorder = verbs.add_parser("record")
    recorder.add_argument("names", nargs="+")
    recorder.add_argument("--into", type=Path)
    verbs.add_parser("packages").add_argument("folder", type=Path, nargs="?", default=paths.PROJECT / "build/packages")
    for verb in ("prepare", "sysroot", "scenarios"):
        verbs.add_parser(verb)
    parser.add_argument("--list", action="store_true", help="name the tests and end")
    parser.add_argument("--only", metavar="PATTERN", help="part of a test's title, or a glob over all of it")
    parser.add_argument("--jobs", type=int, default=2, help="machines side by side (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="boot each scenario this many times")
    parser.add_argument("--scenario", help=argparse.SUPPRESS)
    parser.add_argument("--report", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    process.end_cleanly_on_signals()
    if options.list:
        return run_all(options)
    if options.verb == "scenarios":
        print("\n".join(discover()))
        return 0
    try:
        host.require()
        if options.verb == "prepare":
            prepare(list(discover()), with_subject=True)
            print(subject.build(options.build))
            return 0
        if options.verb == "sysroot":
            print(releases.sysroot())
            return 0
        return {"keep": keep, "record": make_recordings, "packages": try_packages}.get(options.verb, run_all)(options)
    except host.Unavailable as error:
        bar = "!" * 78
        print(f"{bar}\n!! END-TO-END TESTS SKIPPED: {error}\n{bar}", file=sys.stderr)
        return SKIPPED
    except KeyboardInterrupt:
        return 130
    except (RigError, subject.BuildError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
