"""The program under test: our arm64 binaries, with the userland they were built against, for any dom0.

They need a newer C library than an old dom0 has, so they bring their own loader and libraries along and are started through it.
"""

import os
import shutil
import subprocess
from pathlib import Path

from . import initramfs, paths, releases

PROGRAM = "xen-iommu-check"
LOADER = "ld-linux-aarch64.so.1"
HOME = "/xic"  # where it stands in dom0


def build(directory: Path) -> Path:
    """Cross-compile the project into `directory`; the program."""
    releases.sysroot()
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    if not (directory / "build.ninja").exists():
        toolchain = paths.PROJECT / "cmake/toolchains/aarch64-linux-gnu.cmake"
        subprocess.run(
            ["cmake", "-S", paths.PROJECT, "-B", directory, "-G", "Ninja", "--toolchain", toolchain,
             "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DXIC_WERROR=ON", "-DBUILD_TESTING=OFF"], **quiet,
        )
    subprocess.run(["cmake", "--build", directory, "--target", PROGRAM], **quiet)
    return find(directory)


def find(directory: Path) -> Path:
    found = [path for path in directory.rglob(PROGRAM) if path.is_file() and os.access(path, os.X_OK)]
    if len(found) != 1:
        raise FileNotFoundError(f"{len(found)} programs called {PROGRAM} in {directory}")
    return found[0]


def deliver(program: Path, share: Path) -> None:
    """Put the program and its libraries into a dom0's share."""
    home = share / "xic"
    shutil.rmtree(home, ignore_errors=True)
    (home / "lib").mkdir(parents=True)
    sysroot = releases.sysroot()
    for name, path in initramfs.libraries([program], [sysroot], extra=(LOADER,)).items():
        shutil.copy(path, home / "lib" / name)
    subprocess.run(["aarch64-linux-gnu-strip", "-o", home / program.name, program], check=True)


# In dom0: from the slow share into memory, and a command of that name.
INSTALL = f"""
mkdir -p {HOME}/bin && cp -r /share/xic/. {HOME}/ || exit 1
for program in {HOME}/xen-* {HOME}/xic-*; do
  [ -f "$program" ] || continue
  name=${{program##*/}}
  printf '#!/bin/sh\\nexec {HOME}/lib/{LOADER} --library-path {HOME}/lib {HOME}/%s "$@"\\n' "$name" > {HOME}/bin/$name
  chmod 755 {HOME}/bin/$name; ln -sf {HOME}/bin/$name /bin/$name
done
"""
