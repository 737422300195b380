#!/usr/bin/env python3
"""Renders a manual page: render.py SCDOC INPUT.scd OUTPUT

scdoc puts a paragraph macro beside every heading and at the end of every indented block, where it has no
effect and mandoc -Tlint warns. The first are left out, the second moved behind the block. Of lines that a source
indents by hand it keeps the tab, which means nothing in filled text."""

import os
import subprocess
import sys
from pathlib import Path

BREAKS = (".SH", ".SS", ".P")


def without_idle_paragraphs(lines):
    lines = list(lines)
    for number in range(len(lines) - 1):
        if lines[number : number + 2] == [".P", ".RE"]:
            lines[number : number + 2] = [".RE", ".P"]
    out = []
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ".SH"
        idle = line == ".P" and (following.startswith(BREAKS) or (out and out[-1].startswith(BREAKS)))
        if not idle:
            out.append(line)
    return out


def without_tabs(lines):
    literal = False
    for line in lines:
        literal = line == ".nf" or (literal and line != ".fi")
        yield line if literal else line.lstrip("\t")


def main():
    scdoc, source, output = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    with source.open(encoding="utf-8") as text:
        done = subprocess.run([scdoc], stdin=text, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        return done.returncode
    temporary = output.with_name(output.name + ".tmp")
    temporary.write_text("\n".join(without_idle_paragraphs(without_tabs(done.stdout.splitlines()))) + "\n", encoding="utf-8")
    os.replace(temporary, output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
