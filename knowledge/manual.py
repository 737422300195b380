#!/usr/bin/env python3
"""Writes the manual page of the causes, xen-iommu-causes(7), in scdoc.

The texts are those of causes.toml, limits.toml, actions.toml and evidence.toml, which `explain` and the
reports show: manual.py --data DIR --output FILE
"""

import argparse
import re
import sys
from pathlib import Path

import generate

HEAD = """xen-iommu-causes(7) "xen-iommu-check" "xen-iommu-check"

# NAME

xen-iommu-causes - what an IOMMU fault on Xen can mean

# DESCRIPTION

Every fault that *xen-iommu-check*(1) reports carries one of the causes below, by an id that never
changes its meaning. *xen-iommu-check explain* _ID_ prints the same texts. The last sections list
the other ids that reports use.

"""

TITLES = (("why", "Why one thinks so"), ("confirm", "What confirms or refutes it"), ("action", "What to do"))
LISTS = (("limits", "LIMITS", "What a report could not see: _limits[].id_ in JSON, the label _limit_ in metrics."),
         ("actions", "ACTIONS", "What a report can tell to do: _actions[].id_."),
         ("evidence_kinds", "EVIDENCE", "Kinds of observations: _evidence[].kind_."))


def escape(text):
    """Text that means nothing to scdoc."""
    text = re.sub(r"([\\*_#\[\]|~`<])", r"\\\1", text)
    # At the start of a line these begin a list, a table row or a roff request.
    return re.sub(r"^([-.+:;'])", r"\\\1", text)


def paragraphs(text):
    """Lines that begin with a blank are commands and tables: kept as they are."""
    out = []
    literal = False
    for line in text.strip("\n").splitlines():
        indented = line.startswith(" ")
        if indented != literal:
            out += ["", "```"] if indented else ["```", ""]
            literal = indented
        out.append(line.strip() if indented else escape(line.rstrip()))
    if literal:
        out.append("```")
    return "\n".join(out).strip("\n") + "\n\n"


def manual(data):
    entries = {name: generate.read_entries(data / file, form) for name, file, form in generate.ENTRY_FILES}
    out = HEAD + "# CAUSES\n\n"
    for entry in entries["causes"]:
        cause = dict(zip(generate.ENTRY_KEYS, entry))
        out += f"## {cause['id']}\n\n*{escape(cause['title'])}*\n\n"
        for key, title in TITLES:
            if cause[key]:
                out += f"_{title}._ {paragraphs(cause[key]).lstrip()}"
        if cause["references"]:
            out += f"_References._ {paragraphs(cause['references'])}"
    for name, heading, words in LISTS:
        out += f"# {heading}\n\n{words}\n\n"
        for entry in entries[name]:
            one = dict(zip(generate.ENTRY_KEYS, entry))
            out += f"*{escape(one['id'])}*\n\t{escape(one['title'])}\n\n"
    return out + "# SEE ALSO\n\n*xen-iommu-check*(1), *xen-iommud*(8)\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--output", type=Path, required=True, help="scdoc file to write")
    arguments = parser.parse_args()
    try:
        arguments.output.write_text(manual(arguments.data), encoding="utf-8")
    except (generate.BadData, OSError, UnicodeError) as error:
        print(f"manual.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
