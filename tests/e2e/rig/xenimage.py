"""The running hypervisor's memory, read from outside: symbols of a stripped Debian build, its console ring, dom0's IOMMU option.

Symbol -> physical address by the offset in the image; pointer -> physical address by walking the hypervisor's own page tables.
So no source, no DWARF and no release-specific formula is needed.
"""

import gzip
import struct
from dataclasses import dataclass
from pathlib import Path

from . import board
from .elf import Elf
from .qemu import QTest, RigError

CDF_HVM_HAP, CDF_IOMMU = 0x3, 0x20


def files(tree: Path) -> tuple[Path, bytes]:
    """(boot image, ELF file with symbols) of an unpacked hypervisor package."""
    image = next((tree / "boot").glob("xen-*-arm64"))
    for candidate in (*tree.glob("usr/lib/debug/boot/xen-syms-*-arm64"), *tree.glob("usr/lib/debug/xen-syms-*[0-9].gz")):
        data = candidate.read_bytes()
        return image, gzip.decompress(data) if candidate.suffix == ".gz" else data
    raise RigError(f"no symbols in {tree}")


def _load_word(instruction: int) -> tuple[int, int, int] | None:
    """ldr wT,[xN,#offset] -> (T, N, offset)."""
    if instruction & 0xFFC00000 != 0xB9400000:
        return None
    return instruction & 31, (instruction >> 5) & 31, ((instruction >> 10) & 0xFFF) * 4


def _tests_bit(instruction: int, bit: int) -> int | None:
    """tbz/tbnz wT,#bit -> T."""
    if instruction & 0x7E000000 != 0x36000000 or ((instruction >> 31) << 5 | (instruction >> 19) & 31) != bit:
        return None
    return instruction & 31


class XenImage:
    """What the files of a build say."""

    def __init__(self, tree: Path):
        self.path, symbols = files(tree)
        elf, self._boot = Elf(symbols), self.path.read_bytes()
        self.build_id = elf.build_id()
        if not self.build_id or self.build_id not in self._boot:
            raise RigError(f"{self.path.name}: symbols and boot image are of different builds")
        self._symbols = elf.symbols()
        self._base = self._symbols["_start"]

    def physical(self, symbol: str) -> int:
        return self._symbols[symbol] - self._base + board.XEN

    def _option_offset(self, function: str, words: int) -> int | None:
        """Where `function` finds struct domain's options: the first word loaded through a pointer and then tested for CDF_iommu."""
        code = struct.unpack_from(f"<{words}I", self._boot, self._symbols[function] - self._base)
        for at, instruction in enumerate(code):
            load = _load_word(instruction)
            if load and load[2] >= 64 and any(_tests_bit(later, 5) == load[0] for later in code[at + 1 : at + 5]):
                return load[2]
        return None

    def option_offset(self) -> int:
        """offsetof(struct domain, options), found in two functions that must agree."""
        first, second = self._option_offset("iommu_domain_destroy", 12), self._option_offset("iommu_do_domctl", 64)
        if first is None or first != second:
            raise RigError(f"{self.path.name}: no agreement on where the options are: {first}, {second}")
        return first


@dataclass
class RingState:
    """The console ring's free-running indices: bytes [oldest, next) are readable, `next` bytes were ever printed."""

    oldest: int
    next: int
    size: int


class LiveXen:
    """The hypervisor while it runs."""

    def __init__(self, image: XenImage, qtest: QTest):
        self._image, self._qtest = image, qtest

    def _translate(self, virtual: int) -> int:
        table = self._image.physical("xen_pgtable")
        for level in range(4):
            shift = 39 - 9 * level
            entry = self._qtest.read64(table + ((virtual >> shift & 511) << 3))
            if not entry & 1:
                raise RigError(f"no translation for {virtual:#x} at level {level}")
            mask = (1 << shift) - 1
            if level == 3 or not entry & 2:
                return entry & 0xFFFFFFFFFFFF & ~mask | virtual & mask
            table = entry & 0xFFFFFFFFF000
        raise AssertionError

    def ring(self) -> RingState:
        return RingState(*(self._qtest.read32(self._image.physical(s)) for s in ("conringc", "conringp", "conring_size")))

    def ring_text(self, since: int | None = None) -> str:
        """What the ring holds (from index `since`), without asking the hypervisor."""
        state = self.ring()
        begin = max(state.next - state.size, state.oldest, since or 0)
        if begin == state.next:
            return ""
        start = self._translate(self._qtest.read64(self._image.physical("conring")))
        at, wanted = begin & (state.size - 1), state.next - begin
        data = self._qtest.read(start + at, min(wanted, state.size - at))
        data += self._qtest.read(start, wanted - len(data))
        return data.decode("latin-1")

    def _dom0_options(self) -> int:
        """Physical address of dom0's option word."""
        domain = self._translate(self._qtest.read64(self._image.physical("hardware_domain")))
        if self._qtest.read32(domain) & 0xFFFF:
            raise RigError("the hardware domain is not domain 0")
        return domain + self._image.option_offset()

    def forget_dom0_iommu(self) -> None:
        """Make Xen believe that dom0 has no IOMMU: from now on it adds no gfn == mfn entry when dom0 maps a grant, exactly as an
        affected build. To be done before dom0 maps anything, and never undone: unmapping would then find no entry."""
        address = self._dom0_options()
        options = self._qtest.read32(address)
        if options & 0xFFF != CDF_HVM_HAP | CDF_IOMMU:
            raise RigError(f"dom0's options are {options:#x}, not hvm, hap and iommu")
        self._qtest.write32(address, options & ~CDF_IOMMU)
