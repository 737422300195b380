"""A scenario on stage: the machine booted, the toolstack up, the guests running, and all that is known about them."""

import contextlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import board, initramfs, packages, process, subject
from .dom0 import Dom0
from .qemu import Qemu, RigError
from .scenario import Scenario
from .smmu import Smmu, Target
from .xenimage import LiveXen, XenImage

GRANT = re.compile(r"\[0x([0-9a-f]+)\]\s+(\d+) 0x([0-9a-f]+) 0x([0-9a-f]+)")
BANK = re.compile(r"BANK\[\d+\] 0x([0-9a-f]+)-0x([0-9a-f]+)")


@dataclass(frozen=True)
class Grant:
    """An active grant as the hypervisor's own 'g' dump shows it."""

    domain: int
    ref: int
    frame: int
    grantee: int
    pin: int  # how often it is mapped, in what way


@dataclass
class Guest:
    name: str
    domain: int
    refs: tuple[int, ...]  # pages it grants to dom0 and that nothing maps of itself


@dataclass
class Stage:
    """Use as a context manager."""

    scenario: Scenario
    installed: Path | None = None  # the tree of our arm64 programs, to stand in dom0
    interactive: bool = False
    counted: bool = False  # the machine's time is the number of its instructions
    guests: list[Guest] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> "Stage":
        self._directory = process.scratch()
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        if hasattr(self, "qemu"):
            self.qemu.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _start(self) -> None:
        scenario, begin = self.scenario, time.monotonic()
        self.image = image = XenImage(packages.tree(scenario.hypervisor.image))
        self.kernel = next((packages.tree(scenario.kernel.image) / "boot").glob("vmlinuz-*"))
        initrd = initramfs.dom0(scenario.hypervisor, scenario.kernel)
        more = [initramfs.systemd(scenario.hypervisor).read_bytes()] if scenario.systemd else []
        more += [subject.image(self.installed)] if self.installed else []
        if more:
            all_of_it = self._directory / "initrd.cpio"
            all_of_it.write_bytes(b"".join([initrd.read_bytes(), *more]))
            initrd = all_of_it
        has_smmu = scenario.iommu != "off"
        tree = board.device_tree(
            self.kernel, initrd, scenario.xen_arguments, scenario.dom0_arguments,
            scenario.hypervisor.smmu_binding if has_smmu else None,
        )
        share = self._directory / "share"
        share.mkdir()
        self.timings["images"] = time.monotonic() - begin
        begin = time.monotonic()
        self.qemu = Qemu(
            self._directory,
            board.qemu_arguments(self._directory, share, image.path, self.kernel, initrd, tree, has_smmu), self.interactive, self.counted,
        )
        self.dom0 = Dom0(self.qemu, share)
        self.xen = LiveXen(image, self.qemu.qtest)
        self.smmu = Smmu(self.qemu.qtest, self.xen, barrier=lambda: self.dom0.must("true"))
        self.dom0.boot()
        self.timings["boot"] = time.monotonic() - begin
        if scenario.iommu == "entry-missing":
            self.xen.forget_dom0_iommu()
        begin = time.monotonic()
        self.dom0.must("sh /rig/xen-up --log=" + ("all" if scenario.hv_log else "guest"))
        for name in scenario.guests:
            self._create(name)
        self.timings["guests"] = time.monotonic() - begin

    def share_tree(self, tree: Path, name: str, without: tuple[str, ...]) -> None:
        """A tree as a tar file in dom0's share, named from its parent on; but for files that match `without`."""
        excluded = [f"--exclude={pattern}" for pattern in without]
        subprocess.run(["tar", "-c", "-f", self.dom0.share / name, *excluded, "-C", tree.parent, tree.name], check=True)

    def _create(self, name: str) -> None:
        domain = len(self.guests) + 1
        if domain == 1:
            guest = initramfs.guest(self.scenario.hypervisor, self.scenario.kernel)
            for source, target in ((self.kernel, "vmlinuz"), (guest, "guest.cpio")):
                shutil.copy(source, self.dom0.share / target)
            self.dom0.must("cp /share/vmlinuz /share/guest.cpio /tmp/")
        neighbour = f"10.9.9.{domain}"  # dom0 for the first, then the guest before
        disk = f"disk = ['format=raw,vdev=xvda,access=rw,backendtype=phy,script=block-rig,target=/dev/ram{domain - 1}']"
        vifs = [f"'script=/etc/xen/scripts/vif-rig,bridge=br{n},mac=00:16:3e:aa:{n:02x}:{domain:02x}'" for n in range(self.scenario.vifs)]
        (self.dom0.share / f"{name}.cfg").write_text(
            f'name = "{name}"\nkernel = "/tmp/vmlinuz"\nramdisk = "/tmp/guest.cpio"\nmemory = 160\nvcpus = 1\n'
            f'extra = "console=hvc0 rdinit=/init quiet rigip=10.9.9.{domain + 1} rigpages=8 rigping={neighbour}"\n'
            f"vif = [{', '.join(vifs)}]\n"
            'on_crash = "preserve"\n' + (disk + "\n" if self.scenario.disks else "")
        )
        self.dom0.must(f"xl create /share/{name}.cfg")
        log = f"/var/log/xen/console/guest-{name}.log"
        self.dom0.until(f"grep -q 'GUEST: READY' {log} && grep -q 'GUEST: GRANTS' {log}", f"guest {name} ready: see {log}")
        said = self.dom0.must(f"sed -n 's/.*GUEST: GRANTS//p' {log}")
        self.guests.append(Guest(name, domain, tuple(int(ref) for ref in said.split())))

    # --- truth

    def grants(self) -> list[Grant]:
        """All active grants, by the debug key, read from the hypervisor's memory."""
        before = self.xen.ring().next
        self.dom0.must("xl debug-keys g")
        granter, found = 0, []
        for line in self.xen.ring_text(since=before).splitlines():
            if head := re.search(r"grant-table for remote d(\d+)", line):
                granter = int(head[1])
            elif entry := GRANT.search(line):
                found.append(Grant(granter, int(entry[1], 16), int(entry[3], 16), int(entry[2]), int(entry[4], 16)))
        return found

    def grant(self, domain: int, ref: int) -> Grant:
        found = [g for g in self.grants() if (g.domain, g.ref) == (domain, ref)]
        if not found:
            raise self.dom0.failure(f"d{domain} has no active grant {ref:#x}")
        return found[0]

    def granted(self, domain: int, ref: int, backend: str | None = None, offset: int = 0) -> Target:
        """An address in a frame that is granted to dom0 and mapped now."""
        return Target("granted", (self.grant(domain, ref).frame << 12) + offset, domain, ref, backend)

    def tx_ring(self, guest: Guest) -> tuple[str, int]:
        """(backend, reference) of the ring a guest's vif sends through."""
        path = f"/local/domain/{guest.domain}/device/vif/0"
        ref = self.dom0.must(f"xenstore-read {path}/tx-ring-ref 2>/dev/null || xenstore-read {path}/queue-0/tx-ring-ref")
        return f"vif{guest.domain}.0", int(ref.split()[-1])

    @contextlib.contextmanager
    def held(self, guest: Guest, *refs: int, write: bool = False) -> Iterator[None]:
        """Data pages of a guest are mapped in dom0 meanwhile."""
        self._hold(guest, refs, write)
        try:
            yield
        finally:
            self._release()

    def _hold(self, guest: Guest, refs: tuple[int, ...], write: bool) -> None:
        mode = "w" if write else "r"
        numbers = " ".join(str(ref) for ref in refs)
        self.dom0.must(
            f"holdgrants {mode} {guest.domain} {numbers} > /tmp/held 2>&1 & echo $! > /tmp/held.pid; n=0; "
            f"until [ $(grep -c held /tmp/held) = {len(refs)} ] || [ $n -ge 1000 ]; do usleep 20000; n=$((n + 1)); done; "
            f"cat /tmp/held; [ $n -lt 1000 ]"
        )

    def _release(self) -> None:
        self.dom0.must("kill $(cat /tmp/held.pid); n=0; while kill -0 $(cat /tmp/held.pid) 2>/dev/null && [ $n -lt 1000 ]; do usleep 20000; n=$((n + 1)); done; rm /tmp/held.pid")

    def dom0_ram(self) -> list[tuple[int, int]]:
        """The banks Xen has given dom0: [begin, end)."""
        return [(int(b, 16), int(e, 16)) for b, e in BANK.findall(self.qemu.serial)]

    def own(self, offset: int = 0x100000) -> Target:
        """An address in dom0's own memory."""
        return Target("dom0", self.dom0_ram()[0][0] + offset)

    its = Target("its", board.ITS + 0x10040)
    mmio = Target("mmio", board.UART)
    nothing = Target("nothing", 0x1234567000)

    def fault_lines(self) -> list[str]:
        """Every context fault line the hypervisor ever printed, from its serial port."""
        return re.findall(r"Unhandled context fault: [^\r\n]*", self.qemu.serial)
