"""Bulk traffic of guests, the rig's own trace of grant maps, and faults raised at grants while they live."""

import gzip
import struct
import time
from dataclasses import dataclass, field, replace

from .qemu import PATIENCE
from .smmu import ContextFault, Target
from .stage import Stage

INSTANCE = "/sys/kernel/tracing/instances/rig"
EVENTS = "/sys/kernel/tracing/kprobe_events"


class Traffic:
    """Every guest sends to its neighbour through every vif, as fast as it can. A context manager."""

    def __init__(self, stage: Stage):
        self._stage = stage

    def _tell(self, guest_number: int, line: str) -> None:
        self._stage.dom0.until(f"echo '{line}' | timeout 10 nc 10.9.9.{guest_number + 2} 7779", f"guest {guest_number} does {line}")

    def __enter__(self) -> "Traffic":
        guests = len(self._stage.guests)
        for n in range(guests):
            sinks = " ".join(f"while [ -e /tmp/bulk ]; do nc -l -p 777{v} > /dev/null; done > /dev/null 2>&1 &" for v in range(self._stage.scenario.vifs))
            self._tell(n, f"touch /tmp/bulk; {sinks}")
        for n in range(guests):
            peer = (n + 1) % guests + 2
            senders = " ".join(
                f"while [ -e /tmp/bulk ]; do dd if=/dev/zero bs=64k count=256 2> /dev/null | nc 10.9.{9 - v}.{peer} 777{v}; usleep 20000; done > /dev/null 2>&1 &"
                for v in range(self._stage.scenario.vifs)
            )
            self._tell(n, senders)
        return self

    def __exit__(self, *_) -> None:
        for n in range(len(self._stage.guests)):
            self._tell(n, "rm /tmp/bulk")

    def sent(self) -> int:
        """Bytes that all vifs have taken from their guests so far."""
        numbers = self._stage.dom0.must("cat /sys/class/net/vif*/statistics/rx_bytes")
        return sum(int(number) for number in numbers.split())


def map_return(stage: Stage) -> int:
    """Offset in set_foreign_p2m_mapping() behind its call for one page, where x20 still holds the operation: read from the kernel's file."""
    symbols = stage.dom0.must(r"grep -E ' (_stext|set_foreign_p2m_mapping|clear_foreign_p2m_mapping|__set_phys_to_machine_multi)$' /proc/kallsyms")
    at = {name: int(address, 16) for address, _, name in (line.split() for line in symbols.splitlines())}
    image = stage.kernel.read_bytes()
    image = gzip.decompress(image) if image[:2] == b"\x1f\x8b" else image
    # Debian's text begins 64 KiB into the image.
    begin = at["set_foreign_p2m_mapping"] - at["_stext"] + 0x10000
    code = struct.unpack_from(f"<{(at['clear_foreign_p2m_mapping'] - at['set_foreign_p2m_mapping']) // 4}I", image, begin)
    for i, word in enumerate(code):
        if word >> 26 == 0b100101:  # bl
            target = at["set_foreign_p2m_mapping"] + 4 * (i + ((word & 0x3FFFFFF) ^ 0x2000000) - 0x2000000)
            if target == at["__set_phys_to_machine_multi"] and 0xF9400E81 in code[i - 6 : i]:  # ldr x1, [x20, #24]
                return 4 * (i + 1)
    raise stage.dom0.failure("set_foreign_p2m_mapping has another form")


class Tracing:
    """The rig's own trace: another place, another instance than the recorder's. To be entered when the recorder runs already: a breakpoint
    hides the code it stands on."""

    def __init__(self, stage: Stage, kib: int = 8192):
        self._stage, self._kib = stage, kib

    def __enter__(self) -> "Tracing":
        fields = "pfn=+0(%x20):x64 mfn=+24(%x20):x64 ref=+12(%x20):x32 dom=+16(%x20):u16"
        self._stage.dom0.must(
            f"set -e; echo 'p:rig/op set_foreign_p2m_mapping+{map_return(self._stage)} {fields}' >> {EVENTS}; "
            f"echo 'p:rig/gone __set_phys_to_machine_multi pfn=%x0:x64 mfn=%x1:x64' >> {EVENTS}; "
            f"mkdir {INSTANCE}; echo mono_raw > {INSTANCE}/trace_clock; echo {self._kib} > {INSTANCE}/buffer_size_kb; "
            f"echo 'mfn==0xffffffffffffffff' > {INSTANCE}/events/rig/gone/filter; echo 1 > {INSTANCE}/events/rig/enable"
        )
        return self

    def __exit__(self, *_) -> None:
        self._stage.dom0.must(f"rmdir {INSTANCE}; echo '-:rig/op' >> {EVENTS}; echo '-:rig/gone' >> {EVENTS}")


@dataclass(frozen=True)
class Mapping:
    frame: int
    domain: int
    ref: int
    begin: int  # microseconds, CLOCK_MONOTONIC_RAW
    end: float  # infinity where it was still there
    unmapper: str = ""


@dataclass(frozen=True)
class Shot:
    """One fault, raised at a page that was (or had just been) granted."""

    fault: ContextFault
    wanted: str  # "live" or "ended"
    begin: int  # raised not before ...
    end: int  # ... and printed not after; microseconds
    mappings: tuple[Mapping, ...] = ()  # all there ever were of its frame

    def during(self) -> list[Mapping]:
        """All that were there all the while: a guest may have granted one page twice."""
        return [m for m in self.mappings if m.begin <= self.begin and m.end > self.end]

    def around(self, margin: int = 2000) -> list[Mapping]:
        """Mappings that were there at some time of it."""
        return [m for m in self.mappings if m.begin <= self.end + margin and m.end >= self.begin - margin]

    def before(self) -> Mapping | None:
        """The last one that had ended 1 to 50 ms before, where none was there since."""
        if self.around(1000):
            return None
        ended = [m for m in self.mappings if 1000 <= self.begin - m.end and self.end - m.end <= 50_000]
        return max(ended, key=lambda m: m.end) if ended else None


@dataclass
class Shooting:
    """`count` faults, one every `period` ms, at grants that `livegrant` chooses from the rig's trace."""

    stage: Stage
    count: int
    period: int = 200
    percent_ended: int = 25
    seed: int = 1
    shots: list[Shot] = field(default_factory=list)

    def run(self) -> list[Shot]:
        share, stage = self.stage.dom0.share, self.stage
        (share / "window").unlink(missing_ok=True)
        command = f"livegrant {self.count} {self.period} {self.percent_ended} {self.seed} > /tmp/livegrant.out 2>&1; echo $? > /tmp/livegrant.rc"
        stage.dom0.must(f"rm -f /tmp/livegrant.rc; {{ {command}; }} > /dev/null 2>&1 &")
        window, faults = int(stage.dom0._wait_for("window", PATIENCE, "livegrant").read_text(), 16), []
        for number in range(1, self.count + 1):
            frame, write = self._wait_for_pick(window, number)
            # its place in the page tells the shots apart
            fault = ContextFault(Target("chosen", (frame << 12) + 8 * (number % 512)), write=write)
            self._raise(fault)
            faults.append(fault)
            stage.qemu.qtest.write32(window + 4, number)
        stage.dom0.until("[ -s /tmp/livegrant.rc ]", "livegrant has ended")
        stage.dom0.must("[ $(cat /tmp/livegrant.rc) = 0 ] || { cat /tmp/livegrant.out; false; }; cp /tmp/truth /tmp/picks /share/")
        mappings = read_truth((share / "truth").read_text(errors="replace"))
        for fault, line in zip(faults, (share / "picks").read_text().splitlines(), strict=True):
            _, frame, _, wanted, begin, end = line.split()
            self.shots.append(Shot(fault, wanted, int(begin), int(end), tuple(mappings.get(int(frame, 16), ()))))
        return self.shots

    def _wait_for_pick(self, window: int, number: int) -> tuple[int, bool]:
        memory, deadline = self.stage.qemu.qtest, time.monotonic() + PATIENCE
        while memory.read32(window) != number:
            if time.monotonic() > deadline:
                raise self.stage.dom0.failure(f"no pick {number}")
            time.sleep(0.0005)
        return memory.read32(window + 8), memory.read32(window + 12) != 0

    def _raise(self, fault: ContextFault) -> None:
        smmu, deadline = self.stage.smmu, time.monotonic() + PATIENCE
        before = smmu.xen.ring().next
        smmu._pulse(smmu._load(fault))
        while fault.printed + "\n" not in smmu.xen.ring_text(since=before):
            if time.monotonic() > deadline:
                raise self.stage.dom0.failure(f"not printed: {fault.printed}")
        smmu._clear(fault)
        smmu.injected.append(fault)


def read_truth(text: str) -> dict[int, list[Mapping]]:
    """Frame -> all its mappings, from what livegrant has written."""
    found: dict[int, list[Mapping]] = {}
    open_: dict[int, Mapping] = {}

    def close(pfn: int, end: float, unmapper: str = "") -> None:
        if one := open_.pop(pfn, None):
            found.setdefault(one.frame, []).append(replace(one, end=end, unmapper=unmapper))

    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["m"] and len(words) == 6:
            pfn = int(words[2], 16)
            close(pfn, int(words[1]))
            open_[pfn] = Mapping(int(words[3], 16), int(words[5]), int(words[4], 16), int(words[1]), float("inf"))
        elif words[:1] == ["u"] and len(words) >= 3:
            close(int(words[2], 16), int(words[1]), words[3] if len(words) > 3 else "")
    for pfn in list(open_):
        close(pfn, float("inf"))
    return found


__all__ = ["Mapping", "Shooting", "Shot", "Tracing", "Traffic", "read_truth"]
