"""The hypervisors, kernels and the build sysroot the rig knows, as Debian ships them."""

from dataclasses import dataclass
from pathlib import Path

from . import packages
from .packages import PackageSet, WholeSet


@dataclass(frozen=True)
class Hypervisor:
    """One Debian release's Xen and the tools that belong to it."""

    name: str  # what scenarios call it
    suite: str
    branch: str  # in package names and paths
    version: str  # what it says of itself
    sysctl_abi: int
    smmu_binding: str  # "mmu-masters" or "iommus": which device tree binding its SMMU driver reads
    security: bool = True

    @property
    def userland(self) -> PackageSet:
        tools = (f"xen-utils-{self.branch}", "xen-utils-common", "xenstore-utils", "busybox-static", "iproute2", "iputils-ping")
        return PackageSet(f"{self.suite}-dom0", self.suite, closure=tools, security=self.security)

    @property
    def systemd(self) -> PackageSet:
        """systemd and what it needs, for a dom0 that boots with it."""
        return WholeSet(f"{self.suite}-systemd", self.suite, closure=("systemd", "util-linux"), security=self.security)

    @property
    def image(self) -> PackageSet:
        name = f"xen-hypervisor-{self.branch}-arm64"
        # 4.14 carries its symbols in the hypervisor's own package
        extra = () if self.branch == "4.14" else (f"{name}-dbg",)
        return PackageSet(f"{self.suite}-xen", self.suite, single=(name, *extra), security=self.security)


@dataclass(frozen=True)
class Kernel:
    """One Debian release's Linux, for dom0 and guests."""

    name: str
    suite: str
    security: bool = True

    @property
    def image(self) -> PackageSet:
        return PackageSet(f"{self.suite}-linux", self.suite, kernel=True, security=self.security)


HYPERVISORS = {
    h.name: h
    for h in (
        # bullseye's security archive is not complete any more
        Hypervisor("xen-4.14", "bullseye", "4.14", "4.14.6", 0x13, "mmu-masters", security=False),
        Hypervisor("xen-4.17", "bookworm", "4.17", "4.17.7", 0x15, "iommus"),
        Hypervisor("xen-4.20", "trixie", "4.20", "4.20", 0x15, "iommus"),
    )
}
KERNELS = {
    k.name: k
    for k in (Kernel("linux-5.10", "bullseye", security=False), Kernel("linux-6.1", "bookworm"), Kernel("linux-6.12", "trixie"))
}

# A Debian that packages can be installed into, on top of a dom0 with systemd: dpkg, what maintainer scripts call, and the
# libraries our packages depend on (apt would fetch them).
INSTALLABLE = WholeSet(
    "bookworm-installable", "bookworm",
    closure=(
        "dpkg", "tar", "coreutils", "perl-base", "init-system-helpers", "usr-is-merged", "libc-bin", "sed", "grep",
        "libarchive13", "libfmt9", "libinih1", "libspdlog1.10", "libstdc++6", "libsystemd0",
        "libxencall1", "libxenevtchn1", "libxengnttab1", "libxenmisc4.17", "libxenstore4", "libxentoollog1",
    ),
)

# What the project's own arm64 binaries are built against; they bring these libraries along into every dom0.
SYSROOT = PackageSet(
    "sysroot", "bookworm",
    closure=(
        "libc6-dev", "linux-libc-dev", "libstdc++-12-dev", "libfmt-dev", "libspdlog-dev", "nlohmann-json3-dev", "libcli11-dev",
        "libexpected-dev", "libarchive-dev", "libinih-dev", "libxen-dev", "libsystemd-dev",
    ),
)


def sysroot() -> Path:
    """The unpacked bookworm arm64 sysroot."""
    return packages.tree(SYSROOT)
