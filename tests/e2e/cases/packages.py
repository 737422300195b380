"""Our Debian packages in a dom0 with Debian's systemd: installed by dpkg, used, removed. Not of the suite: they take a build of their own."""

import json
import re
import shutil
import time
from pathlib import Path
from typing import ClassVar

from rig import packages, releases
from rig.case import RigCase
from rig.smmu import ContextFault

UNIT = "xen-iommud"
DPKG = "/usr/bin/dpkg"  # not the shell's own
# dom0's root file system is memory: what neither dpkg nor a maintainer script opens stays out.
UNUSED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/perl", "usr/share/info", "libperl.so*", "usr/lib/*/perl", "usr/lib/*/gconv")


class Packages(RigCase):
    debs: ClassVar[list[Path]] = []

    def must(self, script: str) -> str:
        return self.stage.dom0.must(script)

    def lay_out_debian(self) -> None:
        """dpkg and what the packages depend on, as if installed. What the kernel and busybox use stays as it is."""
        tree = packages.tree(releases.INSTALLABLE)
        self.stage.share_tree(tree / "usr", "usr.tar", UNUSED)
        shutil.copy(tree.parent / "status", self.stage.dom0.share / "status")
        self.must(
            "mount -o remount,size=90% / && tar -x -f /share/usr.tar -C / && rm /share/usr.tar && ln -sf /usr/bin/perl /bin/perl && "
            "mkdir -p /etc/dpkg /var/lib/dpkg/info /var/lib/dpkg/updates /var/lib/dpkg/alternatives /var/lib/dpkg/triggers /var/log && "
            "cp /share/status /var/lib/dpkg/status && touch /var/lib/dpkg/available && ldconfig"
        )

    def all_files(self) -> set[str]:
        """But for what dpkg, the journal and the linker's cache note of any package."""
        listing = self.must("find / -xdev ! -type d")
        return {path for path in listing.splitlines() if not re.match(r"/(proc|sys|run|share|tmp|dev|var/lib/dpkg|var/log|var/cache)/", path)}

    def state(self, package: str) -> str:
        return self.stage.dom0.run(f"/usr/bin/dpkg-query -W -f '${{db:Status-Abbrev}}' {package}").output.strip()

    def test_installed_used_removed(self):
        self.assertEqual(len(self.debs), 2, "scripts/package arm64 makes them")
        self.lay_out_debian()
        before = self.all_files()

        for deb in self.debs:
            shutil.copy(deb, self.stage.dom0.share / deb.name)
        said = self.must(f"{DPKG} -i " + " ".join(f"/share/{deb.name}" for deb in self.debs) + " 2>&1")
        self.assertEqual({self.state(name) for name in (UNIT, "xen-iommu-check")}, {"ii"}, said)
        self.assertEqual(self.must(f"{DPKG} -V {UNIT} xen-iommu-check"), "")

        # started by its maintainer script, under its sandbox
        self.stage.dom0.until(f"systemctl is-active {UNIT}", "the service is up")
        self.assertEqual(self.must(f"systemctl is-enabled {UNIT}").strip(), "enabled")
        fault = ContextFault(self.stage.own(0x310148))
        self.stage.smmu.inject(fault)
        self.told(fault)
        check = self.stage.dom0.run("xen-iommu-check --json 2>/dev/null")
        report = json.loads(check.output)
        self.assertEqual((report["verdict"]["state"], check.status), ("not_affected", 1), "a fault of another cause")
        self.assertEqual(self.stage.dom0.run("xen-iommu-check status").status, 0)

        self.must(f"{DPKG} -r {UNIT} xen-iommu-check 2>&1")
        self.assertNotEqual(self.stage.dom0.run(f"systemctl is-active {UNIT}").output.strip(), "active")
        self.assertEqual(self.stage.dom0.run("ps | grep -v grep | grep xen-iommu").output, "")
        self.assertEqual(self.state(UNIT), "rc", "its configuration is kept")
        self.must(f"{DPKG} -P {UNIT} xen-iommu-check 2>&1")
        self.assertEqual(self.all_files() - before, set())
        self.assertEqual(self.must("ls -d /etc/xen-iommud /var/lib/xen-iommud /run/xen-iommud 2>/dev/null; true"), "")

    def told(self, fault: ContextFault) -> None:
        deadline = time.monotonic() + 60
        while f"{fault.target.address:#x}" not in self.must(f"journalctl -o json --no-pager SYSLOG_IDENTIFIER={UNIT}"):
            self.assertLess(time.monotonic(), deadline, "not in the journal")
            time.sleep(0.5)
