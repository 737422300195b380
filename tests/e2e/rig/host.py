"""The programs this machine must have, and how to get them on Debian."""

import os
import shutil
import subprocess

# program -> the Debian package that has it
TOOLS = {
    "qemu-system-aarch64": "qemu-system-arm",
    "aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu",
    "cmake": "cmake",
    "ninja": "ninja-build",
    "pkg-config": "pkg-config",
}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Unavailable(Exception):
    """The rig cannot run on this machine; the text says why."""


def missing() -> list[str]:
    """Packages that are still to be installed."""
    packages = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if not os.path.exists(KEYRING):
        packages.append("debian-archive-keyring")
    return packages


def require() -> None:
    """Install what is missing (root or password-less sudo), or raise Unavailable."""
    packages = missing()
    if not packages:
        return
    if not shutil.which("apt-get"):
        raise Unavailable(f"needs {', '.join(packages)}, and there is no apt-get here")
    become = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if become and not shutil.which("sudo"):
        raise Unavailable(f"needs {', '.join(packages)}: install them as root")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [*become, "apt-get", *command], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode:
            raise Unavailable(f"cannot install {', '.join(packages)}: {done.stderr.strip()[-400:]}")
