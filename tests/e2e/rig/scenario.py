"""Scenarios: what tests/e2e/scenarios.toml says, with defaults."""

import tomllib
from dataclasses import dataclass

from . import paths
from .releases import HYPERVISORS, KERNELS, Hypervisor, Kernel

OF_SUITE = {kernel.suite: kernel.name for kernel in KERNELS.values()}


@dataclass(frozen=True)
class Scenario:
    name: str
    about: str
    hypervisor: Hypervisor
    kernel: Kernel
    iommu: str = "on"
    loglvl: str = "all"
    conring: int = 64
    timestamps: str = "boot"
    hv_log: bool = False
    guests: tuple[str, ...] = ()
    vifs: int = 1
    disks: bool = False
    hotplug: bool = False
    systemd: bool = False
    dom0: str = ""

    def __post_init__(self) -> None:
        if self.iommu not in ("off", "on", "entry-missing"):
            raise ValueError(f"{self.name}: iommu = {self.iommu!r}")
        if self.timestamps not in ("none", "date", "datems", "boot", "raw"):
            raise ValueError(f"{self.name}: timestamps = {self.timestamps!r}")

    @property
    def xen_arguments(self) -> str:
        words = ["console=dtuart", "dtuart=/pl011@9000000", "dom0_mem=512M"]
        words += [f"loglvl={self.loglvl}", f"guest_loglvl={self.loglvl}"] if self.loglvl else []
        words += [f"conring_size={self.conring}"] if self.conring else []
        words += [f"console_timestamps={self.timestamps}"] if self.timestamps != "none" else []
        return " ".join(words)

    @property
    def dom0_arguments(self) -> str:
        marks = {"righotplug": self.hotplug, "rigsystemd": self.systemd, self.dom0: self.dom0}
        return " ".join(["console=hvc0 rdinit=/init", *(word for word, wanted in marks.items() if wanted)])


def load() -> dict[str, Scenario]:
    """All scenarios by name."""
    scenarios = {}
    for name, data in tomllib.loads((paths.E2E / "scenarios.toml").read_text()).items():
        hypervisor = HYPERVISORS[data.pop("hypervisor", "xen-4.17")]
        kernel = KERNELS[data.pop("kernel", OF_SUITE[hypervisor.suite])]
        guests = tuple(data.pop("guests", ()))
        scenarios[name] = Scenario(name=name, hypervisor=hypervisor, kernel=kernel, guests=guests, **data)
    return scenarios
