"""The programs under test: whatever the project installs for arm64, with the userland it was built against, for any dom0.

They need a newer C library than an old dom0 has, so they bring their own loader and libraries along and are started through it.
"""

import hashlib
import os
import shutil
import stat
import subprocess
from pathlib import Path

from . import initramfs, paths, releases
from .elf import MAGIC

LOADER = "ld-linux-aarch64.so.1"
OPENED = "libarchive.so.13"  # by name, when it is needed: no program's header says so
HOME = "xic"  # where they and their libraries stand in dom0


class BuildError(Exception):
    """The project cannot be built; the text is the compiler's."""


def _run(*command: str | Path, **environment: str) -> None:
    done = subprocess.run(
        command, cwd=paths.PROJECT, env={**os.environ, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise BuildError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout[-6000:]}")


def build(directory: Path) -> Path:
    """Cross-compile the project into `directory` and install it below; the tree of installed files."""
    sysroot = releases.sysroot()
    tree, new = directory / "installed", directory / "installed.new"
    with paths.lock("build-" + hashlib.sha256(bytes(directory.resolve())).hexdigest()[:16]):
        # What was configured against another sysroot remembers its paths.
        stamp = directory / "sysroot"
        fresh = ["--fresh"] if directory.exists() and not (stamp.exists() and stamp.read_text() == str(sysroot)) else []
        _run("cmake", "--preset", "arm64", "-B", directory, *fresh, XIC_SYSROOT=str(sysroot))
        stamp.write_text(str(sysroot))
        _run("cmake", "--build", directory)
        shutil.rmtree(new, ignore_errors=True)
        _run("cmake", "--install", directory, "--strip", DESTDIR=str(new))
        # A tree that another harness may be reading is replaced only by a different one.
        if _content(new) != _content(tree):
            shutil.rmtree(tree, ignore_errors=True)
            new.rename(tree)
    programs(tree)
    return tree


def _files(tree: Path) -> dict[str, Path]:
    """Path in dom0, without the leading slash -> file or symlink."""
    return {str(path.relative_to(tree)): path for path in sorted(tree.rglob("*")) if path.is_symlink() or path.is_file()}


def _content(tree: Path) -> dict[str, str | bytes]:
    return {name: os.readlink(path) if path.is_symlink() else path.read_bytes() for name, path in _files(tree).items()}


def _is_program(path: Path) -> bool:
    if path.is_symlink() or not path.stat().st_mode & stat.S_IXUSR:
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def programs(tree: Path) -> dict[str, Path]:
    """Path in dom0 -> program, of all programs in an installed tree."""
    found = {name: path for name, path in _files(tree).items() if _is_program(path)}
    if not found:
        raise FileNotFoundError(f"no arm64 program in {tree}")
    return found


def image(tree: Path) -> bytes:
    """An initramfs that follows dom0's own: the tree as it is installed. In the place of each program stands a script that starts
    it with its own loader and libraries."""
    archive, ours = initramfs.Archive(), programs(tree)
    for name, path in initramfs.libraries(list(ours.values()), [releases.sysroot()], extra=(LOADER, OPENED)).items():
        archive.file(f"{HOME}/lib/{name}", path.read_bytes())
    for name, path in _files(tree).items():
        if name in ours:
            archive.file(f"{HOME}/{name}", path.read_bytes())
            start = f'#!/bin/sh\nexec /{HOME}/lib/{LOADER} --library-path /{HOME}/lib --argv0 /{name} /{HOME}/{name} "$@"\n'
            archive.file(name, start.encode())
        elif path.is_symlink():
            archive.link(name, os.readlink(path))
        else:
            archive.file(name, path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
    return archive.finish()
