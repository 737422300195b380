"""Where things live: the source tree is only read, everything made goes into one cache directory."""

import os
from pathlib import Path

E2E = Path(__file__).resolve().parents[1]
PROJECT = E2E.parents[1]
GUEST = E2E / "guest"


def cache() -> Path:
    """The cache; XIC_E2E_CACHE moves it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("XIC_E2E_CACHE") or Path(base) / "xen-iommu-check-e2e")
