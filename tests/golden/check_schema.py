#!/usr/bin/env python3
"""Validates JSON reports against the schema.

    check_schema.py [--schema FILE] REPORT.json...

The schema that is installed is open: fields may be added within its number, and readers must ignore
them. Our own output may not hold a field that the schema does not know, so this check closes every
object of the schema before it validates. Exit status: 0 all valid, 1 some are not, 2 usage.
"""
import argparse
import json
import pathlib
import sys

import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "docs/schema/report-1.schema.json"


def closed(node):
    """A copy of `node` in which an object that lists properties allows no others."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: closed(value) for key, value in node.items()}
    if node.get("type") == "object" and "properties" in node:
        copy.setdefault("additionalProperties", False)
    return copy


def no_duplicates(pairs):
    """json.load keeps the last of two equal keys; here that is an error."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"key {name!r} stands twice in one object")
    return dict(pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schema", type=pathlib.Path, default=SCHEMA)
    parser.add_argument("reports", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()

    schema = json.loads(arguments.schema.read_text(encoding="ascii"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(closed(schema))
    failed = 0
    for path in arguments.reports:
        try:
            report = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=no_duplicates)
            errors = list(validator.iter_errors(report))
        except (ValueError, OSError) as error:
            print(f"{path}: {error}")
            failed += 1
            continue
        for error in errors:
            print(f"{path}: at {error.json_path}: {error.message[:400]}")
        failed += bool(errors)
    print(f"{len(arguments.reports) - failed} of {len(arguments.reports)} reports are valid")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
