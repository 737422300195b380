"""Initramfs images for dom0 and the guests, written as cpio archives straight from unpacked Debian packages."""

import hashlib
import lzma
import os
import re
import subprocess
from pathlib import Path

from . import packages, paths
from .elf import MAGIC, Elf
from .releases import Hypervisor, Kernel

# All that busybox is asked for in dom0 and the guests.
APPLETS = (
    "sh mount umount ls cat echo ps sleep kill insmod lsmod mkdir ln dmesg poweroff reboot ping grep sed awk cut head tail wc "
    "date mv cp rm od devmem id uname tr sort uniq find free df sync cmp diff time timeout dd test chmod expr seq true false nc "
    "ifconfig arping tee printf touch basename dirname readlink stat usleep setsid stty env tar gzip md5sum more vi less xxd top"
).split()
LIBRARY_DIRECTORIES = ("usr/lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu/systemd", "usr/lib")
DOM0_MODULES = (
    "xen_evtchn xen_gntdev xen_gntalloc xen_privcmd xenfs xen_netback xen_blkback brd bridge virtio_mmio 9pnet_virtio 9p"
).split()
MODULE_OPTIONS = {"brd": "rd_nr=2 rd_size=8192"}
# Opened by name, not needed by any program's header.
SYSTEMD_LIBRARIES = ("libgcc_s.so.1", "libseccomp.so.2")
GUEST_MODULES = "xen_netfront xen_blkfront xen_gntalloc".split()


class Archive:
    """A cpio archive (newc) under construction. The same content gives the same bytes."""

    def __init__(self) -> None:
        self._out, self._names, self._inode = bytearray(), set(), 0

    def _entry(self, name: str, mode: int, data: bytes) -> None:
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        self._out += b"070701" + b"".join(b"%08x" % value for value in fields) + encoded
        self._out += bytes(-len(self._out) % 4)
        self._out += data
        self._out += bytes(-len(self._out) % 4)

    def directory(self, name: str) -> None:
        if name and name not in self._names:
            self.directory(os.path.dirname(name))
            self._names.add(name)
            self._entry(name, 0o040755, b"")

    def file(self, name: str, data: bytes, mode: int = 0o755) -> None:
        if name not in self._names:
            self.directory(os.path.dirname(name))
            self._names.add(name)
            self._entry(name, 0o100000 | mode, data)

    def link(self, name: str, target: str) -> None:
        if name not in self._names:
            self.directory(os.path.dirname(name))
            self._names.add(name)
            self._entry(name, 0o120777, target.encode())

    def finish(self) -> bytes:
        self._entry("TRAILER!!!", 0, b"")
        return bytes(self._out)


def libraries(programs: list[Path], roots: list[Path], extra: tuple[str, ...] = ()) -> dict[str, Path]:
    """Every shared library the programs need, directly or not: name -> file. `roots` are searched in order."""
    found: dict[str, Path] = {}
    todo = [name for program in programs for name in Elf.read(program).needed()] + list(extra)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        candidates = (root / directory / name for root in roots for directory in LIBRARY_DIRECTORIES)
        found[name] = next((path.resolve() for path in candidates if path.exists()), Path())
        if found[name] == Path():
            raise FileNotFoundError(f"no {name} in {', '.join(str(root) for root in roots)}")
        todo += Elf.read(found[name]).needed()
    return found


def modules(tree: Path, wanted: list[str]) -> list[tuple[str, bytes]]:
    """Kernel modules in the order to load them; a name that is built into the kernel is skipped."""
    paths_by_name = {
        re.sub(r"\.ko(\.xz)?$", "", path.name).replace("-", "_"): path for path in tree.glob("usr/lib/modules/*/kernel/**/*.ko*")
    }
    order: dict[str, bytes] = {}

    def add(name: str) -> None:
        name = name.replace("-", "_")
        if name in order or name not in paths_by_name:
            return
        data = paths_by_name[name].read_bytes()
        if paths_by_name[name].suffix == ".xz":
            data = lzma.decompress(data)
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        for dependency in depends[1].decode().split(",") if depends else ():
            if dependency:
                add(dependency)
        order[name] = data

    for name in wanted:
        add(name)
    return list(order.items())


def helper(name: str) -> bytes:
    """One of our small programs for dom0 or a guest (tests/e2e/guest/NAME.c), linked statically."""
    source = paths.GUEST / f"{name}.c"
    out = paths.cache() / "helpers" / f"{name}-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}"
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = out.with_suffix(f".{os.getpid()}")
        subprocess.run(
            ["aarch64-linux-gnu-gcc", "-std=c17", "-O2", "-Wall", "-Wextra", "-static", "-o", temporary, source], check=True
        )
        temporary.replace(out)
    return out.read_bytes()


def _base(userland: Path) -> Archive:
    archive = Archive()
    for directory in "dev proc sys tmp etc mnt share run/xen run/xenstored var/log/xen/console var/lib/xen var/lib/xenstored".split():
        archive.directory(directory)
    archive.link("var/run", "/run")
    archive.file("bin/busybox", (userland / "bin/busybox").read_bytes())
    for applet in APPLETS:
        archive.link(f"bin/{applet}", "busybox")
    return archive


def _add_modules(archive: Archive, kernel: Path, wanted: list[str]) -> None:
    loaded = modules(kernel, wanted)
    for name, data in loaded:
        archive.file(f"lib/mods/{name}.ko", data, 0o644)
    archive.file("lib/mods/order", "".join(f"{name} {MODULE_OPTIONS.get(name, '')}\n" for name, _ in loaded).encode(), 0o644)


def _image(kind: str, trees: list[Path], build) -> Path:
    """An image, made again whenever the packages or anything in guest/ or this file has changed."""
    digest = hashlib.sha256()
    for tree in trees:
        digest.update((tree.parent / "packages.json").read_bytes())
    for source in (*sorted(paths.GUEST.iterdir()), Path(__file__)):
        digest.update(source.name.encode() + source.read_bytes())
    out = paths.cache() / "images" / f"{kind}-{digest.hexdigest()[:16]}.cpio"
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = out.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(build().finish())
        temporary.replace(out)
    return out


def guest(hypervisor: Hypervisor, kernel: Kernel) -> Path:
    """The guests' initramfs."""
    userland, linux = packages.tree(hypervisor.userland), packages.tree(kernel.image)

    def build() -> Archive:
        archive = _base(userland)
        _add_modules(archive, linux, GUEST_MODULES)
        archive.file("bin/grantpages", helper("grantpages"))
        archive.file("init", (paths.GUEST / "init-guest").read_bytes())
        return archive

    return _image(f"guest-{hypervisor.name}-{kernel.name}", [userland, linux], build)


def dom0(hypervisor: Hypervisor, kernel: Kernel) -> Path:
    """dom0's initramfs: busybox, the Xen tools of that release and what they need."""
    userland, linux = packages.tree(hypervisor.userland), packages.tree(kernel.image)

    def build() -> Archive:
        archive, programs = _base(userland), []
        private = f"usr/lib/xen-{hypervisor.branch}"
        for name in "xl xenstored xenconsoled xen-init-dom0 libxl-save-helper xen-diag".split():
            program = userland / private / "bin" / name
            archive.file(f"{private}/bin/{name}", program.read_bytes())
            archive.link(f"bin/{name}", f"/{private}/bin/{name}")
            programs.append(program)
        for name in "ls read write list exists rm".split():
            program = userland / "usr/bin" / f"xenstore-{name}"
            program = (program if program.exists() else userland / "usr/bin/xenstore").resolve()
            archive.file(f"bin/xenstore-{name}", program.read_bytes())
            programs.append(program)
        for name in ("ip", "bridge"):
            program = next(path for path in (userland / "bin" / name, userland / "sbin" / name) if path.exists()).resolve()
            archive.file(f"sbin/{name}", program.read_bytes())
            programs.append(program)
        for source in (userland / "etc/xen").rglob("*"):
            if source.is_file():
                archive.file(str(source.relative_to(userland)), source.read_bytes())
        for script in ("vif-rig", "block-rig"):
            archive.file(f"etc/xen/scripts/{script}", (paths.GUEST / script).read_bytes())
        for name, path in libraries(programs, [userland], extra=("libgcc_s.so.1",)).items():
            archive.file(f"lib/{name}", path.read_bytes())
        _add_modules(archive, linux, DOM0_MODULES)
        for name in ("holdgrants", "livegrant", "asuser"):
            archive.file(f"bin/{name}", helper(name))
        for script in ("xen-up", "agent"):
            archive.file(f"rig/{script}", (paths.GUEST / script).read_bytes())
        archive.file("init", (paths.GUEST / "init-dom0").read_bytes())
        return archive

    return _image(f"dom0-{hypervisor.name}-{kernel.name}", [userland, linux], build)


# What a machine without a network, a console login or udev has no use for, of systemd's own units.
SYSTEMD_MASKED = (
    "systemd-networkd systemd-networkd-wait-online systemd-firstboot systemd-hwdb-update systemd-machine-id-commit systemd-pstore "
    "systemd-random-seed systemd-sysusers systemd-update-utmp systemd-update-utmp-runlevel systemd-timesyncd systemd-logind "
    "systemd-user-sessions systemd-ask-password-console systemd-ask-password-wall systemd-binfmt systemd-boot-system-token getty@tty1 "
    "serial-getty@hvc0 systemd-remount-fs systemd-update-done"
).split()


def systemd(hypervisor: Hypervisor) -> Path:
    """What follows dom0's initramfs where it boots with systemd: Debian's own, with its journal, and our agent as a service."""
    tree = packages.tree(hypervisor.systemd)

    def build() -> Archive:
        archive, programs = Archive(), []
        for source in sorted((tree / "usr/lib/systemd").rglob("*")):
            name = str(source.relative_to(tree))
            if source.is_symlink():
                archive.link(name, os.readlink(source))
            elif source.is_file():
                archive.file(name, source.read_bytes(), source.stat().st_mode & 0o777)
                if source.read_bytes()[:4] == MAGIC:
                    programs.append(source)
        for name in "systemctl journalctl systemd-notify systemd-analyze systemd-cgls systemd-tmpfiles".split():
            source = next(path for path in (tree / "usr/bin" / name, tree / "bin" / name) if path.exists()).resolve()
            archive.file(f"usr/bin/{name}", source.read_bytes())
            programs.append(source)
        roots = [tree]
        for name, path in libraries(programs, roots, extra=SYSTEMD_LIBRARIES).items():
            archive.file(f"usr/lib/aarch64-linux-gnu/{name}", path.read_bytes())
        archive.link("lib/systemd", "/usr/lib/systemd")  # Debian 12 names its programs by this path
        archive.file("etc/machine-id", b"00112233445566778899aabbccddeeff\n", 0o444)
        archive.file("etc/passwd", b"root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n", 0o644)
        archive.file("etc/group", b"root:x:0:\nsystemd-journal:x:101:\nnogroup:x:65534:\n", 0o644)
        archive.file("etc/os-release", b"ID=debian\nPRETTY_NAME=\"rig\"\n", 0o644)
        for unit in SYSTEMD_MASKED:
            archive.link(f"etc/systemd/system/{unit}.service", "/dev/null")
        archive.link("etc/systemd/system/default.target", "/usr/lib/systemd/system/multi-user.target")
        archive.file("etc/systemd/system/rig-agent.service", (paths.GUEST / "rig-agent.service").read_bytes(), 0o644)
        archive.link("etc/systemd/system/multi-user.target.wants/rig-agent.service", "/etc/systemd/system/rig-agent.service")
        return archive

    return _image(f"systemd-{hypervisor.suite}", [tree], build)
