"""Processes and directories that do not outlive the harness, however it ends."""

import os
import re
import shutil
import signal
import tempfile
from pathlib import Path

# Prefix of a command: it is ended when the thread that started it ends.
ENDS_WITH_US = ["setpriv", "--pdeathsig", "TERM"]


def end_cleanly_on_signals() -> None:
    """SIGTERM unwinds like ctrl-c (which unittest does not take for a failed test), so that machines are stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def scratch() -> Path:
    """A directory for one machine, on a short path (it holds sockets). Those of harnesses that were killed are removed."""
    base = Path(tempfile.gettempdir())
    for left in base.glob("xic-e2e-*"):
        owner = re.match(r"xic-e2e-(\d+)-", left.name)
        if owner and not Path("/proc", owner[1]).exists() and left.stat().st_uid == os.geteuid():
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"xic-e2e-{os.getpid()}-"))
