"""The program under test: our arm64 binaries, with the userland they were built against, for any dom0.

They need a newer C library than an old dom0 has, so they bring their own loader and libraries along and are started through it.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from . import initramfs, paths, releases

PROGRAM = "xen-iommu-check"
LOADER = "ld-linux-aarch64.so.1"
HOME = "xic"  # where it stands in dom0


class BuildError(Exception):
    """The program cannot be built; the text is the compiler's."""


def build(directory: Path) -> Path:
    """Cross-compile the project into `directory`; the program."""
    releases.sysroot()
    toolchain = paths.PROJECT / "cmake/toolchains/aarch64-linux-gnu.cmake"
    configure = [
        "cmake", "-S", paths.PROJECT, "-B", directory, "-G", "Ninja", "--toolchain", toolchain,
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DXIC_WERROR=ON", "-DBUILD_TESTING=OFF",
    ]
    with paths.lock("build"):
        commands = [["cmake", "--build", directory, "--target", PROGRAM]]
        if not (directory / "build.ninja").exists():
            commands.insert(0, configure)
        for command in commands:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode:
                raise BuildError(f"{' '.join(map(str, command))}:\n{done.stdout[-6000:]}")
    return find(directory)


def find(directory: Path) -> Path:
    found = [path for path in directory.rglob(PROGRAM) if path.is_file() and os.access(path, os.X_OK)]
    if len(found) != 1:
        raise FileNotFoundError(f"{len(found)} programs called {PROGRAM} in {directory}")
    return found[0]


def image(program: Path) -> bytes:
    """An initramfs that holds the program, its libraries and a command of its name; it follows dom0's own."""
    archive = initramfs.Archive()
    for name, path in initramfs.libraries([program], [releases.sysroot()], extra=(LOADER,)).items():
        archive.file(f"{HOME}/lib/{name}", path.read_bytes())
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["aarch64-linux-gnu-strip", "-o", stripped.name, program], check=True)
        archive.file(f"{HOME}/{program.name}", Path(stripped.name).read_bytes())
    start = f'#!/bin/sh\nexec /{HOME}/lib/{LOADER} --library-path /{HOME}/lib /{HOME}/{program.name} "$@"\n'
    archive.file(f"sbin/{program.name}", start.encode())
    return archive.finish()
