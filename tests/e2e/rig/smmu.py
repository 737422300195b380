"""Faults: written into the SMMU's registers, announced by its interrupt, printed by Xen's own driver."""

import time
from dataclasses import dataclass, field, replace
from typing import Callable

from . import board
from .qemu import PATIENCE, QTest, RigError
from .xenimage import LiveXen

TRANSLATION, PERMISSION, EXTERNAL, ADDRESS_SIZE, MULTI = 0x2, 0x8, 0x10, 0x80, 0x80000000
AARCH64 = 0x400  # FSR.FORMAT
WRITE, PRIVILEGED, INSTRUCTION = 0x10, 0x20, 0x40
LEVEL3 = 3

# register offsets
GFSR, GFSYNR0, GFSYNR1, GFSYNR2 = 0x48, 0x50, 0x54, 0x58
BANK0 = 0x2000  # the context bank of dom0's only device
FSR, FAR_LOW, FAR_HIGH, FSYNR0 = 0x58, 0x60, 0x64, 0x68


@dataclass(frozen=True)
class Target:
    """What a fault's address is, as the rig knows it to be."""

    kind: str  # "granted", "released", "dom0", "its", "mmio", "nothing"
    address: int
    domain: int | None = None
    ref: int | None = None
    backend: str | None = None

    @property
    def frame(self) -> int:
        return self.address >> 12

    def at(self, offset: int) -> "Target":
        """Another address in the same page."""
        return replace(self, address=(self.frame << 12) + offset)


@dataclass(frozen=True)
class ContextFault:
    """One fault of dom0's context bank, with what it means."""

    target: Target
    status: int = TRANSLATION
    write: bool = False
    privileged: bool = False

    @property
    def fsr(self) -> int:
        return self.status | AARCH64

    @property
    def fsynr(self) -> int:
        return LEVEL3 | (WRITE if self.write else 0) | (PRIVILEGED if self.privileged else 0)

    @property
    def printed(self) -> str:
        """The text of the driver's line, without its prefix."""
        return (
            f"smmu: /smmu@{board.SMMU:x}: Unhandled context fault: fsr={self.fsr:#x}, iova=0x{self.target.address:08x}, "
            f"fsynr={self.fsynr:#x}, cb=0"
        )


@dataclass(frozen=True)
class GlobalFault:
    """One global fault: by default of a stream that nobody has configured."""

    status: int = 0x2
    syndrome0: int = 0x4
    stream: int = 0x10

    @property
    def printed(self) -> str:
        return (
            f"smmu: /smmu@{board.SMMU:x}: \tGFSR 0x{self.status:08x}, GFSYNR0 0x{self.syndrome0:08x}, "
            f"GFSYNR1 0x{self.stream:08x}, GFSYNR2 0x00000000"
        )


@dataclass
class Smmu:
    """The register file of the running machine. `injected` is every fault that was raised and seen to be printed, in order."""

    qtest: QTest
    xen: LiveXen
    barrier: Callable[[], object]  # comes back after dom0 has run, so after the hypervisor has taken the interrupts before it
    injected: list[ContextFault | GlobalFault] = field(default_factory=list)

    def _pulse(self, spi: int) -> None:
        self.qtest.line(spi, 1)
        self.qtest.line(spi, 0)

    def _load(self, fault: ContextFault | GlobalFault) -> int:
        """Write a fault's registers; the interrupt to raise."""
        write, base = self.qtest.write32, board.SMMU
        if isinstance(fault, GlobalFault):
            write(base + GFSYNR0, fault.syndrome0)
            write(base + GFSYNR1, fault.stream)
            write(base + GFSYNR2, 0)
            write(base + GFSR, fault.status)
            return board.SPI_GLOBAL
        bank = base + BANK0
        write(bank + FAR_LOW, fault.target.address & 0xFFFFFFFF)
        write(bank + FAR_HIGH, fault.target.address >> 32)
        write(bank + FSYNR0, fault.fsynr)
        write(bank + FSR, fault.fsr)
        return board.SPI_CONTEXT

    def _clear(self, fault: ContextFault | GlobalFault) -> None:
        self.qtest.write32(board.SMMU + (GFSR if isinstance(fault, GlobalFault) else BANK0 + FSR), 0)

    def inject(self, *faults: ContextFault | GlobalFault, timeout: float = PATIENCE) -> None:
        """Raise faults one after another, each only after the hypervisor has printed the one before."""
        for fault in faults:
            before = self.xen.ring().next
            self._pulse(self._load(fault))
            deadline = time.monotonic() + timeout
            while fault.printed + "\n" not in self.xen.ring_text(since=before):
                if time.monotonic() > deadline:
                    raise RigError(f"not printed: {fault.printed!r}; since then: {self.xen.ring_text(since=before)!r}")
                time.sleep(0.01)
            self._clear(fault)
            self.injected.append(fault)

    def storm(self, faults: list[ContextFault], pause: float = 0.0) -> None:
        """Raise faults without looking: what is printed of them is another truth, to be read from the serial log."""
        for fault in faults:
            self._pulse(self._load(fault))
            if pause:
                time.sleep(pause)
        self.settle()
        if faults:
            self._clear(faults[-1])

    def settle(self) -> None:
        """Wait until the hypervisor has printed what it has to print."""
        last = -1
        while (now := self.xen.ring().next) != last:
            last = now
            self.barrier()
