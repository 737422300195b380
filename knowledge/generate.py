#!/usr/bin/env python3
"""Compiles the knowledge: data files in, one C++ file out.

Reads from --data DIR
  releases.toml   the date, releases, the fix of each branch, commits between fix and guard
  vendors.toml    vendor trees, distribution packages and layer recipes
  commits/*.txt   hash prefixes of ten digits, one per line; header "# tree:", "# standing:"
  causes.toml, limits.toml, actions.toml, evidence.toml
                  tables [[entry]] with id, title, why, confirm, action, references

The output defines xic::built_in_knowledge() (core/diagnosis/knowledge.h). The same data give the same
output, byte for byte. Data that contradict each other or break the form stop the build.
"""

import argparse
import os
import re
import sys
import tomllib
from pathlib import Path

HASH = re.compile(r"[0-9a-f]{10}\Z")
STANDINGS = ("affected", "conditional", "unaffected")
# In the order of core/diagnosis/knowledge.h.
ENTRY_KEYS = ("id", "title", "why", "confirm", "action", "references")
ENTRY_FILES = (
    ("causes", "causes.toml", re.compile(r"XIC-[0-9]{4}\Z")),
    ("limits", "limits.toml", re.compile(r"[a-z][a-z0-9_-]*\Z")),
    ("actions", "actions.toml", re.compile(r"[a-z][a-z0-9_-]*\Z")),
    ("evidence_kinds", "evidence.toml", re.compile(r"[a-z][a-z0-9_-]*\Z")),
)


class BadData(Exception):
    """The data files break their form; the text says where."""


def require(condition, where, what):
    if not condition:
        raise BadData(f"{where}: {what}")


def load_toml(path):
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise BadData(f"{path}: {error}") from error


def check_text(text, where, multi_line):
    require(isinstance(text, str), where, "is not a string")
    allowed = "\n" if multi_line else ""
    for char in text:
        control = ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0
        require(char in allowed or not control, where, f"holds the control character {char!r}")
    return text


def take(table, keys, where):
    """The values of exactly `keys` in `table`, checked by type; {"name": type}."""
    require(isinstance(table, dict), where, "is not a table")
    unknown = sorted(set(table) - set(keys))
    require(not unknown, where, f"unknown key {', '.join(unknown)}")
    values = []
    for key, kind in keys.items():
        require(key in table, where, f"lacks {key}")
        value = table[key]
        require(isinstance(value, kind), where, f"{key} is not of type {kind.__name__}")
        if kind is str:
            check_text(value, f"{where}: {key}", multi_line=False)
        values.append(value)
    return values


def check_hash(text, where, empty_allowed=False):
    if not (empty_allowed and text == ""):
        require(HASH.match(text), where, f"{text!r} is not ten lower-case hex digits")
    return text


def read_commits(directory):
    """[(file name, tree, standing, [hash])], and no hash twice."""
    lists = []
    seen = {}
    for path in sorted(Path(directory).glob("*.txt")):
        header = {}
        hashes = []
        for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), 1):
            where = f"{path}:{number}"
            if line.startswith("#"):
                key, colon, value = line[1:].partition(":")
                if colon and not hashes:
                    header.setdefault(key.strip(), value.strip())
                continue
            check_hash(line, where)
            require(line not in seen, where, f"{line} stands in {seen.get(line)} too")
            seen[line] = path.name
            require(not hashes or hashes[-1] < line, where, "is not sorted")
            hashes.append(line)
        require(header.get("tree"), path, "has no '# tree:'")
        require(header.get("standing") in STANDINGS, path, "has no valid '# standing:'")
        require(hashes, path, "holds no hash")
        lists.append((path.name, header["tree"], header["standing"], hashes))
    require(lists, directory, "holds no commit list")
    return lists


def read_entries(path, id_form):
    """Tuples in the order of ENTRY_KEYS. A file that does not exist holds none."""
    if not path.exists():
        return []
    document = load_toml(path)
    require(set(document) <= {"entry"}, path, "holds something other than [[entry]]")
    entries = []
    seen = set()
    for number, table in enumerate(document.get("entry", []), 1):
        where = f"{path}: entry {number}"
        unknown = sorted(set(table) - set(ENTRY_KEYS))
        require(not unknown, where, f"unknown key {', '.join(unknown)}")
        values = {}
        for key in ENTRY_KEYS:
            text = check_text(table.get(key, ""), f"{where}: {key}", multi_line=key != "title")
            values[key] = text.strip()
        require(id_form.match(values["id"]), where, f"id {values['id']!r} has not the form of its kind")
        require(values["id"] not in seen, where, f"id {values['id']} is there twice")
        seen.add(values["id"])
        require(values["title"], where, "has an empty title")
        entries.append(tuple(values[key] for key in ENTRY_KEYS))
    return entries


def read_releases(path, standings):
    document = load_toml(path)
    known = {"date", "ambiguous_short", "fix", "self_grant_unguarded", "release"}
    require(set(document) == known, path, f"must hold exactly {', '.join(sorted(known))}")
    require(re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", document["date"]), path, "date has not the form")

    short = []
    for text in document["ambiguous_short"]:
        require(re.match(r"[0-9a-f]{7,9}\Z", text), path, f"ambiguous_short {text!r} has not the form")
        short.append(text)

    def standing_is(commit, wanted, where):
        # What is listed must be listed so; a release older than the lists may be in none.
        require(standings.get(commit, wanted) == wanted, where,
                f"{commit} is listed as {standings.get(commit)}")

    fixes = []
    for number, table in enumerate(document["fix"], 1):
        where = f"{path}: fix {number}"
        row = take(table, {"branch": str, "release": str, "fix": str, "guard": str}, where)
        fixed = row[1] != ""
        for commit in row[2:]:
            check_hash(commit, where, empty_allowed=not fixed)
            require(fixed or commit == "", where, "names a commit but no release")
            if commit:
                standing_is(commit, "unaffected", where)
        fixes.append(tuple(row))

    unguarded = []
    for branch, commits in document["self_grant_unguarded"].items():
        for commit in commits:
            where = f"{path}: self_grant_unguarded.{branch}"
            standing_is(check_hash(commit, where), "unaffected", where)
            unguarded.append(commit)
    require(len(set(unguarded)) == len(unguarded), path, "self_grant_unguarded holds a hash twice")

    releases = []
    keys = {"version": str, "commit": str, "date": str, "affected": bool, "guarded": bool}
    for number, table in enumerate(document["release"], 1):
        where = f"{path}: release {number}"
        row = take(table, keys, where)
        standing_is(check_hash(row[1], where), "affected" if row[3] else "unaffected", where)
        releases.append(tuple(row))
    versions = [row[0] for row in releases]
    require(len(set(versions)) == len(versions), path, "holds a release twice")
    releases.sort(key=lambda row: [int(part) for part in row[0].split(".")])
    return document["date"], sorted(short), fixes, sorted(unguarded), releases


def read_vendors(path, standings):
    document = load_toml(path)
    require(set(document) == {"vendor"}, path, "must hold exactly [[vendor]]")
    keys = {"vendor": str, "name": str, "version": str, "commit": str, "affected": bool}
    rows = []
    seen = set()
    for number, table in enumerate(document["vendor"], 1):
        where = f"{path}: vendor {number}"
        row = tuple(take(table, keys, where))
        require(row[0] and row[1], where, "has no vendor or no name")
        require(row[:2] not in seen, where, f"{row[0]} {row[1]} is there twice")
        seen.add(row[:2])
        commit = check_hash(row[3], where, empty_allowed=True)
        wanted = "affected" if row[4] else "unaffected"
        require(standings.get(commit, wanted) == wanted, where,
                f"{commit} is listed as {standings.get(commit)}")
        rows.append(row)
    return rows


def literal(text):
    """A C++ string literal (adjacent pieces, one per source line) holding the UTF-8 of `text`."""
    if text == "":
        return '""'
    pieces = []
    piece = ""
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char == "\n":
            piece += "\\n"
        elif char in '"\\':
            piece += "\\" + char
        elif 0x20 <= byte < 0x7F:
            piece += char
        else:
            piece += f"\\{byte:03o}"
        if char == "\n" or len(piece) > 88:
            pieces.append(piece)
            piece = ""
    if piece:
        pieces.append(piece)
    return "\n     ".join(f'"{part}"' for part in pieces)


def field(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return literal(value)


def emit_rows(out, kind, name, rows):
    """A constexpr array `name` of `kind`, one braced row each. No array where there are no rows."""
    if not rows:
        return
    out.append(f"constexpr {kind} {name}[] = {{")
    for row in rows:
        text = ", ".join(field(value) for value in row) if isinstance(row, tuple) else field(row)
        out.append(f"    {{{text}}}," if isinstance(row, tuple) else f"    {text},")
    out.append("};")
    out.append("")


def span_of(name, rows):
    return name if rows else "{}"


def emit_bytes(out, name, hashes):
    packed = b"".join(bytes.fromhex(text) for text in hashes)
    out.append(f"constexpr std::uint8_t {name}[] = {{")
    for start in range(0, len(packed), 25):
        out.append(",".join(str(byte) for byte in packed[start : start + 25]) + ",")
    out.append("};")
    out.append("")


def generate(data):
    lists = read_commits(data / "commits")
    standings = {text: standing for _, _, standing, hashes in lists for text in hashes}
    date, short, fixes, unguarded, releases = read_releases(data / "releases.toml", standings)
    vendors = read_vendors(data / "vendors.toml", standings)
    entries = {name: read_entries(data / file, form) for name, file, form in ENTRY_FILES}

    out = [
        "// Written by knowledge/generate.py. Do not edit.",
        '#include "core/diagnosis/knowledge.h"',
        "",
        "namespace xic {",
        "namespace {",
        "",
    ]
    packed_rows = []
    for number, (file, tree, standing, hashes) in enumerate(lists):
        out.append(f"// {file}: {len(hashes)} commits.")
        emit_bytes(out, f"kHashes{number}", hashes)
        packed_rows.append(f"    {{{literal(tree)}, CommitStanding::{standing}, kHashes{number}}},")
    out += ["constexpr PackedHashes kCommits[] = {", *packed_rows, "};", ""]
    emit_rows(out, "std::string_view", "kAmbiguousShort", short)
    emit_rows(out, "std::string_view", "kSelfGrantUnguarded", unguarded)
    emit_rows(out, "BranchFix", "kFixes", fixes)
    emit_rows(out, "VendorRow", "kVendors", vendors)
    emit_rows(out, "ReleaseRow", "kReleases", releases)
    names = {"causes": "kCauses", "limits": "kLimits", "actions": "kActions",
             "evidence_kinds": "kEvidenceKinds"}
    for key, name in names.items():
        emit_rows(out, "Entry", name, entries[key])

    out += [
        "constexpr Knowledge kKnowledge = {",
        f"    .date = {literal(date)},",
        "    .commits = kCommits,",
        f"    .ambiguous_short = {span_of('kAmbiguousShort', short)},",
        f"    .self_grant_unguarded = {span_of('kSelfGrantUnguarded', unguarded)},",
        f"    .fixes = {span_of('kFixes', fixes)},",
        f"    .vendors = {span_of('kVendors', vendors)},",
        *(f"    .{key} = {span_of(name, entries[key])}," for key, name in names.items()),
        f"    .releases = {span_of('kReleases', releases)},",
        "};",
        "",
        "}  // namespace",
        "",
        "const Knowledge& built_in_knowledge() { return kKnowledge; }",
        "",
        "}  // namespace xic",
        "",
    ]
    return "\n".join(out)


def write_whole(path, text):
    """A build that is cut off leaves no half file behind."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="ascii")
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--output", type=Path, required=True, help="C++ file to write")
    arguments = parser.parse_args()
    try:
        write_whole(arguments.output, generate(arguments.data))
    except (BadData, OSError, UnicodeError) as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
