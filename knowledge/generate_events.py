#!/usr/bin/env python3
"""Compiles events.toml: a table for the daemon (--cpp) and the journal's catalog (--catalog).

The catalog entry of a fault lists the causes of causes.toml. The same data give the same output.
"""

import argparse
import re
import sys
from pathlib import Path

from generate import BadData, check_text, literal, load_toml, require, write_whole

KEYS = ("id", "message_id", "subject", "why", "action")
MESSAGE_ID = re.compile(r"[0-9a-f]{32}\Z")


def read_events(path):
    document = load_toml(path)
    require(set(document) == {"event"}, path, "must hold exactly [[event]]")
    events = []
    for number, table in enumerate(document["event"], 1):
        where = f"{path}: event {number}"
        require(set(table) == set(KEYS), where, f"must hold exactly {', '.join(KEYS)}")
        event = {key: check_text(table[key], f"{where}: {key}", key in ("why", "action")).strip()
                 for key in KEYS}
        require(all(event.values()), where, "has an empty text")
        require(MESSAGE_ID.match(event["message_id"]), where, "message_id is not 32 hex digits")
        events.append(event)
    for key in ("id", "message_id"):
        require(len({event[key] for event in events}) == len(events), path, f"holds a {key} twice")
    return events


def cpp(events):
    rows = [f"    {{EventKind::{event['id']}, {literal(event['id'])}, "
            f"{literal(event['message_id'])}}}," for event in events]
    return "\n".join([
        "// Written by knowledge/generate_events.py. Do not edit.",
        '#include <array>',
        '#include <cstddef>',
        "",
        '#include "daemon/event.h"',
        "",
        "namespace xic::daemon {",
        "namespace {",
        "",
        f"constexpr std::array<EventKindInfo, {len(events)}> kEvents{{{{",
        *rows,
        "}};",
        "",
        "constexpr bool in_order() {",
        "  for (std::size_t i = 0; i < kEvents.size(); ++i) {",
        "    if (static_cast<std::size_t>(kEvents[i].kind) != i) return false;",
        "  }",
        "  return true;",
        "}",
        'static_assert(in_order(), "events.toml and daemon/event.h list the kinds in one order");',
        "",
        "}  // namespace",
        "",
        "const EventKindInfo& info(EventKind kind) { return kEvents[static_cast<std::size_t>(kind)]; }",
        "",
        "}  // namespace xic::daemon",
        "",
    ])


def catalog(events, causes):
    parts = ["# Written by knowledge/generate_events.py from events.toml and causes.toml.", ""]
    for event in events:
        action = event["action"]
        if event["id"] == "fault":
            action += "".join(f"\n  {cause['id']}  {cause['title']}" for cause in causes)
        parts += [f"-- {event['message_id']}",
                  f"Subject: {event['subject']}",
                  "Defined-By: xen-iommud",
                  "Documentation: man:xen-iommud(8) man:xen-iommu-check(1)",
                  "",
                  event["why"],
                  "",
                  action,
                  ""]
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--cpp", type=Path, required=True, help="C++ file to write")
    parser.add_argument("--catalog", type=Path, required=True, help="catalog to write")
    arguments = parser.parse_args()
    try:
        events = read_events(arguments.data / "events.toml")
        causes = load_toml(arguments.data / "causes.toml")["entry"]
        write_whole(arguments.cpp, cpp(events))
        arguments.catalog.write_text(catalog(events, causes), encoding="utf-8")
    except (BadData, OSError, UnicodeError) as error:
        print(f"generate_events.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
