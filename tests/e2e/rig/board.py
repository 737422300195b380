"""The board: what is where in memory, and the device tree that tells Xen so.

There is no firmware. qemu enters a ten-word stub at EL2 that jumps to Xen with the address of our device tree, so qemu leaves
that tree alone. The SMMU is plain memory that /memory does not mention: Xen's driver reads identification registers, polls bits
that stay 0, and writes; the rest of its life is interrupts, which qtest raises.
"""

import struct
import subprocess
from pathlib import Path

from . import fdt, paths
from .fdt import cells, cells64, strings

MACHINE = "virt,virtualization=on,gic-version=3"
CPU = "cortex-a53"
RAM, RAM_MIB = 0x40000000, 2048
DTB, XEN, KERNEL, INITRD = 0x60000000, 0x60200000, 0x64000000, 0x68000000
HIDDEN = 0x200000  # at the end of RAM, for the SMMU
SMMU, SMMU_SIZE = RAM + (RAM_MIB << 20) - 0x100000, 0x4000
ITS, UART = 0x08080000, 0x09000000
SPI_GLOBAL, SPI_CONTEXT = 100, 101  # then one per context bank
CONTEXT_BANKS = 2
STREAM = 0x10
SHARE_SLOT, MASTER_SLOT = 31, 30  # virtio-mmio: the 9p share; a device that is behind the SMMU

# Nodes that Xen or dom0 would only stumble over.
UNWANTED = ("flash@", "gpio-keys", "pl061@", "fw-cfg@", "platform-bus@", "pcie@", "pmu", "memory@", "chosen", "virtio_mmio@")


def slot(number: int) -> str:
    return f"virtio_mmio@{0xA000000 + 0x200 * number:x}"


def stub() -> bytes:
    """x0 = device tree, x1..x3 = 0, jump to Xen."""
    code = (0x58000100, 0xAA1F03E1, 0xAA1F03E2, 0xAA1F03E3, 0x580000C4, 0xD61F0080, 0xD503201F, 0xD503201F)
    # ldr x0,+32; mov x1,xzr; mov x2,xzr; mov x3,xzr; ldr x4,+24; br x4; nop; nop; then the two literals
    return struct.pack("<8IQQ", *code, DTB, XEN)


def smmu_registers() -> bytes:
    """The register file at reset: stage 2, stream matching, 15 stream id bits, 8 groups, 2 context banks, 48-bit addresses."""
    registers = bytearray(SMMU_SIZE)
    struct.pack_into("<III", registers, 0x20, 0x28005E08, CONTEXT_BANKS, 0x00001555)
    return bytes(registers)


def _bare() -> bytes:
    """qemu's own device tree of the machine."""
    version = subprocess.run(["qemu-system-aarch64", "--version"], capture_output=True, text=True, check=True).stdout.split()[3]
    blob = paths.cache() / "images" / f"board-{version.strip('()').replace(':', '-').replace('/', '-')}.dtb"
    if not blob.exists():
        blob.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["qemu-system-aarch64", "-M", f"{MACHINE},dumpdtb={blob}", "-cpu", CPU, "-smp", "1", "-m", str(RAM_MIB), "-display", "none", "-nodefaults"],
            check=True, capture_output=True,
        )
    return blob.read_bytes()


def device_tree(kernel: Path, initrd: Path, xen_arguments: str, dom0_arguments: str, smmu_binding: str | None) -> bytes:
    """The tree for one boot; `smmu_binding` is None (no SMMU), "iommus" or "mmu-masters"."""
    root = fdt.parse(_bare())
    kept = {slot(SHARE_SLOT), slot(MASTER_SLOT)}
    for name in list(root.children):
        if name.startswith(UNWANTED) and name not in kept:
            del root.children[name]
    root.add("memory@40000000", {"device_type": strings("memory"), "reg": cells64(RAM, (RAM_MIB << 20) - HIDDEN)})
    chosen = root.add("chosen", {
        "#address-cells": cells(2), "#size-cells": cells(2), "stdout-path": strings("/pl011@9000000"),
        "xen,xen-bootargs": strings(xen_arguments), "xen,dom0-bootargs": strings(dom0_arguments),
    })
    for kind, address, file in (("kernel", KERNEL, kernel), ("ramdisk", INITRD, initrd)):
        compatible = strings(f"multiboot,{kind}", "multiboot,module")
        chosen.add(f"module@{address:x}", {"compatible": compatible, "reg": cells64(address, file.stat().st_size)})
    if smmu_binding:
        gic = next(node for name, node in root.children.items() if name.startswith("intc@")).properties["phandle"]
        master, smmu_handle, master_handle = root.children[slot(MASTER_SLOT)], 0xF0, 0xF1
        interrupts = [word for spi in range(SPI_GLOBAL, SPI_CONTEXT + CONTEXT_BANKS) for word in (0, spi, 1)]
        smmu = root.add(f"smmu@{SMMU:x}", {
            "compatible": strings("arm,mmu-500"), "reg": cells64(SMMU, SMMU_SIZE), "#global-interrupts": cells(1),
            "interrupt-parent": gic, "interrupts": cells(*interrupts), "dma-coherent": b"", "phandle": cells(smmu_handle),
        })
        if smmu_binding == "mmu-masters":
            master.properties |= {"#stream-id-cells": cells(1), "phandle": cells(master_handle)}
            smmu.properties["mmu-masters"] = cells(master_handle, STREAM)
        else:
            master.properties["iommus"] = cells(smmu_handle, STREAM)
            smmu.properties["#iommu-cells"] = cells(1)
    return fdt.write(root)


def qemu_arguments(directory: Path, share: Path, xen: Path, kernel: Path, initrd: Path, tree: bytes, smmu: bool) -> list[str]:
    """Everything qemu is told about the board; small images are written into `directory`."""
    for name, data in (("stub.bin", stub()), ("board.dtb", tree), ("smmu.bin", smmu_registers())):
        (directory / name).write_bytes(data)
    images = [(directory / "board.dtb", DTB), (xen, XEN), (kernel, KERNEL), (initrd, INITRD)]
    images += [(directory / "smmu.bin", SMMU)] if smmu else []
    return [
        "-M", MACHINE, "-cpu", CPU, "-smp", "1", "-m", str(RAM_MIB), "-kernel", str(directory / "stub.bin"),
        *(word for file, at in images for word in ("-device", f"loader,file={file},addr={at:#x},force-raw=on")),
        "-fsdev", f"local,id=share,path={share},security_model=none", "-device", "virtio-9p-device,fsdev=share,mount_tag=rig",
    ]
