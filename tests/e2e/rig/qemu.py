"""A qemu process and its two control sockets: QMP (objects) and qtest (physical memory, interrupt lines)."""

import json
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

from .process import ENDS_WITH_US

# Seconds until something is taken for hung. An idle machine needs a tenth of it; a busy one may starve an emulator.
PATIENCE = 300
GIC_INPUTS = "unnamed-gpio-in"


class RigError(Exception):
    """Something in the rig did not do what it should; the text ends with the serial log's tail."""


def _connect(path: Path, process: subprocess.Popen) -> socket.socket:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            link = socket.socket(socket.AF_UNIX)
            link.connect(str(path))
            link.settimeout(PATIENCE)
            return link
        except OSError:
            link.close()
            if process.poll() is not None or time.monotonic() > deadline:
                raise RigError(f"qemu did not open {path.name}") from None
            time.sleep(0.02)


class QTest:
    """Physical memory and the GIC's interrupt inputs, while the machine runs."""

    def __init__(self, link: socket.socket):
        self._file, self._lock = link.makefile("rwb", buffering=0), threading.Lock()
        self.gic = ""

    def _command(self, text: str) -> str:
        with self._lock:
            self._file.write(text.encode() + b"\n")
            answer = self._file.readline().decode()
            while answer.startswith("IRQ"):
                answer = self._file.readline().decode()
        if not answer.startswith("OK"):
            raise RigError(f"qtest: {text.split(' ')[0]}: {answer.strip() or 'qemu is gone'}")
        return answer[2:].strip()

    def read32(self, address: int) -> int:
        return int(self._command(f"readl {address:#x}"), 16)

    def read64(self, address: int) -> int:
        return int(self._command(f"readq {address:#x}"), 16)

    def read(self, address: int, size: int) -> bytes:
        return bytes.fromhex(self._command(f"read {address:#x} {size:#x}")[2:]) if size else b""

    def write32(self, address: int, value: int) -> None:
        self._command(f"writel {address:#x} {value:#x}")

    def line(self, spi: int, level: int) -> None:
        """Set a shared peripheral interrupt's line."""
        self._command(f"set_irq_in {self.gic} {GIC_INPUTS} {spi} {level}")


class Qmp:
    """Just enough of QMP."""

    def __init__(self, link: socket.socket):
        self._file = link.makefile("rw")
        self._file.readline()
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments):
        self._file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._file.flush()
        while True:
            answer = json.loads(self._file.readline())
            if "error" in answer:
                raise RigError(f"qmp: {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]


class Qemu:
    """A running machine. `serial` is what came out of its serial port."""

    def __init__(self, directory: Path, arguments: list[str], interactive: bool = False, counted: bool = False):
        self.serial_log, self.console = directory / "serial.log", directory / "console"
        serial = f"socket,id=serial,path={self.console},server=on,wait=off" if interactive else "null,id=serial"
        # Counted: the machine's clock goes on by 8 ns with each instruction, however busy this one is.
        clock = ["-accel", "tcg,thread=single,tb-size=256", "-icount", "shift=3,sleep=off"] if counted else ["-accel", "tcg,thread=multi,tb-size=256"]
        command = [
            *ENDS_WITH_US, "qemu-system-aarch64", "-display", "none", "-nodefaults", "-no-reboot", *clock,
            "-chardev", f"{serial},logfile={self.serial_log}", "-serial", "chardev:serial",
            "-qmp", f"unix:{directory}/qmp,server=on,wait=off",
            "-qtest", f"unix:{directory}/qtest,server=on,wait=off", "-qtest-log", "/dev/null",
            *arguments,
        ]
        self.errors = directory / "qemu.err"
        with self.errors.open("w") as errors:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        try:
            self.qmp = Qmp(_connect(directory / "qmp", self._process))
            self.qtest = QTest(_connect(directory / "qtest", self._process))
            self.qtest.gic = self._gic()
        except RigError as error:
            self.stop()
            raise RigError(f"{error}: {self.errors.read_text().strip()}") from None

    def _gic(self) -> str:
        for child in self.qmp("qom-list", path="/machine/unattached"):
            if re.fullmatch(r"child<arm-?_?gicv3>", child["type"]):
                return f"/machine/unattached/{child['name']}"
        raise RigError("no interrupt controller found")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def serial(self) -> str:
        return self.serial_log.read_bytes().decode("latin-1").replace("\r", "") if self.serial_log.exists() else ""

    def stop(self) -> None:
        if self.alive:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
