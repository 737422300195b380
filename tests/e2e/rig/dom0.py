"""dom0 from outside: commands through a 9p share, files both ways, guests."""

import time
from dataclasses import dataclass
from pathlib import Path

from .qemu import PATIENCE, Qemu, RigError


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    output: str


class Dom0:
    """The agent in dom0. `share` is its /share."""

    def __init__(self, qemu: Qemu, share: Path):
        self._qemu, self.share = qemu, share

    def failure(self, what: str) -> RigError:
        """An error that carries what the machine last said."""
        return RigError(f"{what}\n--- serial log, last lines\n" + "\n".join(self._qemu.serial.splitlines()[-40:]))

    def _wait_for(self, name: str, timeout: float, what: str) -> Path:
        path, deadline = self.share / name, time.monotonic() + timeout
        while not path.exists():
            if not self._qemu.alive:
                raise self.failure(f"{what}: qemu ended")
            if time.monotonic() > deadline:
                out = self.share / "out"
                said = out.read_text(errors="replace") if out.exists() else ""
                raise self.failure(f"{what}: not done after {timeout:.0f} s\n{said}")
            time.sleep(0.01)
        return path

    def boot(self, timeout: float = PATIENCE) -> None:
        """Wait until dom0 takes commands."""
        self._wait_for("ready", timeout, "boot of dom0")

    def run(self, script: str, timeout: float = PATIENCE) -> Done:
        """A shell script; output and errors together. A background job in it must have its own output."""
        for name in ("rc", "out"):
            (self.share / name).unlink(missing_ok=True)
        (self.share / "cmd.new").write_text(script + "\n")
        (self.share / "cmd.new").rename(self.share / "cmd")
        status = int(self._wait_for("rc", timeout, f"dom0: {script.strip().splitlines()[0]}").read_text())
        out = self.share / "out"
        return Done(status, out.read_text(errors="replace") if out.exists() else "")

    def must(self, script: str, timeout: float = PATIENCE) -> str:
        """A script that has to succeed; its output."""
        done = self.run(script, timeout)
        if done.status:
            raise self.failure(f"dom0: status {done.status} of: {script}\n{done.output}")
        return done.output

    def until(self, condition: str, what: str, timeout: float = PATIENCE) -> str:
        """Run a script again and again until it succeeds; its output."""
        deadline = time.monotonic() + timeout
        while True:
            done = self.run(condition)
            if done.status == 0:
                return done.output
            if time.monotonic() > deadline:
                raise self.failure(f"{what}: not after {timeout:.0f} s: {condition}\n{done.output}")
            time.sleep(0.1)
