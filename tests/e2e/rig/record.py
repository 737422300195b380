"""Captures: what one dom0 can tell, saved with ordinary commands, and a README that states the truth."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .scenario import Scenario
from .smmu import MULTI, TRANSLATION, ContextFault, GlobalFault, Target
from .stage import Stage

# file in a capture -> what prints it in dom0
SOURCES = {
    "xl-dmesg.txt": "xl dmesg",
    "xl-info.txt": "xl info",
    "xenstore-ls-f.txt": "xenstore-ls -f",
    "proc-iomem.txt": "cat /proc/iomem",
    "dom0-dmesg.txt": "dmesg",
}


def collect(stage: Stage) -> dict[str, str]:
    """All texts of a capture. Nothing is changed on the host."""
    return {name: stage.dom0.must(command) for name, command in SOURCES.items()}


def put(stage: Stage, texts: dict[str, str], name: str) -> str:
    """Write texts as a capture directory into dom0's share; its path in dom0."""
    directory = stage.dom0.share / name
    directory.mkdir(exist_ok=True)
    for file, text in texts.items():
        (directory / file).write_text(text)
    return f"/share/{name}"


@dataclass(frozen=True)
class Recording:
    """One recording under tests/data/captures."""

    name: str
    scenario: str
    verdict: str  # what `check` is to make of it
    faults: bool = False
    dump: bool = True  # a complete 'g' dump stands before the faults
    tail_only: bool = False  # the console from the dump on: no banner, no boot lines


RECORDINGS = {
    r.name: r
    for r in (
        Recording("xen-4.17-no-iommu", "off-4.17", "not_affected"),
        Recording("xen-4.17-smmu-healthy", "healthy-4.17", "not_affected"),
        Recording("xen-4.17-smmu-injected-faults", "healthy-4.17", "unknown, suspected", faults=True, tail_only=True),
        Recording("xen-4.17-entry-missing-faults", "missing-4.17", "unknown, suspected", faults=True),
        Recording("xen-4.14.6-smmu", "healthy-4.14", "not_affected"),
        Recording("xen-4.14.6-entry-missing-faults", "missing-4.14", "unknown, suspected", faults=True),
        Recording("xen-4.20.5-pre-smmu", "healthy-4.20", "not_affected"),
    )
}


def _inject(stage: Stage, recording: Recording) -> None:
    guest = stage.guests[0]
    backend, ref = stage.tx_ring(guest)
    ring = stage.granted(guest.domain, ref, backend)
    if recording.tail_only:
        # the reference capture of faults that a dump does *not* explain
        elsewhere = Target("RAM, not granted", 0x7FC84000)
        if elsewhere.frame in {grant.frame for grant in stage.grants()}:
            raise stage.dom0.failure(f"{elsewhere} is granted after all")
        stage.smmu.inject(ContextFault(elsewhere, write=True), ContextFault(elsewhere, privileged=True))
    else:
        stage.smmu.inject(*[ContextFault(ring.at(0x148 + 64 * i)) for i in range(5)])
    stage.smmu.inject(ContextFault(stage.nothing, status=TRANSLATION | MULTI), GlobalFault())


def readme(stage: Stage, recording: Recording, version: str) -> str:
    """The truth of a recording, in words."""
    s: Scenario = stage.scenario
    state = {"off": "no SMMU", "on": "SMMU on", "entry-missing": "SMMU on, dom0's IOMMU option cleared after boot: the entry gfn == mfn is missing"}
    if not recording.faults:
        faults = "No fault."
    else:
        faults = "The SMMU's registers are memory: fault lines are printed by Xen's own driver but were injected, " + (
            "at addresses that no grant explains. The console begins with the dump: no banner, no boot lines." if recording.tail_only
            else "at frames of ring pages that stand in for data pages."
        )
    lines = [
        f"# {recording.name}", "",
        f"Xen {version} (Debian), dom0 {s.kernel.name}, under qemu-system-aarch64; {state[s.iommu]}. "
        f"Scenario `{s.name}`; made by `scripts/e2e record {recording.name}`.", "",
        faults, "",
        f"Verdict expected: {recording.verdict}.",
    ]
    if s.guests:
        lines += ["", "Guests: " + ", ".join(f"{g.name} (d{g.domain}, vif{g.domain}.0)" for g in stage.guests) + "."]
    if stage.smmu.injected:
        lines += ["", "| fault | address | frame | what it is | domain | ref | backend |", "|---|---|---|---|---|---|---|"]
        for fault in stage.smmu.injected:
            if isinstance(fault, GlobalFault):
                lines.append(f"| global, stream {fault.stream:#x} | | | | | | |")
                continue
            t = fault.target
            what = ("write" if fault.write else "read") + (", privileged" if fault.privileged else "") + (", multiple" if fault.status & MULTI else "")
            owner = f"d{t.domain} | {t.ref:#x} | {t.backend or ''}" if t.domain is not None else " | | "
            lines.append(f"| {what} | {t.address:#x} | {t.frame:#x} | {t.kind} | {owner} |")
    return "\n".join(lines) + "\n"


def record(stage: Stage, recording: Recording, into: Path) -> Path:
    """Save a recording; the directory."""
    if recording.dump and stage.guests:
        stage.grants()
    if recording.faults:
        _inject(stage, recording)
    texts = collect(stage)
    version = re.search(r"xen_version +: (\S+)", texts["xl-info.txt"])[1]
    if recording.tail_only:
        console = texts["xl-dmesg.txt"]
        begin = console.rindex("\n", 0, console.rindex("gnttab_usage_print_all [ key 'g' pressed")) + 1
        texts = {"xl-dmesg.txt": console[begin:]}
    directory = into / recording.name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for name, text in {**texts, "README.md": readme(stage, recording, version)}.items():
        (directory / name).write_text(text)
    return directory


def captures() -> Path:
    return paths.PROJECT / "tests/data/captures"
