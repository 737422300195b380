"""Where things live: the source tree is only read, everything made goes into one cache directory."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Iterator

E2E = Path(__file__).resolve().parents[1]
PROJECT = E2E.parents[1]
GUEST = E2E / "guest"


def cache() -> Path:
    """The cache; XIC_E2E_CACHE moves it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("XIC_E2E_CACHE") or Path(base) / "xen-iommu-check-e2e")


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Of several processes that would make the same thing, one does and the others wait."""
    path = cache() / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
