#!/usr/bin/env python3
"""Writes the ids of knowledge/*.toml into the schema's enumerations.

    update_schema_ids.py [--check]

Run it after an id was added. With --check nothing is written; exit status 1 says that ids differ.
"""
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "docs/schema/report-1.schema.json"
SOURCES = {"cause_id": "causes", "evidence_kind": "evidence", "limit_id": "limits", "action_id": "actions"}


def main():
    schema = updated = SCHEMA.read_text(encoding="ascii")
    for name, source in SOURCES.items():
        data = tomllib.loads((ROOT / f"knowledge/{source}.toml").read_text(encoding="utf-8"))
        ids = ", ".join(f'"{entry["id"]}"' for entry in data["entry"])
        updated, found = re.subn(rf'("{name}": {{"enum": \[)[^\]]*(\]}})', rf"\g<1>{ids}\g<2>", updated)
        if found != 1:
            sys.exit(f"{SCHEMA}: no enumeration {name}")
    if "--check" in sys.argv[1:]:
        return int(updated != schema)
    SCHEMA.write_text(updated, encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
