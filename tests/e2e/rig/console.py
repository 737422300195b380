"""dom0's console on this terminal."""

import os
import select
import socket
import sys
import termios
import tty

from .stage import Stage

LEAVE = b"\x1d"  # ctrl-]


def attach(stage: Stage) -> int:
    """Connect until ctrl-], the end of a piped input or the end of the machine."""
    link = socket.socket(socket.AF_UNIX)
    link.connect(str(stage.qemu.console))
    print(f"\n{stage.scenario.name}: {stage.scenario.about}. Press enter for dom0's shell, ctrl-] to end the machine.", flush=True)
    terminal = sys.stdin.fileno()
    saved = termios.tcgetattr(terminal) if os.isatty(terminal) else None
    if saved:
        tty.setraw(terminal)
    try:
        link.sendall(b"\n")
        sources = [link, terminal]
        while stage.qemu.alive:
            ready, _, _ = select.select(sources, [], [], 2)
            if not ready and terminal not in sources:
                break  # the input has ended and so has the answer
            if link in ready:
                data = link.recv(4096)
                if not data:
                    break
                os.write(sys.stdout.fileno(), data)
            if terminal in ready:
                data = os.read(terminal, 256)
                if LEAVE in data:
                    break
                if data:
                    link.sendall(data)
                else:
                    sources.remove(terminal)
    finally:
        if saved:
            termios.tcsetattr(terminal, termios.TCSADRAIN, saved)
        print()
    return 0
