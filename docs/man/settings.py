#!/usr/bin/env python3
"""Writes xen-iommud.conf(5) in scdoc from the commented configuration file that is installed: each key stands there
behind a '#' with its default, below the paragraph that explains it. settings.py INPUT.conf OUTPUT.scd"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "knowledge"))
import manual  # noqa: E402  its escape()

HEAD = """xen-iommud.conf(5) "xen-iommu-check" "xen-iommu-check"

# NAME

xen-iommud.conf - what the Xen IOMMU fault watcher does

# SYNOPSIS

_/etc/xen-iommud/xen-iommud.conf_

_/etc/xen-iommud/conf.d/\\*.conf_

# DESCRIPTION

"""

TAIL = """# SEE ALSO

*xen-iommud*(8), *xen-iommu-check*(1), *systemctl*(1)
"""


def read_settings(text):
    """(introduction, section, [(key, default, explanation)])"""
    introduction, section, keys, paragraph = [], None, [], []
    for line in text.splitlines():
        key = re.match(r"#?([A-Z][A-Za-z]+)=(.*)", line)
        header = re.match(r"\[(\w+)\]", line)
        if key:
            keys.append((key[1], key[2], " ".join(paragraph)))
            paragraph = []
        elif header:
            section = header[1]
            introduction, paragraph = paragraph, []
        elif line.startswith("#"):
            paragraph.append(line.removeprefix("#").strip())
    if not section or not keys or not all(explanation for _, _, explanation in keys):
        raise ValueError("needs a section, keys, and an explanation above each key")
    return " ".join(introduction), section, keys


def page(text):
    introduction, section, keys = read_settings(text)
    out = HEAD + manual.escape(introduction) + f"\n\n# KEYS\n\nAll are in the section *\\[{section}\\]*.\n\n"
    for name, default, explanation in keys:
        out += f"*{name}=*\n\t{manual.escape(explanation)} Default: {manual.escape(default) or 'empty'}.\n\n"
    return out + TAIL


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(page(Path(sys.argv[1]).read_text(encoding="utf-8")), encoding="utf-8")
