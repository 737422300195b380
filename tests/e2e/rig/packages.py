"""Debian arm64 packages: found, verified and downloaded by apt, unpacked without installing anything.

Each suite gets a private view of the archive: arm64 only, an empty dpkg status, its own lists. The mirror is the one this
machine's own apt uses. apt verifies the signature of the archive and the hash of every package. Nothing here needs root.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .host import KEYRING, Unavailable

# Packages that a closure drags in and that no program of ours in dom0 ever opens.
UNUSED = re.compile(r"(python|libpython|initramfs|dpkg_|perl|libpam|udev_|media-types|tzdata|coreutils|systemd_|qemu|grub|debconf)")


@dataclass(frozen=True)
class PackageSet:
    """What is taken from one suite and unpacked into one tree."""

    name: str
    suite: str
    closure: tuple[str, ...] = ()  # with everything they depend on
    single: tuple[str, ...] = ()  # without
    kernel: bool = False  # the kernel image that linux-image-arm64 stands for
    security: bool = True  # the suite has a security archive that is complete

    def unpacks(self, deb: str) -> bool:
        return not UNUSED.match(deb)

    def fingerprint(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


class WholeSet(PackageSet):
    """A set of which every package is unpacked, also those that other sets never open."""

    def unpacks(self, deb: str) -> bool:
        return True


def mirrors() -> tuple[str, str]:
    """(main archive, security archive) as configured on this machine."""
    out = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True, text=True, check=True,
    ).stdout.split()
    main = next((uri for uri in out if re.search(r"/debian/?$", uri)), None)
    if not main:
        raise Unavailable("this machine's apt has no Debian mirror")
    security = next((uri for uri in out if re.search(r"/debian-security/?$", uri)), None)
    return main, security or main.rstrip("/").removesuffix("debian") + "debian-security"


class Suite:
    """A private apt view of one suite."""

    def __init__(self, suite: str, security: bool):
        self.dir = paths.cache() / "apt" / suite
        self.suite, self.security = suite, security
        for sub in ("lists/partial", "archives/partial", "sources.d"):
            (self.dir / sub).mkdir(parents=True, exist_ok=True)
        (self.dir / "status").touch()

    def _run(self, tool: str, *arguments: str, cwd: Path | None = None) -> str:
        user = "root" if os.geteuid() == 0 else ""
        options = {
            "Dir::Etc::sourcelist": self.dir / "sources.list", "Dir::Etc::sourceparts": self.dir / "sources.d",
            "Dir::State::lists": self.dir / "lists", "Dir::State::status": self.dir / "status",
            "Dir::Cache::archives": self.dir / "archives", "Dir::Cache::pkgcache": "", "Dir::Cache::srcpkgcache": "",
            "APT::Architecture": "arm64", "APT::Architectures::": "arm64", "APT::Install-Recommends": "false",
            "Acquire::AllowInsecureRepositories": "false", "APT::Get::AllowUnauthenticated": "false",
            "APT::Sandbox::User": user, "Acquire::Languages": "none", "Debug::NoLocking": "1",
            # An archived suite's signature stays valid while its date does not.
            "Acquire::Check-Valid-Until": "false" if not self.security else "true",
        }
        command = [tool, *(word for key, value in options.items() for word in ("-o", f"{key}={value}")), *arguments]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise Unavailable(f"{tool} {' '.join(arguments)} ({self.suite}): {done.stderr.strip()[-800:]}")
        return done.stdout

    def update(self) -> None:
        main, security = mirrors()
        lines = [f"deb [arch=arm64 signed-by={KEYRING}] {main} {self.suite} main"]
        if self.security:
            lines.append(f"deb [arch=arm64 signed-by={KEYRING}] {security} {self.suite}-security main")
        (self.dir / "sources.list").write_text("\n".join(lines) + "\n")
        self._run("apt-get", "update", "-q")

    def kernel(self) -> str:
        depends = self._run("apt-cache", "depends", "linux-image-arm64")
        found = re.search(r"Depends: (linux-image-\d\S+)", depends)
        if not found:
            raise Unavailable(f"{self.suite} has no kernel for arm64")
        return found[1]

    def download(self, wanted: PackageSet, into: Path) -> None:
        """The packages of a set as .deb files in an empty directory."""
        if wanted.closure:
            archives = self.dir / "archives"
            shutil.rmtree(archives)
            (archives / "partial").mkdir(parents=True)
            self._run("apt-get", "-y", "--download-only", "install", *wanted.closure)
            for deb in archives.glob("*.deb"):
                shutil.move(deb, into / deb.name)
        single = [*wanted.single, *([self.kernel()] if wanted.kernel else [])]
        if single:
            self._run("apt-get", "download", *single, cwd=into)


def unpack(deb: Path, into: Path) -> None:
    """A package's files; a directory that is a symlink here (lib -> usr/lib) stays one."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as producer:
        subprocess.run(
            ["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", into], stdin=producer.stdout, check=True
        )
    if producer.returncode:
        raise OSError(f"{deb.name}: cannot be unpacked")


def _installed(deb: Path) -> str:
    """A package's paragraph in dpkg's status, were it installed."""
    control = subprocess.run(["dpkg-deb", "--field", deb], capture_output=True, text=True, check=True).stdout
    return control.replace("\n", "\nStatus: install ok installed\n", 1)


def _relative_links(tree: Path) -> None:
    """Absolute symlinks point into the tree, not at this machine."""
    for directory, subdirectories, files in os.walk(tree):
        for name in (*subdirectories, *files):
            link = Path(directory, name)
            if link.is_symlink() and os.readlink(link).startswith("/"):
                target = tree / os.readlink(link).lstrip("/")
                link.unlink()
                link.symlink_to(os.path.relpath(target, directory))


def tree(wanted: PackageSet, refresh: bool = False) -> Path:
    """The unpacked set; made once, then needs no network. `packages.json` beside it names every package file and its hash."""
    with paths.lock(wanted.name):
        return _tree(wanted, refresh)


def _tree(wanted: PackageSet, refresh: bool) -> Path:
    home = paths.cache() / "sets" / wanted.name
    record = home / "packages.json"
    if record.exists() and not refresh:
        if json.loads(record.read_text())["fingerprint"] == wanted.fingerprint():
            return home / "tree"
    shutil.rmtree(home, ignore_errors=True)
    (home / "debs").mkdir(parents=True)
    root = home / "tree"
    for directory in ("bin", "sbin", "lib"):
        (root / "usr" / directory).mkdir(parents=True)
        (root / directory).symlink_to(f"usr/{directory}")
    suite = Suite(wanted.suite, wanted.security)
    suite.update()
    suite.download(wanted, home / "debs")
    hashes, status = {}, []
    for deb in sorted((home / "debs").glob("*.deb")):
        hashes[deb.name] = hashlib.sha256(deb.read_bytes()).hexdigest()
        if wanted.unpacks(deb.name):
            unpack(deb, root)
            status.append(_installed(deb))
    _relative_links(root)
    (home / "status").write_text("\n".join(status))
    shutil.rmtree(home / "debs")
    record.write_text(json.dumps({"fingerprint": wanted.fingerprint(), "packages": hashes}, indent=1))
    return root
